"""What goes wrong over time is as much as was asked for, and follows from the seed."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.srgb import decode_srgb
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.sensor import PERFECT_COLOUR, PERFECT_DEPTH, WEBCAM
from foundation_pose_ros.synthetic.video_defects import NO_DEFECTS, VideoDefects

RATE_HZ = 400.0
# So near that a pixel shows no more than a texel of the table: what is finer, moments draw in steps.
SETTINGS = SceneSettings(
    seed=3,
    frames=220,
    objects=["sticker_cube"],
    clutter=2,
    width=192,
    height=144,
    focal_px=600.0,
    surface="wood",
    rate_hz=RATE_HZ,
    depth_sensor=PERFECT_DEPTH,
    colour_sensor=PERFECT_COLOUR,
    supersample=1,
)


@pytest.fixture(scope="module")
def plain(passing) -> SyntheticScene:
    """A cube and a camera that pass each other, at frame 200 where the cube was put."""
    return passing(make_scene(SETTINGS), 200)


def test_blur_is_about_what_many_moments_give_together(plain):
    moments = [plain.picture(f"{200 + k:06d}").light for k in range(-6, 7)]
    open_s = len(moments) / RATE_HZ
    exposed = decode_srgb(plain.with_video(VideoDefects(exposure_s=open_s)).frame("000200").rgb)
    true, sharp = np.clip(np.mean(moments, axis=0), 0, 1), np.clip(moments[6], 0, 1)
    assert np.abs(sharp - true)[plain.mask("000200", "sticker_cube")].mean() > 0.04
    # What is left lies at hard edges: a single moment shows them in steps of whole pixels.
    assert np.abs(exposed - true).mean() < 0.35 * np.abs(sharp - true).mean()


def test_late_depth_is_that_of_a_later_moment(plain):
    late_m = plain.with_video(VideoDefects(depth_late_s=6 / RATE_HZ)).frame("000200").depth_m
    on_object = plain.mask("000206", "sticker_cube") & plain.mask("000200", "sticker_cube")
    now_m, later_m = plain.frame("000200").depth_m, plain.frame("000206").depth_m
    # A pixel is a millimetre wide there, and what it shows slants.
    assert np.median(np.abs(late_m - later_m)[on_object]) < 0.35 * np.median(np.abs(now_m - later_m)[on_object])
    assert np.mean(np.abs(late_m - later_m) > 0.01) < 0.25 * np.mean(np.abs(now_m - later_m) > 0.01)


def test_depth_is_lost_by_motion(plain):
    shares_asked = (0.0, 0.05, 0.1)
    lost = [plain.with_video(VideoDefects(motion_holes=s)).frame("000200").depth_m == 0 for s in shares_asked]
    shares = [one.mean() for one in lost]
    assert shares[0] == 0
    assert 0.02 < shares[1] < 0.7 * shares[2]
    standing = make_scene(replace(SETTINGS, frames=1, video=VideoDefects(motion_holes=0.2)))
    assert (standing.frame("000000").depth_m > 0).all()


def test_exposure_steps_by_what_was_asked():
    defects = VideoDefects(step_stops=1.0, step_warmth=0.2, step_period_s=0.05, seed=4)
    gains = np.array([defects.gains(time_s) for time_s in np.arange(0, 1, 0.01)])
    green = np.unique(gains[:, 1])
    assert set(np.log2(green)) <= {-1.0, 0.0, 1.0} and len(green) == 3
    warmth = np.abs(gains[:, 0] / gains[:, 1] - 1)
    assert np.unique(warmth.round(5)) == pytest.approx([0, 0.2])
    # Each step leads from none to one, or back.
    steps = np.abs(np.diff(np.log2(gains[:, 1])))
    assert set(np.unique(steps.round(5))) == {0.0, 1.0}
    assert np.count_nonzero(steps) == pytest.approx(20, abs=1)


def test_pictures_are_as_bright_as_the_step_makes_them(plain):
    defects = VideoDefects(step_stops=0.5, step_period_s=0.1, seed=4)
    stepping = plain.with_video(defects)
    for frame_id in ("000060", "000150", "000200"):
        dim = plain.picture(frame_id).light.max(axis=-1) < 0.6
        ratio = decode_srgb(stepping.frame(frame_id).rgb)[dim].mean() / plain.picture(frame_id).light[dim].mean()
        assert ratio == pytest.approx(defects.gains(int(frame_id) / RATE_HZ)[1], rel=0.02)


def test_compression_loses_the_more_the_lower_its_quality(plain):
    rgb = plain.frame("000200").rgb
    errors = [
        np.abs(VideoDefects(jpeg_quality=quality).compressed(rgb).astype(int) - rgb).mean() for quality in (95, 60, 20)
    ]
    assert 0 < errors[0] < errors[1] < errors[2] < 12
    assert NO_DEFECTS.compressed(rgb) is rgb


def test_noise_grows_with_the_gain():
    grey, rng = np.full((200, 200, 3), 0.2, np.float32), np.random.default_rng(5)
    shot_only = replace(WEBCAM, vignetting=0, read_noise=0)
    sensors = [VideoDefects(gain_stops=stops).sensor(shot_only) for stops in (0.0, 3.0)]
    variance = [decode_srgb(sensor.measure(grey, rng)).var() for sensor in sensors]
    assert variance[1] / variance[0] == pytest.approx(8, rel=0.3)


def test_nothing_changes_where_nothing_is_said_and_equal_settings_make_equal_pixels(plain, passing):
    assert not NO_DEFECTS.needs_motion
    assert SETTINGS.video == NO_DEFECTS
    all_of_it = VideoDefects(0.02, 0.01, 0.03, 0.5, 0.1, 0.3, 2.0, 60, seed=7)
    scenes = [plain.with_video(all_of_it), passing(make_scene(replace(SETTINGS, video=all_of_it)), 200)]
    first, again = (one.frame("000200") for one in scenes)
    assert np.array_equal(first.rgb, again.rgb) and np.array_equal(first.depth_m, again.depth_m)
    other = plain.with_video(replace(all_of_it, exposure_s=0.01)).frame("000200")
    assert not np.array_equal(first.rgb, other.rgb)


def test_drawn_defects_are_in_their_ranges_and_blurred():
    drawn = [VideoDefects.drawn(np.random.default_rng(seed)) for seed in range(40)]
    assert all(one.exposure_s > 0 for one in drawn)
    assert 0.25 < np.mean([one.jpeg_quality is not None for one in drawn]) < 0.75
    assert VideoDefects.drawn(np.random.default_rng(3)) == drawn[3]


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        ({"exposure_s": 0.2}, "from 0 to 0.1"),
        ({"depth_late_s": -1}, "from -0.05 to 0.05"),
        ({"gain_stops": float("nan")}, "from 0 to 6"),
        ({"jpeg_quality": 0}, "1 to 100, or None"),
        ({"seed": -1}, "an integer from 0"),
    ],
)
def test_what_no_camera_does_is_refused_with_the_range(arguments, fix):
    with pytest.raises(InputRefused, match=fix):
        VideoDefects(**arguments)
