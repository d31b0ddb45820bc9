"""Surfaces for meshes that bring none."""

import numpy as np
import pytest
from PIL import Image

from foundation_pose_ros import InputRefused, ObjectModel
from foundation_pose_ros.object_model.appearance import CornerColours, Texture
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.surface_textures import (
    TextureLibrary,
    drawn_surface,
    patches,
    plain_sides,
    projected,
)


@pytest.fixture(scope="module")
def bracket() -> ObjectModel:
    return ObjectModel.from_mesh(make_mesh("bracket", 0))


@pytest.fixture
def textures(tmp_path) -> TextureLibrary:
    Image.new("RGB", (300, 20), (10, 200, 30)).save(tmp_path / "green.png")
    Image.new("RGB", (20, 20), (200, 10, 30)).save(tmp_path / "red.png")
    (tmp_path / "index.csv").write_text("file,kind\ngreen.png,surface\nred.png,equirectangular\n", encoding="utf-8")
    return TextureLibrary.from_folder(tmp_path)


def test_a_library_gives_pictures_of_the_kinds_asked_for(textures):
    for seed in range(4):
        drawn = textures.drawn(np.random.default_rng(seed))
        assert max(drawn.shape) <= 192
        assert tuple(drawn[0, 0]) == (10, 200, 30)


def test_a_folder_without_index_or_pictures_is_refused(tmp_path):
    with pytest.raises(InputRefused):
        TextureLibrary.from_folder(tmp_path)
    (tmp_path / "index.csv").write_text("file,kind\n", encoding="utf-8")
    with pytest.raises(InputRefused):
        TextureLibrary.from_folder(tmp_path)


def test_opposite_sides_show_other_parts_of_a_picture(bracket):
    rng = np.random.default_rng(0)
    wrapped = projected(bracket, patches(rng), rng, 1.0)
    corners = bracket.vertices[bracket.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    up, down = (np.flatnonzero(side * normal[:, 2] > 0.9 * np.linalg.norm(normal, axis=1)) for side in (1, -1))
    middle = np.full((1, 2), 1 / 3, np.float32)
    above, below = (wrapped.sample(faces, np.repeat(middle, len(faces), 0), 1e-4) for faces in (up, down))
    assert np.abs(above.mean(axis=0) - below.mean(axis=0)).max() > 0.02


def test_plain_sides_have_at_most_six_colours(bracket):
    colours = plain_sides(bracket, np.random.default_rng(0)).corner_rgb
    assert 3 <= len(np.unique(colours.reshape(-1, 3), axis=0)) <= 6


def test_surfaces_are_drawn_by_the_seed(bracket, textures):
    kinds = set()
    for seed in range(60):  # of which a quarter or so have patches
        first, second = (drawn_surface(bracket, textures, np.random.default_rng(seed)) for _ in range(2))
        assert type(first) is type(second)
        kinds.add(type(first))
    assert kinds == {Texture, CornerColours}
