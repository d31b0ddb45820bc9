"""A frame's cloud, and the pixel that a ray into it means."""

import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame
from foundation_pose_ros.nodes.browser.cloud import FrameCloud

CAMERA = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)


@pytest.fixture
def frame() -> Frame:
    """A wall 1 m away with a box of 40 x 40 pixels before it, and a hole."""
    depth_m = np.full((240, 320), 1.0, np.float32)
    depth_m[100:140, 150:190] = 0.6
    depth_m[:, :40] = 0
    rgb = np.zeros((240, 320, 3), np.uint8)
    rgb[100:140, 150:190] = (200, 30, 30)
    return Frame(rgb, depth_m, CAMERA, 5)


def test_it_has_few_points_all_over_what_was_measured(frame: Frame) -> None:
    cloud = FrameCloud.of(frame, 5000)
    assert 3000 < len(cloud.points_cam) <= 5000
    assert cloud.pixels[:, 0].min() >= 40 and cloud.pixels.max(axis=0) == pytest.approx((319, 239), abs=4)
    assert CAMERA.project(cloud.points_cam) == pytest.approx(cloud.pixels, abs=1e-2)
    red = cloud.points_cam[cloud.rgb[:, 0] > 100]
    assert red[:, 2] == pytest.approx(0.6)


def test_a_ray_means_the_pixel_of_the_first_point_that_it_meets(frame: Frame) -> None:
    cloud = FrameCloud.of(frame, 20000)
    for u, v in ((170, 120), (60, 30), (300, 200)):
        through = CAMERA.rays(np.array(u), np.array(v)).astype(float)
        found = cloud.pixel_on_ray(np.zeros(3), 3 * through)
        assert found is not None and np.abs(np.array(found) - (u, v)).max() <= 4
    # From the side: past the box onto the wall, and onto the box.
    eye = np.array([0.3, 0.0, 0.2])
    for aimed, depth_m in (((230, 120), 1.0), ((180, 120), 0.6)):
        through = depth_m * CAMERA.rays(*np.array(aimed)).astype(float)
        found = cloud.pixel_on_ray(eye, through - eye)
        assert found is not None and np.abs(np.array(found) - aimed).max() <= 8


def test_a_ray_between_points_means_the_nearest(frame: Frame) -> None:
    few = FrameCloud.of(frame, 300)  # each 16 pixels, 3 degrees
    aimed = CAMERA.rays(np.array(168), np.array(120)).astype(float)
    found = few.pixel_on_ray(np.zeros(3), aimed)
    assert found is not None and np.abs(np.array(found) - (168, 120)).max() <= 8
    # Along the rim of the box: what is nearer to the ray counts, though the box is nearer to the eye.
    beside = CAMERA.rays(np.array(202), np.array(112)).astype(float)
    assert few.pixel_on_ray(np.zeros(3), beside) == (208, 112)


def test_a_ray_into_nothing_means_none(frame: Frame) -> None:
    cloud = FrameCloud.of(frame, 20000)
    assert cloud.pixel_on_ray(np.zeros(3), np.array([0.0, 0.0, -1.0])) is None
    assert cloud.pixel_on_ray(np.zeros(3), CAMERA.rays(np.array(10), np.array(120)).astype(float)) is None
