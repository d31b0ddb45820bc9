"""Recordings filmed again: blurred along the motion that is in them, as bright and as noisy as was asked."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from foundation_pose_ros.srgb import decode_srgb
from foundation_pose_ros.synthetic.recorded_video import RecordedVideo, dropped_frames, optical_flow_px
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.video_defects import NO_DEFECTS, VideoDefects


@pytest.fixture(scope="module")
def scene(passing):
    """A mug and a camera that pass each other, at frame 30 where the mug was put."""
    settings = SceneSettings(seed=5, frames=40, objects=["mug"], clutter=2, width=320, height=240, supersample=1)
    return passing(make_scene(settings), 30)


def test_measured_motion_is_the_true_one(scene):
    picture = scene.picture("000030")
    true = scene._motion(30, picture).velocity[..., :2] / 30
    measured = RecordedVideo(scene, NO_DEFECTS).motion("000030").velocity[..., :2] / 30
    on_object = scene.mask("000030", "mug")
    assert np.linalg.norm(true[on_object], axis=1).mean() > 3
    assert np.median(np.linalg.norm(measured - true, axis=2)[on_object]) < 0.05
    elsewhere = (picture.ids == 0) & (picture.depth_m > 0)
    assert np.median(np.linalg.norm(measured - true, axis=2)[elsewhere]) < 0.5


def test_flow_follows_a_picture_that_is_shifted():
    rng = np.random.default_rng(0)
    rgb = cv2.GaussianBlur(rng.integers(0, 255, (120, 160, 3), np.uint8), (0, 0), 2)
    flow_px = optical_flow_px(rgb, np.roll(rgb, (2, 5), (0, 1)))
    assert np.median(flow_px[20:-20, 20:-20], axis=(0, 1)) == pytest.approx([5, 2], abs=0.3)


def test_blur_takes_detail_from_what_moves(scene):
    def detail(rgb: np.ndarray) -> float:
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        return float(np.abs(cv2.Laplacian(grey, cv2.CV_32F))[scene.mask("000030", "mug")].mean())

    sharp, blurred = (RecordedVideo(scene, VideoDefects(exposure_s=s)).frame("000030") for s in (0.0, 1 / 30))
    assert detail(blurred.rgb) < 0.7 * detail(sharp.rgb)
    assert np.array_equal(blurred.depth_m, scene.frame("000030").depth_m)


def test_nothing_is_changed_without_defects_and_all_of_it_follows_from_the_seed(scene):
    plain = RecordedVideo(scene, NO_DEFECTS).frame("000030")
    # Linear tones of dark colours come in steps.
    assert np.abs(plain.rgb.astype(int) - scene.frame("000030").rgb).max() <= 3
    worse = VideoDefects(0.02, 0.01, 0.03, 0.5, 0.1, 0.3, 2.0, 60, seed=7)
    first, again = (RecordedVideo(scene, worse).frame("000030") for _ in range(2))
    assert np.array_equal(first.rgb, again.rgb) and np.array_equal(first.depth_m, again.depth_m)
    assert first.stamp_ns == scene.frame("000030").stamp_ns


def test_light_steps_and_grows_noisy(scene):
    before = decode_srgb(scene.frame("000000").rgb)
    dim = before.max(axis=-1) < 0.5
    stepping = VideoDefects(step_stops=0.5, step_period_s=0.05, seed=2)
    index = next(k for k in range(40) if stepping.gains(k / 30)[1] != 1)
    frame_id = scene.frame_ids[index]
    dim = decode_srgb(scene.frame(frame_id).rgb).max(axis=-1) < 0.5
    ratio = decode_srgb(RecordedVideo(scene, stepping).frame(frame_id).rgb)[dim].mean()
    ratio /= decode_srgb(scene.frame(frame_id).rgb)[dim].mean()
    assert ratio == pytest.approx(stepping.gains(index / 30)[1], rel=0.03)
    noisy = RecordedVideo(scene, VideoDefects(gain_stops=4.0)).frame("000000")
    assert np.std(decode_srgb(noisy.rgb)[dim] - decode_srgb(scene.frame("000000").rgb)[dim]) > 0.02


def test_one_frame_does_not_move(scene):
    one = make_scene(replace(scene._settings, frames=1))
    assert not RecordedVideo(one, NO_DEFECTS).motion("000000").velocity.any()


def test_lost_frames_are_about_the_share_and_never_the_first():
    ids = [f"{k:05d}" for k in range(30000)]
    lost = dropped_frames(ids, 0.25, np.random.default_rng(1))
    assert len(lost) / len(ids) == pytest.approx(0.25, abs=0.03)
    assert ids[0] not in lost
    # Between two bursts at least one frame comes.
    longest = max(len(run) for run in "".join("x" if i in lost else " " for i in ids).split())
    assert longest == 4
