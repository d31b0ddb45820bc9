"""Pictures for a compact scorer: marks that the object's model doesn't know lie on the object, and on a part of it."""

import numpy as np
import pytest

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.observation.compared_images import crop_camera
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.surface_textures import TextureLibrary
from foundation_pose_ros.training.crop_pictures import Defects, picture


@pytest.mark.parametrize("stickers", [0.0, 1.0])
def test_stickers_cover_a_part_of_the_object(texture_folder, stickers):
    model = ObjectModel.from_mesh(make_mesh("bracket", 0))
    T = np.eye(4, dtype=np.float32)
    T[:3, 3] = np.array([0, 0, 0.6]) - model.centre_m
    K = crop_camera(np.eye(3), np.array([0, 0, 0.6]), model.diameter_m)
    clear = Defects(light=0.0, clutter=0.0, noise=0.0, stickers=stickers)
    textures = TextureLibrary.from_folder(texture_folder)
    marked = []
    for seed in range(8):
        seen = picture(np.random.default_rng(seed), EmbreeRenderer(model, 1), [], T, K, textures, clear)
        colours = seen.rgb[seen.shown]
        marked.append(float(np.mean(np.abs(colours - np.median(colours, axis=0)).max(axis=-1) > 0.1)))
    if stickers:
        assert min(marked) > 0.01 and max(marked) < 0.4
    else:
        assert max(marked) < 0.01
