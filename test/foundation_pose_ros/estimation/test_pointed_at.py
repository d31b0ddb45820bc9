"""Pixels on things of a scene: what is taken is the thing, and registration finds the object from it."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from foundation_pose_ros import InputRefused, PoseEstimator
from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings


@pytest.fixture(scope="module")
def scene() -> SyntheticScene:
    """A mug on a table with other things, with noise and holes in its depth."""
    return make_scene(SceneSettings(seed=1, frames=1, objects=["mug"], clutter=3, supersample=1))


@pytest.fixture(scope="module")
def estimator(scene: SyntheticScene) -> PoseEstimator:
    return PoseEstimator([scene.model("mug")])


def pixels_on(mask: np.ndarray, count: int) -> list[tuple[int, int]]:
    """Pixels (u, v) spread over a mask's inside: on its border, depth is as often that of what lies behind."""
    v, u = np.nonzero(cv2.erode(mask.astype(np.uint8), np.ones((11, 11), np.uint8)))
    chosen = np.random.default_rng(3).choice(len(u), count, replace=False)
    return [(int(u[i]), int(v[i])) for i in chosen]


def test_what_is_taken_lies_on_the_object_wherever_it_is_pointed_at(
    scene: SyntheticScene, estimator: PoseEstimator
) -> None:
    frame, mask = scene.frame(scene.frame_ids[0]), scene.mask(scene.frame_ids[0], "mug")
    assert mask is not None
    for u, v in pixels_on(mask, 12):
        taken = estimator.thing_at(frame, u, v, "mug").mask
        assert (taken & mask).sum() > 0.8 * taken.sum(), (u, v)


def test_the_object_is_found_from_a_pixel(scene: SyntheticScene, estimator: PoseEstimator) -> None:
    frame, mask = scene.frame(scene.frame_ids[0]), scene.mask(scene.frame_ids[0], "mug")
    assert mask is not None
    symmetries = scene.model("mug").symmetries.transforms()
    for u, v in pixels_on(mask, 3):
        result = estimator.find(frame, estimator.thing_at(frame, u, v, "mug"), "mug")
        error_m, error_deg = pose_error(result.T_cam_obj, scene.truth(scene.frame_ids[0], "mug"), symmetries)
        assert error_m < 0.004 and error_deg < 4.0 and result.score > 0.5, (u, v)


def test_a_pixel_on_the_table_gives_no_score(scene: SyntheticScene, estimator: PoseEstimator) -> None:
    frame, mask = scene.frame(scene.frame_ids[0]), scene.mask(scene.frame_ids[0], "mug")
    assert mask is not None
    far = cv2.dilate(mask.astype(np.uint8), np.ones((121, 121), np.uint8)) == 0
    v, u = np.nonzero(far & (frame.depth_m > 0))
    lowest = int(v.argmax())
    proposal = estimator.thing_at(frame, u[lowest], v[lowest], "mug")
    assert proposal.mask.any() and not (proposal.mask & mask).any()
    assert estimator.find(frame, proposal, "mug").score < 0.5


def test_a_pixel_without_depth_is_refused(scene: SyntheticScene, estimator: PoseEstimator) -> None:
    frame = scene.frame(scene.frame_ids[0])
    depth_m = frame.depth_m.copy()
    depth_m[100:200, 100:200] = 0
    frame = replace(frame, depth_m=depth_m)
    with pytest.raises(InputRefused, match="point at another spot"):
        estimator.thing_at(frame, 150, 150, "mug")
