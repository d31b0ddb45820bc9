"""What cameras do to a perfect picture: noise in the stated range, losses where they belong, colours as measured."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros.camera import Camera
from foundation_pose_ros.srgb import decode_srgb, encode_srgb
from foundation_pose_ros.synthetic.sensor import (
    KINECT_V1,
    PERFECT_COLOUR,
    PERFECT_DEPTH,
    REALSENSE_D435,
    ColourSensor,
    DepthSensor,
    beside_jump,
    incidence_angle_rad,
    shadowed,
    smooth_noise,
)

CAMERA = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)
SHAPE = (240, 320)


def wall(depth_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Depth and normals of a wall at right angles to the optical axis."""
    normals = np.zeros((*SHAPE, 3), np.float32)
    normals[..., 2] = -1
    return np.full(SHAPE, depth_m, np.float32), normals


def step(near_m: float, far_m: float) -> tuple[np.ndarray, np.ndarray]:
    """A near wall on the left half of the image before a far one on the right."""
    depth_m, normals = wall(far_m)
    depth_m[:, :160] = near_m
    return depth_m, normals


def test_a_perfect_sensor_changes_nothing(rng):
    depth_m, normals = step(0.5, 0.8)
    assert np.array_equal(PERFECT_DEPTH.measure(depth_m, normals, CAMERA, rng), depth_m)


