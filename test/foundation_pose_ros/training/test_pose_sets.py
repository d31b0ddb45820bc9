"""Sets of poses to choose from: the same for the same number, and errors only where they show."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.observation.compared_images import SIZE, crop_camera
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.synthetic.mesh_library import MeshLibrary
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.surface_textures import TextureLibrary
from foundation_pose_ros.training.mixed_scenes import scenes_of
from foundation_pose_ros.training.pose_sets import PoseSets, SetSettings, distinguishable
from foundation_pose_ros.training.wrong_poses import (
    Jitter,
    distance,
    laid_on_depth,
    principal_axes,
    turned,
    wrong_turns,
)


def pose_sets(mesh_folder: Path, texture_folder: Path, drawn: SetSettings, seed: int = 3) -> PoseSets:
    libraries = MeshLibrary.from_folder(mesh_folder), TextureLibrary.from_folder(texture_folder)
    return PoseSets(scenes_of(*libraries, drawn, seed), drawn)


@pytest.fixture(scope="module")
def sets(mesh_folder: Path, texture_folder: Path) -> PoseSets:
    return pose_sets(mesh_folder, texture_folder, SetSettings())


def test_the_same_number_gives_the_same_set(sets, mesh_folder, texture_folder):
    again = pose_sets(mesh_folder, texture_folder, SetSettings())
    first, second, other = sets[70], again[70], sets[71]
    for name in ("rendered", "observed", "error"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert not np.array_equal(first.observed, other.observed)


def test_every_set_has_a_pose_that_is_right_and_pictures_of_it(sets):
    for number in range(12):
        one = sets[number]
        assert one.rendered.shape == (6, 6, SIZE, SIZE)
        assert one.observed.shape == (6, SIZE, SIZE)
        assert np.isfinite(one.rendered).all() and np.isfinite(one.observed).all()
        assert (one.observed[:3] >= 0).all() and (one.observed[:3] <= 1).all()
        assert one.error.min() < 0.12
        assert one.error.max() <= 0.5


def test_most_sets_have_something_to_tell(sets):
    apart = [np.ptp(sets[number].error) > 0.2 for number in range(24)]
    assert np.mean(apart) > 0.6


def test_where_nothing_is_in_the_way_the_right_rendering_fits_the_picture(mesh_folder, texture_folder):
    clear = SetSettings(jitter=Jitter(0.0, 0.0), plain=0.0)
    clear = replace(clear, defects=replace(clear.defects, clutter=0.0, noise=0.0, light=0.0))
    sets = pose_sets(mesh_folder, texture_folder, clear, seed=1)
    for number in range(6):
        one = sets[number]
        best = one.rendered[int(one.error.argmin())]
        both = best[3:].any(axis=0) & one.observed[3:].any(axis=0)
        assert np.median(np.abs(best[5] - one.observed[5])[both]) < 0.03


def test_a_scanners_light_changes_colours_of_renderings_alone(mesh_folder, texture_folder):
    folders = mesh_folder, texture_folder
    true, baked = (pose_sets(*folders, SetSettings(plain=0.0, baked=share), seed=2) for share in (0.0, 1.0))
    for number in range(4):
        one, other = true[number], baked[number]
        for name in ("observed", "error"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        np.testing.assert_array_equal(one.rendered[:, 3:], other.rendered[:, 3:])
        change = np.abs(one.rendered[:, :3] - other.rendered[:, :3])
        assert 0.01 < change.max() < 0.35


def seen(name: str) -> tuple[EmbreeRenderer, np.ndarray, np.ndarray]:
    """A made-up object, its pose and the camera of a crop about it."""
    model = ObjectModel.from_mesh(make_mesh(name, 0), name=name)
    R = np.array([[1, 0, 0], [0, -0.5, -0.866], [0, 0.866, -0.5]])
    T = se3.from_rotation_translation(R[None], (np.array([0, 0, 0.6]) - R @ model.centre_m)[None])[0]
    K = crop_camera(np.eye(3), np.array([0, 0, 0.6]), model.diameter_m)
    return EmbreeRenderer(model, 1), T.astype(np.float32), K


def test_a_turn_counts_only_where_it_shows():
    half = np.diag([-1.0, -1.0, 1.0])[None]
    for name, coloured, shows in (("sticker_cube", True, True), ("sticker_cube", False, False), ("mug", False, True)):
        renderer, T, K = seen(name)
        T_turned = turned(T, half, renderer.model.centre_m).astype(np.float32)
        apart = distinguishable(renderer, T_turned, T, K, plain=not coloured)
        assert (apart[0] > 0.9) if shows else (apart[0] < 0.1), (name, coloured)


def test_poses_are_laid_on_what_is_seen():
    renderer, T, K = seen("bracket")
    pushed = T.copy()
    pushed[:3, 3] += (0.01, -0.008, 0.02)
    laid = laid_on_depth(pushed[None], T, K, SIZE, renderer)[0]
    assert np.linalg.norm(laid[:3, 3] - T[:3, 3]) < 0.3 * np.linalg.norm(pushed[:3, 3] - T[:3, 3])


def test_poses_stay_where_nothing_is_seen():
    renderer, T, K = seen("bracket")
    aside = T.copy()
    aside[0, 3] += 5
    np.testing.assert_array_equal(laid_on_depth(T[None], aside, K, SIZE, renderer), T[None])


def test_wrong_turns_are_rotations_and_axes_those_of_the_shape():
    model = ObjectModel.from_mesh(make_mesh("bottle", 0))
    axes = principal_axes(model)
    assert abs(axes[2] @ (0, 0, 1)) > 0.99
    turns = wrong_turns(np.random.default_rng(0), 64, axes)
    np.testing.assert_allclose(turns @ turns.transpose(0, 2, 1), np.broadcast_to(np.eye(3), turns.shape), atol=1e-9)
    assert np.allclose(np.linalg.det(turns), 1)


def test_jitter_stays_within_its_limits():
    renderer, T, _ = seen("bracket")
    model = renderer.model
    moved = Jitter(0.02, 0.1).drawn(np.random.default_rng(0), np.repeat(T[None], 200, axis=0), model)
    assert np.rad2deg(se3.rotation_angle_rad(moved[:, :3, :3], T[:3, :3])).max() < np.rad2deg(0.1) + 1e-3
    assert distance(moved, T, model.centre_m[None]).max() <= 0.02 * model.diameter_m + 1e-6
