"""Poses estimated from views alone: a full turn closes, and what can't be joined is said."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import Camera, InputRefused, ObjectModel, se3
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.reconstruction.view_poses.pose_graph import PoseSettings, with_estimated_poses
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, turn_poses

CAMERA = Camera(400.0, 400.0, 209.5, 159.5, 420, 320)


def without_poses(views: Sequence[ReferenceView]) -> list[ReferenceView]:
    return [replace(view, T_cam_obj=None) for view in views]


def errors_mm_deg(
    views: Sequence[ReferenceView], estimated: Sequence[ReferenceView], centre_obj: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of the motion since the first view, which no choice of the object's frame changes; at the object's middle."""
    centre = se3.transform_points(views[0].pose, centre_obj[None])
    mm, deg = [], []
    for true, found in zip(views, estimated, strict=True):
        T_true, T_found = true.pose @ se3.inverse(views[0].pose), found.pose @ se3.inverse(estimated[0].pose)
        mm.append(1000 * np.linalg.norm(se3.transform_points(T_true, centre) - se3.transform_points(T_found, centre)))
        deg.append(np.rad2deg(se3.rotation_angle_rad(T_true[:3, :3], T_found[:3, :3])))
    return np.array(mm), np.array(deg)


@pytest.fixture(scope="module")
def carton() -> ObjectModel:
    return ObjectModel.from_mesh(make_mesh("cracker_box", 0), name="carton")


@pytest.fixture(scope="module")
def turn(carton) -> tuple[ReferenceView, ...]:
    """Once around in the hand: the light stands still while the carton turns."""
    return render_views(carton, turn_poses(carton, 18), settings=StudioSettings(camera=CAMERA, light_turns=True))


@pytest.mark.slow
def test_a_full_turn_closes(carton, turn):
    estimated = with_estimated_poses(without_poses(turn))
    mm, deg = errors_mm_deg(turn, estimated, carton.centre_m)
    assert mm.mean() < 2 and deg.mean() < 1.5
    # Without the loop closed the last view carries what all the steps have added up, 2.4 mm.
    assert mm[-1] < 1.8 and deg[-1] < 2.5
    # The origin is the object's middle, the axes are the first camera's.
    assert np.abs(se3.transform_points(estimated[0].pose, np.zeros((1, 3)))[0, :2]).max() < 0.03
    assert estimated[0].pose[:3, :3] == pytest.approx(np.eye(3), abs=1e-4)


@pytest.mark.parametrize("least_score", [PoseSettings.least_score, 0.0])
def test_a_view_of_something_else_is_named(least_score, turn):
    """By chance a print or a round wall is found again on the carton: what sticks out tells it then."""
    mug = ObjectModel.from_mesh(make_mesh("mug", 0), name="mug")
    other = render_views(mug, turn_poses(mug, 1), names=["the mug"], settings=StudioSettings(camera=CAMERA))
    with pytest.raises(InputRefused, match="view the mug can't be joined") as refusal:
        with_estimated_poses(without_poses([*turn[:2], *other]), PoseSettings(least_score))
    assert refusal.value.reason == "pose_lost"


def test_one_view_and_views_without_depth_are_refused(turn):
    with pytest.raises(InputRefused) as refusal:
        with_estimated_poses(turn[:1])
    assert refusal.value.reason == "too_few_views"
    blind = replace(turn[1], mask=np.zeros_like(turn[1].mask))
    with pytest.raises(InputRefused, match="view 000001") as refusal:
        with_estimated_poses([turn[0], blind])
    assert refusal.value.reason == "no_depth_under_mask"


def test_a_real_recording_keeps_to_the_truth(data_folder):
    sequence = open_sequence(data_folder / "pose" / "visp_rbt_desk")
    views = [
        ReferenceView(sequence.frame(i), sequence.mask(i, "dragon"), sequence.truth(i, "dragon"), i)
        for i in sequence.frame_ids[:20:3]
    ]
    estimated = with_estimated_poses(without_poses(views))
    mm, deg = errors_mm_deg(views, estimated, sequence.model("dragon").centre_m)
    assert mm.max() < 5 and deg.max() < 3
