"""How the camera moved is told by what stands, whatever moves before it; where nothing tells it, nothing is said."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame, se3
from foundation_pose_ros.estimation.scene_motion import scene_motion
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.video_defects import VideoDefects


@pytest.fixture(scope="module")
def scene(passing):
    settings = SceneSettings(
        seed=6, frames=30, objects=["mug"], clutter=4, width=320, height=240, surface="stone", supersample=1
    )
    return passing(make_scene(settings), 15)


def errors(scene, before: int, now: int) -> tuple[float, float]:
    """Metres and degrees that the motion is off by, at a point 0.6 m before the camera."""
    T_now_before = scene_motion(*(scene.frame(f"{k:06d}") for k in (before, now)))
    true = np.linalg.inv(scene.T_world_cam[now]) @ scene.T_world_cam[before]
    assert T_now_before is not None
    twist = se3.twist_between(T_now_before, true, np.array([0, 0, 0.6]))
    return float(np.linalg.norm(twist[:3])), float(np.rad2deg(np.linalg.norm(twist[3:])))


@pytest.mark.parametrize("later", [1, 4, 10])
def test_motion_is_right_though_something_else_moves(scene, later):
    off_m, off_deg = errors(scene, 15, 15 + later)
    assert off_m < 0.002
    assert off_deg < 0.25


def test_blurred_pictures_do(scene):
    off_m, off_deg = errors(scene.with_video(VideoDefects(exposure_s=1 / 30)), 15, 18)
    assert off_m < 0.003
    assert off_deg < 0.4


def test_equal_frames_give_equal_answers(scene):
    first, again = (scene_motion(scene.frame("000010"), scene.frame("000013")) for _ in range(2))
    assert np.array_equal(first, again)


def test_an_object_that_moves_before_a_camera_that_stands_has_no_say():
    """Taken for the surroundings, its motion would be the camera's."""
    rng = np.random.default_rng(0)
    wall, front = (cv2.GaussianBlur(rng.integers(0, 255, (240, 320, 3), np.uint8), (0, 0), 3) for _ in range(2))
    camera = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)

    def frame(shift_px: int) -> Frame:
        rgb, depth_m = wall.copy(), np.ones((240, 320), np.float32)
        there = slice(30, 210), slice(60 + shift_px, 240 + shift_px)
        rgb[there], depth_m[there] = front[:180, :180], 0.6
        return Frame(rgb, depth_m, camera)

    T_cam_obj = np.eye(4, dtype=np.float32)
    T_cam_obj[:3, 3] = (-0.02, 0.0, 0.6)
    front_pose = PoseResult("front", T_cam_obj, 0.9, np.eye(6), diameter_m=0.52)
    moved = scene_motion(frame(0), frame(10))
    assert moved is not None and moved[0, 3] > 0.02
    stands = scene_motion(frame(0), frame(10), apart_from=front_pose)
    assert stands is not None
    np.testing.assert_allclose(stands, np.eye(4), atol=2e-3)


def test_nothing_is_said_where_nothing_tells_it(scene):
    frame = scene.frame("000010")
    dark = replace(frame, rgb=np.zeros_like(frame.rgb))
    blind = replace(frame, depth_m=np.zeros_like(frame.depth_m))
    noise = replace(frame, rgb=np.random.default_rng(0).integers(0, 255, frame.rgb.shape, np.uint8))
    for before, now in ((dark, frame), (frame, dark), (blind, frame), (frame, noise)):
        assert scene_motion(before, now) is None
    tiny = Frame(np.zeros((1, 1, 3), np.uint8), np.ones((1, 1), np.float32), Camera(1.0, 1.0, 0.0, 0.0, 1, 1))
    assert scene_motion(tiny, tiny) is None and scene_motion(frame, tiny) is None
