"""The observed crop: rays that hit what they were sampled from, true normals, holes filled from beside them."""

import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.observation.crop_box import CropBox, SampleGrid

CAMERA = Camera(300.0, 310.0, 80.3, 59.1, 160, 120)


def plane_frame(normal: np.ndarray, offset_m: float) -> Frame:
    """All pixels on the plane normal . x = offset."""
    rays = CAMERA.rays(np.arange(160)[None], np.arange(120)[:, None])
    depth_m = offset_m / (rays @ normal)
    return Frame(np.zeros((120, 160, 3), np.uint8), depth_m.astype(np.float32), CAMERA)


@pytest.mark.parametrize("box", [CropBox(40, 30, 60), CropBox(13.7, 21.2, 77.3), CropBox(-20, -20, 90)])
@pytest.mark.parametrize("size", [16, 33, 128])
def test_samples_lie_on_the_surface_and_their_normals_are_its_own(box: CropBox, size: int):
    normal = np.array([0.3, -0.2, -1.0]) / np.linalg.norm([0.3, -0.2, -1.0])
    seen = Crop(plane_frame(normal, -0.7), box).observe(size)
    valid = seen.depth_m > 0
    assert valid.any()
    np.testing.assert_allclose(seen.points[valid] @ normal, -0.7, atol=1e-6)
    known = np.abs(seen.normals).sum(axis=1) > 0
    assert known.sum() > 0.5 * valid.sum()
    # Normals of cells wider than a pixel come from samples that are rounded to pixels.
    np.testing.assert_allclose(seen.normals[known] @ normal, 1, atol=2e-3)


@pytest.mark.parametrize("box", [CropBox(13.7, 21.2, 77.3), CropBox(-20, -20, 90)])
def test_what_is_seen_on_a_grid_is_its_samples_on_their_own_rays(box: CropBox):
    depth_m = np.random.default_rng(1).uniform(0.3, 2.0, (120, 160)).astype(np.float32)
    grid = SampleGrid(CAMERA, box, 33)
    seen_m, rays, points = grid.seen(depth_m)
    np.testing.assert_array_equal(seen_m, grid.sample(depth_m))
    np.testing.assert_array_equal(rays, CAMERA.rays(grid.u[None, :], grid.v[:, None]))
    np.testing.assert_array_equal(points, rays * seen_m[..., None])


def test_the_virtual_camera_sees_a_point_in_the_cell_that_shows_it():
    box = CropBox(37.0, 22.0, 64.0)
    K = box.intrinsics(CAMERA, 16)
    point = np.array([0.02, 0.03, 0.6])
    u, v = (CAMERA.K @ point)[:2] / point[2]
    cell_u, cell_v = (K @ point)[:2] / point[2]
    # A pixel is its square's middle: cell i covers pixels from left + 4 i - 0.5 on.
    assert cell_u == pytest.approx((u + 0.5 - box.left) / 4 - 0.5, abs=1e-4)
    assert cell_v == pytest.approx((v + 0.5 - box.top) / 4 - 0.5, abs=1e-4)


def test_nothing_is_seen_outside_the_image():
    seen = Crop(plane_frame(np.array([0, 0, 1.0]), 0.5), CropBox(-50, -50, 40), np.ones((120, 160), bool)).observe(8)
    assert not seen.depth_m.any()
    assert seen.mask is not None and not seen.mask.any()


def test_holes_beside_the_mask_are_what_stands_next_to_them():
    depth_m = np.full((120, 160), 0.8, np.float32)
    depth_m[:, :40] = 0.4  # something in front, at the left
    depth_m[:, 40:50] = 0  # its shadow
    mask = np.zeros((120, 160), bool)
    mask[40:80, 50:100] = True
    depth_m[60, 105] = 0  # a hole before the wall
    frame = Frame(np.zeros((120, 160, 3), np.uint8), depth_m, CAMERA)
    seen = Crop(frame, CropBox(30, 20, 80), mask).observe(80)
    image = seen.surroundings_m.reshape(80, 80)
    assert (image[20:60, 20:70] == 0).all()  # inside the mask
    assert (image[30:50, 10:15] == np.float32(0.4)).all()  # shadow next to what stands in front
    assert image[40, 75] == np.float32(0.8)


def coloured(rgb: np.ndarray) -> Frame:
    height, width = rgb.shape[:2]
    return Frame(rgb, np.zeros((height, width), np.float32), Camera(300.0, 300.0, 0.0, 0.0, width, height))


def test_resampled_averages_cells_and_goes_on_outside():
    rgb = np.zeros((8, 8, 3), np.uint8)
    rgb[:, 4:] = 200
    frame = coloured(rgb)
    assert Crop(frame, CropBox(0, 0, 8)).colours(2)[:, :, 0].tolist() == [[0, 200], [0, 200]]
    assert Crop(frame, CropBox(2, 0, 4)).colours(1)[0, 0, 0] == 100
    assert Crop(frame, CropBox(6, 6, 8)).colours(4).min() == 200
    assert not Crop(frame, CropBox(100, 100, 8)).colours(4).any()


@pytest.mark.parametrize("side", [100, 320, 321, 479, 480, 900, 1024])
def test_resampled_is_in_place_however_large_the_image_is(side: int):
    """A ramp across the box comes out as the same ramp, whatever it was thinned out by."""
    ramp = np.linspace(10, 250, side)
    rgb = np.zeros((side + 40, side + 60, 3), np.uint8)
    rgb[20 : 20 + side, 30 : 30 + side] = np.round(ramp)[None, :, None]
    for size in (24, 160):
        found = Crop(coloured(rgb), CropBox(30, 20, side)).colours(size)[size // 2, :, 0]
        expected = np.interp((np.arange(size) + 0.5) * side / size - 0.5, np.arange(side), ramp)
        np.testing.assert_allclose(found[1:-1], expected[1:-1], atol=1.5)
