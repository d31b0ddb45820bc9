"""Pictures for compact networks: marks lie on the object alone, depth is lost, motion draws colours out."""

from pathlib import Path

import numpy as np
import pytest

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.observation.compared_images import crop_camera
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.surface_textures import TextureLibrary
from foundation_pose_ros.training.crop_pictures import CropPicture, Defects, picture


def pictures(textures: Path, count: int, **defects: float) -> list[CropPicture]:
    """Return pictures of a bracket that have no other defects."""
    model = ObjectModel.from_mesh(make_mesh("bracket", 0))
    T = np.eye(4, dtype=np.float32)
    T[:3, 3] = np.array([0, 0, 0.6]) - model.centre_m
    K = crop_camera(np.eye(3), np.array([0, 0, 0.6]), model.diameter_m)
    clear = Defects(**({"light": 0.0, "clutter": 0.0, "noise": 0.0, "stickers": 0.0} | defects))
    library, renderer = TextureLibrary.from_folder(textures), EmbreeRenderer(model, 1)
    return [picture(np.random.default_rng(seed), renderer, [], T, K, library, clear) for seed in range(count)]


@pytest.mark.parametrize("stickers", [0.0, 1.0])
def test_stickers_cover_a_part_of_the_object(texture_folder, stickers):
    marked = []
    for seen in pictures(texture_folder, 8, stickers=stickers):
        colours = seen.rgb[seen.shown]
        marked.append(float(np.mean(np.abs(colours - np.median(colours, axis=0)).max(axis=-1) > 0.1)))
    if stickers:
        assert min(marked) > 0.01 and max(marked) < 0.4
    else:
        assert max(marked) < 0.01


def test_depth_is_lost_on_the_object_and_sometimes_around_it(texture_folder):
    kept, lost = (pictures(texture_folder, 8, lost=share) for share in (0.0, 1.0))
    for before, after in zip(kept, lost, strict=True):
        gone = (before.depth_m > 0) & (after.depth_m == 0)
        assert gone[before.shown].mean() > 0.1
        np.testing.assert_array_equal(after.depth_m[~gone], before.depth_m[~gone])
        np.testing.assert_array_equal(after.rgb, before.rgb)
    around = [bool((after.depth_m[~after.shown] == 0).mean() > 0.2) for after in lost]
    assert any(around) and not all(around)


def test_motion_draws_colours_out_and_leaves_depth(texture_folder):
    for still, moving in zip(pictures(texture_folder, 4), pictures(texture_folder, 4, moving=1.0), strict=True):
        assert still.rgb.mean() == pytest.approx(moving.rgb.mean(), abs=0.1)
        assert _roughness(moving.rgb) < _roughness(still.rgb)


def _roughness(rgb: np.ndarray) -> float:
    return float(np.abs(np.diff(rgb, axis=1)).mean() + np.abs(np.diff(rgb, axis=0)).mean())
