"""Surfaces for meshes that bring none: pictures, patches and plain sides, projected onto them from six directions."""

import csv
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ..arrays import Rgb
from ..errors import InputRefused
from ..object_model.appearance import Appearance, CornerColours, Texture
from ..object_model.model import ObjectModel

_INDEX = "index.csv"
_SIDES = 6
# Repeats of a picture over an object's diameter.
_REPEATS = (0.5, 3.0)
# Pictures are kept as large as a small crop can show them.
_LARGEST_PX = 192


class TextureLibrary:
    """Pictures of one folder with an index, `index.csv`, whose columns are file, kind and licence among others."""

    def __init__(self, paths: Sequence[Path], root: Path = Path()) -> None:
        """paths: of the pictures; root: of the folder that their names are relative to."""
        self._paths = list(paths)
        self._by_name = {path.relative_to(root).as_posix(): path for path in self._paths}
        self._read = lru_cache(maxsize=256)(_read)

    @classmethod
    def from_folder(cls, folder: str | Path, kinds: Sequence[str] = ("surface", "photo")) -> "TextureLibrary":
        """Take the pictures of these kinds; raises InputRefused where the folder has no index, or none of them."""
        root = Path(folder)
        if not (root / _INDEX).is_file():
            raise InputRefused("no_textures", f"{root} has no {_INDEX}: give the folder of a texture library")
        with (root / _INDEX).open(encoding="utf-8", newline="") as file:
            paths = [root / row["file"] for row in csv.DictReader(file) if row.get("kind") in kinds]
        if not paths:
            raise InputRefused("no_textures", f"{root / _INDEX} lists no picture of kind {' or '.join(kinds)}")
        return cls(paths, root)

    @property
    def names(self) -> list[str]:
        """Return the names of all pictures: their files, relative to the folder."""
        return list(self._by_name)

    def named(self, name: str) -> Rgb:
        """Return a picture (H, W, 3) uint8; raises InputRefused where there is none of that name."""
        if name not in self._by_name:
            raise InputRefused(
                "unknown_picture", f"no picture {name} in the texture library: take one of its index.csv"
            )
        return self._read(self._by_name[name])

    def drawn(self, rng: np.random.Generator) -> Rgb:
        """Draw a picture (H, W, 3) uint8."""
        return self._read(self._paths[int(rng.integers(len(self._paths)))])


def patches(rng: np.random.Generator, size: int = 64) -> np.ndarray:
    """Paint a picture (size, size, 3) uint8 of bars, discs and blocks, as prints look from afar."""
    picture = np.empty((size, size, 3), np.uint8)
    picture[:] = rng.integers(0, 256, 3)
    for _ in range(int(rng.integers(2, 9))):
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        a, b = (tuple(int(value) for value in rng.integers(0, size, 2)) for _ in range(2))
        kind = rng.integers(3)
        if kind == 0:
            cv2.rectangle(picture, a, b, colour, -1)
        elif kind == 1:
            cv2.circle(picture, a, int(rng.integers(2, size // 3)), colour, -1)
        else:
            cv2.line(picture, a, b, colour, int(rng.integers(1, 6)))
    return picture


def projected(model: ObjectModel, picture: Rgb, rng: np.random.Generator, repeats: float) -> Texture:
    """Wrap a picture (H, W, 3) uint8 about a model, on each of six sides from another place of it.

    repeats: how often it is repeated over the diameter.
    """
    corners = (model.vertices[model.faces] - model.centre_m) / model.diameter_m  # (F, 3, 3)
    side = _side(corners)
    along = _plane(corners, side // 2)  # (F, 3, 2)
    shift = rng.uniform(0, 1, (_SIDES, 2)).astype(np.float32)
    uv = along * np.float32(repeats) + shift[side][:, None]
    return Texture(picture, uv, corners * model.diameter_m)


def plain_sides(model: ObjectModel, rng: np.random.Generator) -> CornerColours:
    """Give each of six sides one colour of its own."""
    corners = model.vertices[model.faces] - model.centre_m
    colours = rng.uniform(0, 1, (_SIDES, 3)).astype(np.float32)
    return CornerColours(np.repeat(colours[_side(corners)][:, None], 3, axis=1))


def one_colour(model: ObjectModel, rng: np.random.Generator) -> CornerColours:
    """Give the whole surface a colour."""
    return one_colour_of(model, rng.uniform(0.05, 0.95, 3).astype(np.float32))


def one_colour_of(model: ObjectModel, colour: np.ndarray) -> CornerColours:
    """Give the whole surface this colour (3,) in 0..1."""
    return CornerColours(np.broadcast_to(colour, (len(model.faces), 3, 3)))


def drawn_surface(
    model: ObjectModel, textures: TextureLibrary, rng: np.random.Generator, own: float = 0.4
) -> Appearance:
    """Draw a surface for a model: its own where it has one, with this probability, else one of the others."""
    if model.appearance is not None and rng.random() < own:
        return model.appearance
    how = rng.random()
    if how < 0.45:
        return projected(model, textures.drawn(rng), rng, float(rng.uniform(*_REPEATS)))
    if how < 0.75:
        return projected(model, patches(rng), rng, float(rng.uniform(0.5, 1.2)))
    if how < 0.9:
        return plain_sides(model, rng)
    return one_colour(model, rng)


def _side(corners: np.ndarray) -> np.ndarray:
    """(F,) 0..5: the axis that each face looks along most, twice, and one more where it looks down it."""
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    axis = np.abs(normal).argmax(axis=1)
    return 2 * axis + (np.take_along_axis(normal, axis[:, None], axis=1)[:, 0] < 0)


def _plane(corners: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """(F, 3, 2): coordinates across each face's axis (F,)."""
    across = np.array([[1, 2], [0, 2], [0, 1]])[axis]  # (F, 2)
    return np.take_along_axis(corners, np.repeat(across[:, None], 3, axis=1), axis=2).astype(np.float32)


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        image.thumbnail((_LARGEST_PX, _LARGEST_PX))
        return np.asarray(image.convert("RGB"))
