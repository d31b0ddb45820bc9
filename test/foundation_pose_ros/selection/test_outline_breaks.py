"""Across an outline depth ends, or colour alone, or neither: as beside a thing, a flat one, and amid a larger one."""

import numpy as np
import pytest
import trimesh

from foundation_pose_ros import Camera, Frame, ObjectModel
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.selection.outline_breaks import OutlineBreaks, outline_breaks

CAMERA = Camera(600.0, 600.0, 319.5, 239.5, 640, 480)
GRAY, BROWN = (128, 128, 130), (150, 110, 80)
SIZE = 64


@pytest.fixture(scope="module")
def plate() -> ObjectModel:
    return ObjectModel.from_mesh(trimesh.creation.box((0.12, 0.09, 0.004)), name="plate")


def seen_beside(plate: ObjectModel, drop_m: float, rgb: np.ndarray) -> OutlineBreaks:
    """Look at a gray plate before a surface that is so much deeper, coloured rgb (3,) or (H, W, 3)."""
    T_cam_obj = np.eye(4, dtype=np.float32)
    T_cam_obj[2, 3] = 0.6
    renderer = EmbreeRenderer(plate, 1)
    depth_m = renderer.render(T_cam_obj[None], CAMERA.K, (480, 640)).depth_m[0]
    plain = np.where((depth_m > 0)[..., None], GRAY, rgb).astype(np.float64)
    rng = np.random.default_rng(2)
    noisy = (plain + rng.normal(0, 2, plain.shape)).clip(0, 255).astype(np.uint8)
    measured_m = np.where(depth_m > 0, depth_m, depth_m.max() + drop_m) + rng.normal(0, 1e-3, depth_m.shape)
    seen = Crop.around_pose(Frame(noisy, measured_m.astype(np.float32), CAMERA), plate, T_cam_obj, 1.4).observe(SIZE)
    return outline_breaks(seen, renderer.render(T_cam_obj[None], seen.K, (SIZE, SIZE)).depth_m[0])


def test_beside_a_thing_depth_ends(plate):
    assert seen_beside(plate, 0.05, np.array(GRAY)) == OutlineBreaks(0.0, 0.0)


def test_beside_what_lies_flat_colour_ends_alone(plate):
    breaks = seen_beside(plate, 0.004, np.array(BROWN))
    assert breaks.in_colour > 0.7 and breaks.nowhere == 0


def test_amid_something_larger_nothing_ends(plate):
    breaks = seen_beside(plate, 0.0, np.array(GRAY))
    assert breaks.nowhere > 0.7 and breaks.in_colour == 0


def test_what_is_hidden_says_nothing(plate):
    assert seen_beside(plate, -0.2, np.array(GRAY)) == OutlineBreaks(0.0, 0.0)
