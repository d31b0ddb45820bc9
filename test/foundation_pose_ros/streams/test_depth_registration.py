"""Depth of one camera in another's pixels, against planes and boxes that both see."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from foundation_pose_ros import se3
from foundation_pose_ros.camera import Camera
from foundation_pose_ros.streams.depth_registration import projected, registered

DEPTH_CAMERA = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)
COLOUR_CAMERA = Camera(560.0, 555.0, 330.0, 236.0, 640, 480)
T_COLOUR_DEPTH = se3.from_rotation_translation(
    Rotation.from_euler("xyz", [0.4, -0.8, 0.3], degrees=True).as_matrix(), np.array([0.05, 0.002, -0.003])
)
# A plane that leans 35 degrees away, in the colour camera's frame: n . p = d.
NORMAL, DISTANCE_M = np.array([0.5, 0.25, -0.83]) / np.linalg.norm([0.5, 0.25, -0.83]), -0.6


def plane(camera: Camera, T_camera_colour: np.ndarray) -> np.ndarray:
    """Depth (H, W) of the plane as a camera sees it."""
    normal = T_camera_colour[:3, :3] @ NORMAL
    distance_m = DISTANCE_M + normal @ T_camera_colour[:3, 3]
    v, u = np.mgrid[: camera.height, : camera.width]
    depth_m = distance_m / (camera.rays(u, v) @ normal)
    return np.where((depth_m > 0.2) & (depth_m < 3), depth_m, 0).astype(np.float32)


def points_of(depth_m: np.ndarray, camera: Camera) -> np.ndarray:
    v, u = np.nonzero(depth_m)
    return camera.rays(u, v) * depth_m[v, u][:, None]


@pytest.mark.parametrize("way", ["registered", "organised cloud", "cloud in any order"])
def test_a_plane_is_where_the_colour_camera_sees_it_without_holes(way: str) -> None:
    seen = plane(DEPTH_CAMERA, se3.inverse(T_COLOUR_DEPTH))
    true = plane(COLOUR_CAMERA, np.eye(4))
    if way == "registered":
        made = registered(seen, DEPTH_CAMERA, T_COLOUR_DEPTH, COLOUR_CAMERA)
    else:
        points = points_of(seen, DEPTH_CAMERA)
        if way == "cloud in any order":
            points = np.random.default_rng(0).permutation(points)
        made = projected(points, T_COLOUR_DEPTH, COLOUR_CAMERA)
    # What the depth camera can't see at the borders is left out.
    inner = (slice(40, -40), slice(80, -40))
    assert (made[inner] > 0).mean() > 0.999
    off_m = np.abs(made - true)[inner][made[inner] > 0]
    # A depth pixel is 2 mm across at 0.6 m: half of that, on this slope, is what nearest pixels are off by.
    assert np.median(off_m) < 0.0007 and np.quantile(off_m, 0.99) < 0.004


def test_the_same_camera_gives_the_same_image() -> None:
    seen = plane(COLOUR_CAMERA, np.eye(4))
    assert registered(seen, COLOUR_CAMERA, np.eye(4), COLOUR_CAMERA) == pytest.approx(seen, abs=1e-6)


def test_what_is_nearer_hides_what_lies_behind() -> None:
    depth_m = np.full((240, 320), 1.0, np.float32)
    depth_m[100:140, 140:180] = 0.5  # 67 mm wide
    made = registered(depth_m, DEPTH_CAMERA, T_COLOUR_DEPTH, COLOUR_CAMERA)
    near = (made > 0.4) & (made < 0.6)
    v, u = np.nonzero(near)
    middle = T_COLOUR_DEPTH[:3, :3] @ [0, 0, 0.5] + T_COLOUR_DEPTH[:3, 3]
    assert [u.mean(), v.mean()] == pytest.approx(COLOUR_CAMERA.project(middle), abs=2.0)
    filled = near[v.min() + 2 : v.max() - 2, u.min() + 2 : u.max() - 2]
    assert filled.all()


def test_what_was_not_measured_or_lies_behind_the_camera_draws_nothing() -> None:
    depth_m = np.full((240, 320), np.nan, np.float32)
    depth_m[0] = np.inf
    assert not registered(depth_m, DEPTH_CAMERA, T_COLOUR_DEPTH, COLOUR_CAMERA).any()
    points = np.array([[0, 0, -1.0], [np.nan, 0, 1], [0, 0, np.inf], [9, 9, 1]])
    assert not projected(points, np.eye(4), COLOUR_CAMERA).any()
