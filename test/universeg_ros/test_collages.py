"""Collages: things thrown together, seen in colour, depth and masks that fit, the same for the same number."""

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.errors import InputRefused
from universeg_ros.training.collage import SIDE_PX
from universeg_ros.training.collage_tasks import Collages, CollageTasks, render_group
from universeg_ros.training.things import Things


@pytest.fixture
def collages(tmp_path: Path) -> Collages:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "noise.png"), noise)
    return Collages(("mug", "ball"), (str(tmp_path / "*.png"),), groups=2, together=2, views=8)


def test_a_group_is_the_same_for_the_same_number(collages: Collages) -> None:
    source = Things(collages.meshes, collages.textures)
    first, again, other = (render_group(collages, source, number) for number in (0, 0, 1))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["rgb"], other["rgb"])


def test_masks_depth_and_shares_fit(collages: Collages) -> None:
    group = render_group(collages, Things(collages.meshes, collages.textures), 0)
    assert group["rgb"].shape == (8, SIDE_PX, SIDE_PX, 3)
    assert (group["depth_mm"][group["ids"] > 0] > 0).all()
    seen = np.stack([(group["ids"] == i + 1).any(axis=(1, 2)) for i in range(group["visible"].shape[1])], axis=1)
    assert seen.any() and (group["visible"][seen] > 0).all() and (group["visible"] <= 1).all()


def test_examples_show_what_is_marked(collages: Collages, tmp_path: Path) -> None:
    tasks = CollageTasks(collages, tmp_path / "kept")
    drawn = tasks.draw(np.random.default_rng(3), 4, 64)
    assert drawn.images.shape == (4, 64, 64) and drawn.labels[1:].any()
    assert list((tmp_path / "kept").glob("*.npz"))
    again = CollageTasks(collages, tmp_path / "kept").draw(np.random.default_rng(3), 4, 64)
    assert np.array_equal(drawn.images, again.images)


def test_meshes_and_textures_are_needed(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="meshes and textures"):
        Things(("mug",), (str(tmp_path / "*.jpg"),))