@pytest.mark.parametrize("depth_m", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("sensor", [REALSENSE_D435, KINECT_V1], ids=["d435", "kinect"])
def test_noise_on_a_wall_is_what_the_sensor_says(sensor, depth_m, rng):
    true_m, normals = wall(depth_m)
    measured_m = sensor.measure(true_m, normals, CAMERA, rng)
    valid = measured_m > 0
    error_m = (measured_m - true_m)[valid]
    # The ray at the border of the image meets the wall at 30 degrees; quantising adds a step's width over sqrt(12).
    stated_m = sensor.axial_sigma_m(true_m, incidence_angle_rad(normals, CAMERA))[valid]
    expected_m = np.hypot(np.sqrt((stated_m**2).mean()), sensor.quantum_m / np.sqrt(12))
    assert error_m.std() == pytest.approx(expected_m, rel=0.1)
    assert abs(error_m.mean()) < 0.2 * expected_m
    assert np.abs(measured_m[valid] / sensor.quantum_m - np.round(measured_m[valid] / sensor.quantum_m)).max() < 1e-3
    margin_px = CAMERA.fx * sensor.baseline_m / depth_m
    assert valid[:, int(margin_px) + 2 :].mean() == pytest.approx(1 - sensor.hole_share, abs=0.004)
    assert not valid[:, : int(margin_px) - 4].any()


def test_noise_is_alike_over_the_matching_window_and_of_unit_variance(rng):
    noise = smooth_noise((400, 400), 2.0, rng)
    assert noise.std() == pytest.approx(1, rel=0.05)
    beside = (noise[:, :-1] * noise[:, 1:]).mean()
    far = (noise[:, :-20] * noise[:, 20:]).mean()
    assert beside == pytest.approx(np.exp(-1 / (4 * 2.0**2)), abs=0.03)
    assert abs(far) < 0.05


def test_noise_grows_with_the_slant():
    sigma_m = REALSENSE_D435.axial_sigma_m(np.full(4, 1.0), np.deg2rad([0, 40, 60, 80]))
    assert (np.diff(sigma_m) > 0).all()


def test_a_second_imager_on_the_right_cannot_see_what_is_hidden_to_its_left():
    near_m, far_m = 0.5, 1.0
    depth_m, _ = step(near_m, far_m)
    focal_baseline = CAMERA.fx * 0.05
    hidden = shadowed(depth_m[:, ::-1].copy(), focal_baseline)
    # The near wall is on the right now: it hides (1/near - 1/far) fB pixels of the far wall on its left.
    width_px = focal_baseline * (1 / near_m - 1 / far_m)
    margin_px = focal_baseline / far_m
    assert hidden[:, 15:160].sum(axis=1) == pytest.approx(np.full(240, width_px), abs=1.01)
    assert hidden[:, 160 - int(width_px) + 1 : 160].all()
    assert not hidden[:, 160:].any()
    assert hidden[:, : int(margin_px)].all()
    # On the other side of the step nothing is hidden, and mirrored it is the other way round.
    assert not shadowed(depth_m, focal_baseline)[:, 40:].any()
    assert np.array_equal(shadowed(depth_m, focal_baseline, side=-1), hidden[:, ::-1])


def test_borders_lose_pixels_and_surfaces_do_not(rng):
    depth_m, normals = step(0.5, 0.8)
    assert np.array_equal(np.nonzero(beside_jump(depth_m).all(axis=0))[0], [159, 160])
    measured_m = DepthSensor(edge_dropout=0.4).measure(depth_m, normals, CAMERA, rng)
    assert (measured_m[:, 159:161] == 0).mean() == pytest.approx(0.4, abs=0.08)
    assert (measured_m > 0)[:, np.r_[:159, 161:320]].all()


def test_borders_wander_sideways(rng):
    depth_m, normals = step(0.5, 0.8)
    measured_m = DepthSensor(lateral_sigma_px=0.8).measure(depth_m, normals, CAMERA, rng)
    border_px = (measured_m == np.float32(0.5)).sum(axis=1)
    assert border_px.mean() == pytest.approx(160, abs=0.3)
    assert 0.4 < border_px.std() < 1.2


def test_grazing_surfaces_are_lost(rng):
    depth_m, normals = wall(0.6)
    sensor = DepthSensor(grazing_limits_deg=(70.0, 80.0))
    kept = []
    for slant_deg in (60, 75, 82):
        normals[:] = [0, np.sin(np.deg2rad(slant_deg)), -np.cos(np.deg2rad(slant_deg))]
        measured_m = sensor.measure(depth_m, normals, CAMERA, rng)
        kept.append((measured_m > 0)[118:122].mean())  # where rays run along the optical axis
    assert kept == [1, pytest.approx(0.5, abs=0.1), 0]


def test_the_range_is_kept(rng):
    sensor = replace(PERFECT_DEPTH, range_m=(0.3, 2.0))
    for depth_m, seen in ((0.2, False), (0.4, True), (1.9, True), (2.5, False)):
        assert (sensor.measure(*wall(depth_m), CAMERA, rng) > 0).all() == seen


def test_the_same_seed_gives_the_same_noise():
    depth_m, normals = step(0.5, 0.8)
    first, again, other = (
        REALSENSE_D435.measure(depth_m, normals, CAMERA, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


# Colour


def test_a_perfect_camera_encodes_light_and_nothing_else(rng):
    light = rng.random((24, 32, 3), np.float32)
    assert np.array_equal(PERFECT_COLOUR.measure(light, rng), encode_srgb(light))


def test_exposure_and_white_balance_are_gains_on_light(rng):
    grey = np.full((8, 8, 3), 0.2, np.float32)
    rgb = ColourSensor(exposure_stops=1.0, white_balance=(1.2, 1.0, 0.5)).measure(grey, rng)
    assert np.array_equal(rgb[0, 0], encode_srgb(np.array([0.48, 0.4, 0.2], np.float32)))


def test_colour_noise_grows_with_light_as_stated(rng):
    sensor = ColourSensor(shot_noise=0.0004, read_noise=0.003)
    for level in (0.1, 0.5):
        light = np.full((200, 200, 3), level, np.float32)
        linear = decode_srgb(sensor.measure(light, rng) / np.float32(255))
        assert linear.std() == pytest.approx(np.sqrt(0.0004 * level + 0.003**2), rel=0.1)
        assert linear.mean() == pytest.approx(level, rel=0.01)


def test_corners_are_darker_by_the_stated_share(rng):
    light = np.full((101, 101, 3), 0.5, np.float32)
    linear = decode_srgb(ColourSensor(vignetting=0.3).measure(light, rng) / np.float32(255))
    assert linear[50, 50, 0] == pytest.approx(0.5, abs=0.005)
    assert linear[0, 0, 0] == pytest.approx(0.5 * 0.7, abs=0.005)
