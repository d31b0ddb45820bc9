"""Networks learn from pictures that were made before: the object is where they say, and only what is trained on."""

import numpy as np
import pytest

pytest.importorskip("pydantic", reason="descriptions of scenes need pydantic")

from foundation_pose_ros import InputRefused
from foundation_pose_ros.observation.compared_images import SIZE
from foundation_pose_ros.scenes.generation import dataset_in
from foundation_pose_ros.synthetic.mesh_library import MeshLibrary
from foundation_pose_ros.synthetic.surface_textures import TextureLibrary
from foundation_pose_ros.training.drawn_scenes import DrawnScene, DrawnSceneSettings
from foundation_pose_ros.training.mixed_scenes import scenes_of
from foundation_pose_ros.training.pictured_scene import PicturedScene
from foundation_pose_ros.training.pictured_scenes import PicturedScenes
from foundation_pose_ros.training.pose_sets import PoseSets, SetSettings

PLAINLY_SEEN = DrawnSceneSettings(plain=0.0, baked=0.0, pictured=1.0)


def test_the_object_is_where_the_scene_says(mesh_folder, pictures):
    scenes = PicturedScenes(pictures, MeshLibrary.from_folder(mesh_folder), PLAINLY_SEEN, seed=1)
    assert len(scenes) >= 4
    off = []
    for number in range(8):
        scene = scenes[number]
        crops = scene.crops(scene.T_true[None])
        seen, shown = crops.observed, crops.rendered[0]
        assert seen.shape == (6, SIZE, SIZE) and seen[:3].min() >= 0 and seen[:3].max() <= 1
        both = seen[3:].any(axis=0) & shown[3:].any(axis=0)
        assert both.mean() > 0.02
        off.append(np.median(np.abs(seen[5] - shown[5])[both]))
    # In radii; what stands before an object is farther off.
    assert np.median(off) < 0.05


def test_the_same_number_gives_the_same_view(mesh_folder, pictures):
    first, second = (PicturedScenes(pictures, MeshLibrary.from_folder(mesh_folder), PLAINLY_SEEN, seed=1) for _ in "ab")
    for number in (0, 3, 70):
        one, other = (scenes[number].crops(scenes[number].T_true[None]) for scenes in (first, second))
        np.testing.assert_array_equal(one.observed, other.observed)
        np.testing.assert_array_equal(one.rendered, other.rendered)


def test_meshes_that_are_held_out_are_not_looked_at(mesh_folder, pictures):
    library = MeshLibrary.from_folder(mesh_folder)
    used = {name for n in dataset_in(pictures).done() for name in dataset_in(pictures).library_meshes(n).values()}
    others = MeshLibrary(tuple(mesh for mesh in library.meshes if mesh.name not in used))
    with pytest.raises(InputRefused, match="no scene with meshes of the library"):
        PicturedScenes(pictures, others, PLAINLY_SEEN, seed=1)
    one = MeshLibrary(tuple(mesh for mesh in library.meshes if mesh.name == min(used)))
    assert (
        0
        < len(PicturedScenes(pictures, one, PLAINLY_SEEN, seed=1))
        < len(PicturedScenes(pictures, library, PLAINLY_SEEN, seed=1))
    )


def test_a_share_of_scenes_is_pictured(mesh_folder, texture_folder, pictures):
    libraries = MeshLibrary.from_folder(mesh_folder), TextureLibrary.from_folder(texture_folder)
    half = DrawnSceneSettings(pictured=0.5)
    scenes = scenes_of(*libraries, half, seed=0, pictures=str(pictures))
    kinds = [type(scenes[number]) for number in range(40)]
    assert {*kinds} == {DrawnScene, PicturedScene} and 10 < kinds.count(PicturedScene) < 30
    with pytest.raises(InputRefused, match="name the folder of pictures"):
        scenes_of(*libraries, half, seed=0)


def test_sets_are_made_of_pictures_as_of_drawn_scenes(mesh_folder, texture_folder, pictures):
    libraries = MeshLibrary.from_folder(mesh_folder), TextureLibrary.from_folder(texture_folder)
    drawn = SetSettings(pictured=1.0, proposed=0.5, tried=8)
    sets = PoseSets(scenes_of(*libraries, drawn, seed=0, pictures=str(pictures)), drawn)
    for number in range(6):
        one = sets[number]
        assert one.rendered.shape == (6, 6, SIZE, SIZE) and np.isfinite(one.rendered).all()
        assert one.error.min() < 0.15 and one.error.max() <= 0.5
