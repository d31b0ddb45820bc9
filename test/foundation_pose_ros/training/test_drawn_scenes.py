"""Drawn scenes of made-up objects: none where none are asked for, and the rest of a scene as it would be."""

from pathlib import Path

import numpy as np
import pytest

from foundation_pose_ros.observation.compared_images import SIZE
from foundation_pose_ros.synthetic.made.objects import DIAMETERS_M
from foundation_pose_ros.synthetic.mesh_library import MeshLibrary
from foundation_pose_ros.synthetic.surface_textures import TextureLibrary
from foundation_pose_ros.training.drawn_scenes import DrawnScenes, DrawnSceneSettings
from foundation_pose_ros.training.mixed_scenes import Scenes, scenes_of
from foundation_pose_ros.training.pose_sets import PoseSets, SetSettings
from foundation_pose_ros.training.step_sets import StepSets, StepSettings
from test.foundation_pose_ros.training.conftest import DESIGNS

SEED = 3


@pytest.fixture(scope="module")
def libraries(mesh_folder: Path, texture_folder: Path) -> tuple[MeshLibrary, TextureLibrary]:
    return MeshLibrary.from_folder(mesh_folder), TextureLibrary.from_folder(texture_folder)


def names(scenes: Scenes, numbers: range) -> list[str]:
    return [scenes[number].shown.model.name for number in numbers]


def of_library(name: str) -> bool:
    return name.rsplit("_", 1)[0] in DESIGNS


def test_a_share_is_made_and_library_meshes_stay_in_their_places(libraries):
    none, half, all_made = (
        names(DrawnScenes(*libraries, DrawnSceneSettings(made=share), SEED), range(56, 72)) for share in (0.0, 0.5, 1.0)
    )
    assert all(map(of_library, none))
    assert not any(map(of_library, all_made))
    assert 2 <= sum(map(of_library, half)) <= 14
    assert all(a == b for a, b in zip(half, none, strict=True) if of_library(a))


def test_made_objects_are_the_same_for_the_same_number_and_others_in_another_block(libraries):
    first, again = (DrawnScenes(*libraries, DrawnSceneSettings(made=1.0), SEED) for _ in range(2))
    for number in (5, 70):
        np.testing.assert_array_equal(first[number].shown.model.vertices, again[number].shown.model.vertices)
    seen = [{first[number].shown.model.diameter_m for number in range(start, start + 8)} for start in (0, 64)]
    assert not seen[0] & seen[1]


def test_sets_of_made_objects_have_what_others_have(libraries):
    drawn, moved = SetSettings(made=1.0), StepSettings(made=1.0)
    scenes = scenes_of(*libraries, drawn, SEED)
    poses = PoseSets(scenes, drawn)
    steps = StepSets(scenes_of(*libraries, moved, SEED), moved)
    for number in range(6):
        for one in (poses[number], steps[number]):
            assert one.rendered.shape == (6, 6, SIZE, SIZE) and one.observed.shape == (6, SIZE, SIZE)
            assert np.isfinite(one.rendered).all() and np.isfinite(one.observed).all()
            assert one.rendered[:, 3:].any(axis=(1, 2, 3)).all()
        assert poses[number].error.min() < 0.12
        diameter_m = scenes[number].shown.model.diameter_m
        assert DIAMETERS_M[0] * 0.999 < diameter_m < DIAMETERS_M[1] * 1.001
