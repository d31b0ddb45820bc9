"""Crops are where the half pixel puts them, memory stays small, and what lies outside the image is nothing."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import Camera, Frame
from foundation_pose_ros.learned.depth_filter import filtered
from foundation_pose_ros.learned.network_crop import crop_boxes, render_cameras
from foundation_pose_ros.learned.observed_image import ObservedImage
from foundation_pose_ros.learned.pose_update import updated

CAMERA = Camera(300.0, 310.0, 159.5, 119.5, 320, 240)


@pytest.fixture
def ramp() -> ObservedImage:
    """Red grows with the column, green with the row; a plane a metre away."""
    columns, rows = np.meshgrid(np.arange(320.0), np.arange(240.0))
    rgb = np.stack([columns * 0.5, rows, 0 * rows], axis=-1).round().astype(np.uint8)
    mirrored = np.ascontiguousarray(rgb[..., ::-1])[..., ::-1]  # as BGR images come in
    return ObservedImage.of(Frame(mirrored, np.ones((240, 320), np.float32), CAMERA))


def test_a_crop_reads_half_a_pixel_up_and_left(ramp: ObservedImage) -> None:
    boxes = torch.tensor([[60.0, 40.0, 220.0, 200.0]], dtype=torch.float64)
    rgb = ramp.colours(boxes)[0] * 255
    columns = (60 + np.arange(160)) * 320 / 319 - 0.5
    rows = (40 + np.arange(160)) * 240 / 239 - 0.5
    assert np.abs(rgb[1].numpy() - rows[:, None]).max() < 1e-2
    assert np.abs(rgb[0].numpy() - columns * 0.5).max() < 0.51  # half steps of red are rounded


def test_points_lie_on_their_own_rays(ramp: ObservedImage) -> None:
    boxes = torch.tensor([[60.0, 40.0, 220.0, 200.0]], dtype=torch.float64)
    column = np.round((60 + np.arange(160)) * 320 / 319 - 0.5)
    for points in (ramp.points(boxes), ramp.points_twice_sampled(boxes)):
        inside = points[0, :, :159, :159].numpy()  # the last ones come back from outside the crop
        assert np.abs(inside[0] - (column[:159] - CAMERA.cx) / CAMERA.fx).max() < 1e-6
        assert (inside[2] == 1).all()


def test_beyond_the_border_there_is_nothing(ramp: ObservedImage) -> None:
    boxes = torch.tensor([[-80.0, -80.0, 80.0, 80.0], [900.0, 900.0, 1000.0, 1000.0]], dtype=torch.float64)
    for points in (ramp.points(boxes), ramp.points_twice_sampled(boxes), ramp.colours(boxes)):
        assert not points[0, :, :79].any() and not points[1].any()
        assert points[0, :, 90:, 90:].any()


def test_an_object_far_away_or_behind_has_a_box() -> None:
    K = torch.tensor([[300.0, 0, 160], [0, 300, 120], [0, 0, 1]], dtype=torch.float64)
    translations = torch.tensor([[0.0, 0, 500], [0, 0, -1], [0, 0, 0]])
    boxes = crop_boxes(translations, K, 0.1, 1.2)
    assert torch.isfinite(boxes).all() and (boxes[:, 2:] > boxes[:, :2]).all()
    assert torch.isfinite(render_cameras(boxes, K)).all()


def test_a_lone_pixel_goes_and_a_hole_is_filled() -> None:
    depth_m = torch.ones(20, 20)
    depth_m[5, 5] = 0
    depth_m[10:15, 10:15] = 0
    depth_m[12, 12] = 1.3
    kept = filtered(depth_m)
    assert kept[5, 5] == 1 and kept[12, 12] == 0


def test_steps_add_up_and_stay_rotations() -> None:
    T = torch.eye(4).repeat(2, 1, 1)
    trans, rot = torch.tensor([[1.0, 0, 0], [0, 0, 0.5]]), torch.tensor([[0.0, 0, 0.3], [9.0, 9, 9]])
    for _ in range(200):
        T = updated(T, trans, rot, diameter_m=0.2, turn_rad=0.35)
    assert torch.allclose(T[:, :3, 3], torch.tensor([[20.0, 0, 0], [0, 0, 10.0]]), atol=1e-3)
    assert (T[:, :3, :3] @ T[:, :3, :3].transpose(1, 2) - torch.eye(3)).abs().max() < 1e-5
    one = updated(torch.eye(4)[None], trans[:1], rot[:1], 0.2, 0.35)[0]
    assert one[0, 1] > 0  # a positive output turns backwards
