"""Families of made-up objects of any size: cartons, cans and turned bodies, in metres, z up, standing on z = 0."""

from collections.abc import Sequence

import numpy as np
import trimesh

from . import drawing, prints
from .meshes import carton, printed_mesh, turned
from .prints import NO_WISHES, Imprint

# A print has so many pixels along its longest side: what a camera sees of it from half a metre, twice.
_PRINT_PX = 640


def make_carton(size_m: tuple[float, float, float], seed: int = 0, imprint: Imprint = NO_WISHES) -> trimesh.Trimesh:
    """Make a printed carton of a width, depth and height; its six sides differ."""
    rng = np.random.default_rng([seed, 1])
    edge_m = min(0.0015, 0.05 * min(size_m))
    shape, image = carton(
        size_m, edge_m, _PRINT_PX / max(size_m), lambda sizes_px: prints.box_sides(sizes_px, rng, imprint)
    )
    return printed_mesh("carton", shape, image, rng)


def make_can(radius_m: float, height_m: float, seed: int = 0, imprint: Imprint = NO_WISHES) -> trimesh.Trimesh:
    """Make a can with flat ends, a rim at each, and a print around it."""
    rng = np.random.default_rng([seed, 2])
    metal = drawing.canvas(64, 16, (188, 190, 194))
    r, h, rim = radius_m, height_m, min(0.003, 0.1 * radius_m, 0.1 * height_m)
    base = np.array([[0, rim], [r - rim, rim], [r - rim, 0], [r, 0], [r, rim]])
    wall = np.stack([np.full(8, r), np.linspace(rim, h - rim, 8)], axis=1)
    lid = np.array([[r, h - rim], [r, h], [r - rim, h], [r - rim, h - rim], [0, h - rim]])
    width = 900
    height = int(np.clip(width * (h - 2 * rim) / (2 * np.pi * r), 60, width))
    label = prints.can_label(width, height, rng, imprint)
    shape, image = turned([(base, metal), (wall, label), (lid, metal)], width)
    return printed_mesh("can", shape, image, rng)


def make_turned(
    profile_m: Sequence[tuple[float, float]], seed: int = 0, imprint: Imprint = NO_WISHES
) -> trimesh.Trimesh:
    """Make a solid body of revolution from (radius, height) of its outside, bottom first; its ends are closed."""
    rng = np.random.default_rng([seed, 3])
    profile = np.array([(0.0, profile_m[0][1]), *profile_m, (0.0, profile_m[-1][1])])
    # What repeats a point, as a tip does, has no side there.
    apart = np.concatenate([[True], np.linalg.norm(np.diff(profile, axis=0), axis=1) > 1e-5])
    shape, image = turned([(profile[apart], prints.stripes(900, 450, rng, imprint))], 900, segments=72)
    return printed_mesh("turned", shape, image, rng)
