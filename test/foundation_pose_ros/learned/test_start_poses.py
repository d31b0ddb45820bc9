"""The grid is the published one: how many poses are left of it under each symmetry, and how far apart they are."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import Camera, Frame, InputRefused, se3
from foundation_pose_ros.learned.observed_image import ObservedImage
from foundation_pose_ros.learned.start_poses import (
    masked_translation,
    published_rotations,
    start_poses,
    unique_rotations,
)
from foundation_pose_ros.object_model.symmetry import Symmetries

Z = {"axis": [0, 0, 1]}


@pytest.mark.parametrize(
    ("symmetries", "count"),
    [
        ({}, 252),
        ({"discrete": [{**Z, "angle": 180}]}, 126),
        ({"discrete": [{**Z, "angle": 90}]}, 50),
        ({"continuous": [Z]}, 20),
        ({"continuous": [{**Z, "flip": True}]}, 10),
    ],
)
def test_how_many_are_left(symmetries: dict, count: int) -> None:
    kept = unique_rotations(published_rotations(), Symmetries.from_config(symmetries))
    assert len(kept) == count


def test_spacing() -> None:
    R = published_rotations()
    angles = se3.rotation_angle_rad(R[:, None], R[None]) + np.eye(len(R)) * 9
    assert np.rad2deg(angles.min()) == pytest.approx(31.7, abs=0.05)
    assert np.allclose(np.linalg.det(R), 1)


def test_translation_is_the_middle_of_the_mask_s_box_at_its_median_depth() -> None:
    camera = Camera(300.0, 300.0, 100.0, 80.0, 200, 160)
    depth_m = np.full((160, 200), 2.0, np.float32)
    mask = np.zeros((160, 200), bool)
    mask[40:61, 110:151] = True
    depth_m[40:61, 110:151] = 0.5
    image = ObservedImage.of(Frame(np.zeros((160, 200, 3), np.uint8), depth_m, camera))
    t = masked_translation(image, mask)
    assert np.allclose(t.numpy(), [30 / 300 * 0.5, -30 / 300 * 0.5, 0.5], atol=1e-5)
    poses = start_poses(published_rotations()[:3], t)
    assert poses.shape == (3, 4, 4) and torch.equal(poses[:, :3, 3], t.expand(3, 3))
    with pytest.raises(InputRefused, match="depth under the mask"):
        masked_translation(ObservedImage(image.rgb, torch.zeros(160, 200), image.K), mask)
