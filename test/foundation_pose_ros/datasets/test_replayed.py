"""A recording with frames left out, or backwards: which frames, and when the camera took them."""

import numpy as np
import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.datasets.replayed import Replayed
from foundation_pose_ros.datasets.sequence import FRAME_RATE_HZ
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings


@pytest.fixture(scope="module")
def scene():
    return make_scene(SceneSettings(seed=3, frames=7, objects=["mug"], clutter=0, width=160, height=120, supersample=1))


def test_frames_left_out_take_their_time(scene) -> None:
    played = Replayed(scene, step=3, first=1)
    assert played.frame_ids == [scene.frame_ids[1], scene.frame_ids[4]]
    stamps_ns = [played.frame(frame_id).stamp_ns for frame_id in played.frame_ids]
    assert np.diff(stamps_ns) * 1e-9 == pytest.approx([3 / FRAME_RATE_HZ])


def test_dropped_frames_are_missing_and_take_their_time(scene) -> None:
    played = Replayed(scene, step=2, dropped=frozenset(scene.frame_ids[2:5]))
    assert played.frame_ids == [scene.frame_ids[0], scene.frame_ids[6]]
    stamps_ns = [played.frame(frame_id).stamp_ns for frame_id in played.frame_ids]
    assert np.diff(stamps_ns) * 1e-9 == pytest.approx([6 / FRAME_RATE_HZ])
    with pytest.raises(InputRefused, match="leave fewer out"):
        Replayed(scene, dropped=frozenset(scene.frame_ids))


def test_backwards_time_still_goes_on(scene) -> None:
    played = Replayed(scene, backwards=True)
    assert played.frame_ids == scene.frame_ids[::-1]
    assert np.all(np.diff([played.frame(frame_id).stamp_ns for frame_id in played.frame_ids]) > 0)


def test_all_else_is_the_recording_s(scene) -> None:
    played, frame_id = Replayed(scene, step=2, backwards=True), scene.frame_ids[4]
    assert np.array_equal(played.frame(frame_id).depth_m, scene.frame(frame_id).depth_m)
    assert np.array_equal(played.truth(frame_id, "mug"), scene.truth(frame_id, "mug"))
    assert np.array_equal(played.mask(frame_id, "mug"), scene.mask(frame_id, "mug"))
    assert played.model("mug") is scene.model("mug") and played.object_names == scene.object_names


def test_steps_that_go_nowhere_and_frames_left_out_are_refused(scene) -> None:
    with pytest.raises(InputRefused, match="a step of 1 or more"):
        Replayed(scene, step=0)
    with pytest.raises(InputRefused, match="no frame"):
        Replayed(scene, step=2).frame(scene.frame_ids[1])
