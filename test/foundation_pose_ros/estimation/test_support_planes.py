"""Planes in depth: level faces of things are no table, and what lies flat on one stands out of it, or in colour."""

import numpy as np

from foundation_pose_ros import Camera, Frame
from foundation_pose_ros.estimation.coarse_scene import CoarseScene

CAMERA = Camera(600.0, 600.0, 319.5, 239.5, 640, 480)
X_M, Y_M = (0.8 * (one - 320) / 600 for one in np.meshgrid(np.arange(640), np.arange(480)))


def scene_of(depth_m: np.ndarray, rgb: np.ndarray | None = None) -> CoarseScene:
    """Return the scene of a depth image with a millimetre of noise where something is measured; rgb: gray without."""
    noise_m = np.random.default_rng(3).normal(0, 1e-3, depth_m.shape)
    noisy_m = np.where(depth_m > 0, depth_m + noise_m, 0).astype(np.float32)
    rgb = np.full((480, 640, 3), 128, np.uint8) if rgb is None else rgb
    return CoarseScene.of(Frame(rgb, noisy_m, CAMERA))


def test_level_faces_of_two_things_are_no_table() -> None:
    apart = (np.abs(np.abs(X_M) - 0.25) < 0.05) & (np.abs(Y_M) < 0.05)  # two faces of 10 cm, 40 cm between them
    scene = scene_of(np.where(apart, 0.8, 0.0))
    assert not scene.support(least_width_m=0.22).on_plane.any()
    joined = scene_of(np.where((np.abs(X_M) < 0.3) & (np.abs(Y_M) < 0.12), 0.8, 0.0))
    assert joined.support(least_width_m=0.22).on_plane.mean() > 0.1


def test_what_lies_flat_on_a_table_stands_out_of_it() -> None:
    disc = np.hypot(X_M - 0.05, Y_M) < 0.04
    scene = scene_of(np.where(disc, 0.794, 0.8))
    planes, disc = scene.support(least_width_m=0.18), scene.reduced(disc)
    assert planes.on_plane[disc].mean() > 0.9  # 6 mm are within its thickness
    assert planes.raised[disc].mean() > 0.6  # but for its rim
    assert planes.raised[~disc].mean() < 0.02


def test_what_lies_flat_on_a_table_in_another_colour_stands_out_of_it() -> None:
    disc = np.hypot(X_M - 0.05, Y_M) < 0.04
    rgb = np.where(disc[..., None], (120, 124, 130), (150, 110, 80)).astype(np.uint8)
    scene = scene_of(np.full(disc.shape, 0.8), rgb)
    planes, disc = scene.support(least_width_m=0.18), scene.reduced(disc)
    assert planes.raised[disc].mean() > 0.9 and planes.surely[disc].mean() < 0.1
    assert planes.raised[~disc].mean() < 0.02 and planes.surely[~disc].mean() > 0.9


def test_nothing_stands_out_of_a_printed_cloth() -> None:
    red = (np.floor(X_M / 0.03) + np.floor(Y_M / 0.03)) % 2 == 0
    rgb = np.where(red[..., None], (190, 50, 50), (220, 220, 215)).astype(np.uint8)
    assert scene_of(np.full(red.shape, 0.8), rgb).support(least_width_m=0.18).raised.mean() < 0.02
