"""Which pixels poses explain in rendered scenes, and what becomes of two tracks that want the same ones."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation_pose_ros import PoseEstimator, se3
from foundation_pose_ros.estimation.overlap import PosedObject, boxes_apart, overlap_ratio
from foundation_pose_ros.observation.downsampled_depth import DownsampledDepth
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.tracking import MultiObjectTracker, TrackState

FIRST, SECOND, BOX = "soda_can", "soda_can_2", "cracker_box"


@pytest.fixture(scope="module")
def scene():
    return make_scene(
        SceneSettings(
            seed=5,
            frames=6,
            objects=["soda_can", "soda_can", "cracker_box"],
            clutter=2,
            width=320,
            height=240,
            supersample=1,
            rate_hz=15.0,
        )
    )


def placed(scene, name: str, T_cam_obj: np.ndarray) -> PosedObject:
    model = scene.model(name)
    return PosedObject(model, EmbreeRenderer(model, 1), T_cam_obj)


def test_an_object_explains_the_pixels_of_its_mask(scene):
    first = scene.frame_ids[0]
    depth = DownsampledDepth.of(scene.frame(first))
    mask = scene.mask(first, BOX)[np.ix_(depth.v, depth.u)]
    box = placed(scene, BOX, scene.truth(first, BOX))
    window = box.window(depth)
    assert mask[window].sum() == mask.sum()
    explained = box.explained(depth, window)
    assert (explained & mask[window]).sum() > 0.8 * mask.sum()
    assert (explained & ~mask[window]).sum() < 0.05 * mask.sum()


@given(x=st.floats(-0.5, 0.5), y=st.floats(-0.4, 0.4), z=st.floats(0.05, 1.5), turn=st.floats(-3, 3))
@settings(max_examples=60, deadline=None)
def test_the_pixels_explained_are_those_of_a_rendering_of_the_whole_image(scene, x, y, z, turn):
    T_cam_obj = se3.apply_twist(np.eye(4, dtype=np.float32), np.array([x, y, z, 0.5 * turn, turn, 0]), np.zeros(3))
    depth = DownsampledDepth.of(scene.frame(scene.frame_ids[0]))
    can = placed(scene, FIRST, T_cam_obj)
    rendered_m = can.renderer.render(T_cam_obj[None], depth.K, depth.depth_m.shape).depth_m[0]
    own = replace(depth, depth_m=rendered_m)  # what a camera would see of the object alone
    window = can.window(own)
    assert (rendered_m > 0)[window].sum() == (rendered_m > 0).sum()
    if rendered_m[window].size:
        # Rays of a rounded window meet an edge a hair to one side or the other.
        off = can.explained(own, window) != (rendered_m[window] > 0)
        assert off.sum() <= 2 + 0.02 * (rendered_m > 0).sum()


@given(off=st.tuples(*[st.floats(-0.12, 0.12)] * 3), turn=st.tuples(*[st.floats(-3, 3)] * 3), x=st.floats(-0.4, 0.4))
@settings(max_examples=150, deadline=None)
def test_boxes_that_are_apart_have_no_pixel_in_common(scene, off, turn, x):
    frame = scene.frame(scene.frame_ids[0])
    start = np.eye(4, dtype=np.float32)
    start[:3, 3] = x, 0.1, 0.6
    box = placed(scene, BOX, start)
    can = placed(scene, FIRST, se3.apply_twist(start, np.array([*off, *turn]), np.zeros(3)).astype(np.float32))
    depth = DownsampledDepth.of(frame)
    whole = (slice(0, depth.depth_m.shape[0]), slice(0, depth.depth_m.shape[1]))
    for seen in (box, can):
        # The surface that a camera sees is that of one of them.
        own_m = seen.renderer.render(seen.T_cam_obj[None], depth.K, depth.depth_m.shape).depth_m[0]
        own = replace(depth, depth_m=own_m)
        if (box.explained(own, whole) & can.explained(own, whole)).any():
            assert not boxes_apart(box, can)


def test_boxes_side_by_side_are_told_apart_though_their_spheres_meet(scene):
    box = placed(scene, BOX, np.float32([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0.8], [0, 0, 0, 1]]))
    aside = box.T_cam_obj.copy()
    aside[0, 3] += box.model.extents_m[0] + 0.1
    assert boxes_apart(box, replace(box, T_cam_obj=aside)) and not boxes_apart(box, box)
    assert box.model.extents_m[0] + 0.1 < box.model.diameter_m


def test_poses_contest_pixels_only_where_both_explain_them(scene):
    first = scene.frame_ids[0]
    frame = scene.frame(first)
    truth = {name: scene.truth(first, name) for name in scene.object_names}
    can, other = placed(scene, FIRST, truth[FIRST]), placed(scene, SECOND, truth[SECOND])
    assert overlap_ratio(frame, can, can) == 1
    assert overlap_ratio(frame, can, other) == 0
    turned = replace(can, T_cam_obj=truth[FIRST] @ np.diag([-1, -1, 1, 1]).astype(np.float32))
    assert overlap_ratio(frame, can, turned) > 0.9
    behind = truth[FIRST].copy()
    behind[:3, 3] *= 1 + 0.05 / np.linalg.norm(behind[:3, 3])
    assert overlap_ratio(frame, can, replace(can, T_cam_obj=behind)) < 0.2


def test_the_second_of_two_tracks_on_one_can_goes_over_to_the_other(scene):
    estimator = PoseEstimator([scene.model(FIRST)], threads=1)
    tracks = MultiObjectTracker(estimator)
    for id in (FIRST, SECOND):
        tracks.add(id, class_id=FIRST)
    to_and_fro = [*scene.frame_ids, *scene.frame_ids[-2:0:-1]]
    frames = [replace(scene.frame(to_and_fro[k % len(to_and_fro)]), stamp_ns=round(k / 15 * 1e9)) for k in range(31)]
    mask = scene.mask(scene.frame_ids[0], FIRST)
    tracks.register(frames[0], {FIRST: mask, SECOND: mask})
    for frame in frames[1:]:
        found = {tracked.id: tracked for tracked in tracks.track(frame)}
        poses = [tracked.result for tracked in found.values() if tracked.result is not None]
        assert len(poses) < 2 or estimator.overlap_ratio(frame, *poses) < 0.5
    assert {tracked.state for tracked in found.values()} == {TrackState.TRACKING}
    last = to_and_fro[30 % len(to_and_fro)]
    centres = sorted(float(tracked.result.T_cam_obj[0, 3]) for tracked in found.values())
    truths = sorted(float(scene.truth(last, name)[0, 3]) for name in (FIRST, SECOND))
    assert np.abs(np.subtract(centres, truths)).max() < 0.005
