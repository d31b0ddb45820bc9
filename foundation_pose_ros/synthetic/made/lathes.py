"""Bodies that a lathe or a potter's wheel makes: a profile turned about an axis, some hollow, some with handles.

All are about 1 high or wide, without colours; profiles are (radius, z), the outside first, from the bottom.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import trimesh
from scipy.interpolate import PchipInterpolator

from ..shapes import Shape, revolved, tube
from .parts import plain_mesh, turned_part

_STEPS = 28
_SEGMENTS = 56


def _bottle(rng: np.random.Generator) -> trimesh.Trimesh:
    body, neck = rng.uniform(0.12, 0.28), rng.uniform(0.04, 0.09)
    shoulder = rng.uniform(0.45, 0.7)
    waist = body * rng.uniform(0.8, 1.02)
    outside = _smooth(
        (0, 0.03, 0.5 * shoulder, shoulder, rng.uniform(0.78, 0.86), 0.9), (0.9 * body, body, waist, body, neck, neck)
    )
    cap = neck * rng.uniform(1.05, 1.6)
    return plain_mesh(turned_part([*outside, (cap, 0.9), (cap, 0.99), (0.9 * cap, 1.0)]))


def _bowl(rng: np.random.Generator) -> trimesh.Trimesh:
    foot, rim, height = rng.uniform(0.15, 0.3), rng.uniform(0.42, 0.5), rng.uniform(0.12, 0.55)
    belly = rim * rng.uniform(0.75, 1.02)
    outside = _smooth((0, 0.06 * height, 0.5 * height, height), (foot, foot, belly, rim))
    return plain_mesh(_hollow(outside, rng.uniform(0.015, 0.04), 0.12 * height))


def _cup(rng: np.random.Generator) -> trimesh.Trimesh:
    """Up to two handles; without, a beaker."""
    foot, rim = rng.uniform(0.25, 0.4, 2)
    middle = 0.5 * (foot + rim) * rng.uniform(0.95, 1.12)
    wall = float(rng.uniform(0.02, 0.04))
    outside = _smooth((0, 0.5, 1.0), (foot, middle, rim))
    parts = [_hollow(outside, wall, 0.05)]
    low, high = rng.uniform(0.12, 0.3), rng.uniform(0.65, 0.85)
    reach, thick = rng.uniform(0.15, 0.3), rng.uniform(0.25, 0.45) * wall + 0.02
    for side in range(int(rng.integers(3))):
        parts.append(_grip(outside, (low, high), wall / 2, reach, (thick, thick * rng.uniform(1, 1.8)), side == 1))
    return plain_mesh(*parts)


def _jug(rng: np.random.Generator) -> trimesh.Trimesh:
    """A belly, a neck that opens upwards, and a handle at the neck."""
    belly, neck = rng.uniform(0.25, 0.38), rng.uniform(0.13, 0.2)
    rim = neck * rng.uniform(1.05, 1.5)
    outside = _smooth((0, 0.35, 0.75, 1.0), (rng.uniform(0.5, 0.8) * belly, belly, neck, rim))
    thick = rng.uniform(0.02, 0.035)
    grip = _grip(outside, (rng.uniform(0.35, 0.5), 0.9), 0.015, rng.uniform(0.18, 0.3), (thick, 1.4 * thick))
    return plain_mesh(_hollow(outside, 0.03, 0.05), grip)


def _knob(rng: np.random.Generator) -> trimesh.Trimesh:
    flange, stem, head = rng.uniform(0.25, 0.5), rng.uniform(0.1, 0.2), rng.uniform(0.3, 0.5)
    neck, top = rng.uniform(0.2, 0.4), rng.uniform(0.7, 1.0)
    crown = _smooth((neck, 0.5 * (neck + top), 0.9 * top, top), (stem, head, 0.8 * head, 0.25 * head))
    return plain_mesh(turned_part([(flange, 0), (flange, 0.06), (stem, 0.1), *crown]))


def _spindle(rng: np.random.Generator) -> trimesh.Trimesh:
    """Beads, coves and steps by turns, as legs of chairs have them."""
    count = int(rng.integers(4, 9))
    ends = np.concatenate([[0], np.sort(rng.uniform(0.08, 0.92, count - 1)), [1]])
    slim = rng.uniform(0.05, 0.12)
    profile: list[tuple[float, float]] = []
    for low, high in pairwise(ends.tolist()):
        a, middle, b = slim * rng.uniform(0.5, 2.2, 3)
        if rng.random() < 0.4:
            profile += [(a, low), (a, high)]
        else:
            profile += _smooth((low, 0.5 * (low + high), high), (a, middle, b))
    return plain_mesh(turned_part(profile))


def _goblet(rng: np.random.Generator) -> trimesh.Trimesh:
    foot, stem, rim = rng.uniform(0.2, 0.32), rng.uniform(0.025, 0.06), rng.uniform(0.2, 0.32)
    start = rng.uniform(0.35, 0.6)
    heights = (0, 0.02, 0.07, start, start + 0.1, 0.5 * (start + 1.1), 1.0)
    outside = _smooth(heights, (foot, foot, stem, stem, 0.6 * rim, rim * rng.uniform(1.0, 1.2), rim))
    return plain_mesh(_hollow(outside, 0.018, start + 0.05))


def _plate(rng: np.random.Generator) -> trimesh.Trimesh:
    height = rng.uniform(0.05, 0.12)
    well = rng.uniform(0.25, 0.38)
    outside = _smooth((0, 0.15 * height, 0.6 * height, height), (well, 1.02 * well, well + 0.05, 0.5))
    return plain_mesh(_hollow(outside, rng.uniform(0.012, 0.02), 0.25 * height))


def _lidded(rng: np.random.Generator) -> trimesh.Trimesh:
    """A jar or pot with a lid, a knob on it."""
    foot, belly, mouth = rng.uniform(0.2, 0.4), rng.uniform(0.3, 0.45), rng.uniform(0.2, 0.35)
    body = _smooth((0, rng.uniform(0.25, 0.45), 0.7), (foot, belly, mouth))
    lid = _smooth((0.74, 0.8, 0.84), (1.08 * mouth, 0.8 * mouth, 0.2 * mouth))
    knob = _smooth((0.85, 0.92, 0.97, 1.0), (0.05, rng.uniform(0.06, 0.12), 0.07, 0.02))
    return plain_mesh(turned_part([*body, (1.08 * mouth, 0.7), *lid, *knob]))


def _smooth(heights: Sequence[float], radii: Sequence[float]) -> list[tuple[float, float]]:
    """Points of a smooth outside through a few, which bulges no further than they do."""
    z = np.linspace(heights[0], heights[-1], _STEPS)
    return list(zip(PchipInterpolator(heights, radii)(z).tolist(), z.tolist(), strict=True))


def _hollow(outside: list[tuple[float, float]], wall: float, floor: float) -> Shape:
    """Turn a vessel: its inside lies a wall's thickness within the outside, down to the height of its floor."""
    outer = np.array(outside)
    z = np.linspace(outer[-1, 1], floor, _STEPS)
    inner = np.stack([np.interp(z, outer[:, 1], outer[:, 0]) - wall, z], axis=1)
    inner[:, 0] = np.maximum(inner[:, 0], 0.01)
    closed = np.concatenate([[[0, outer[0, 1]]], outer, inner, [[0, floor]]])
    return revolved(closed, np.linspace(0, 1, len(closed)), _SEGMENTS)


def _grip(
    outside: list[tuple[float, float]],
    heights: tuple[float, float],
    depth: float,
    reach: float,
    half_widths: tuple[float, float],
    opposite: bool = False,
) -> Shape:
    """Bend a handle between two heights; its ends lie so deep in the wall, and it stands out so far."""
    outer, (low, high) = np.array(outside), heights
    sweep = np.linspace(-np.pi / 2, np.pi / 2, _STEPS)
    z = 0.5 * (low + high) + 0.5 * (high - low) * np.sin(sweep)
    ends = np.interp((low, high), outer[:, 1], outer[:, 0]) - depth
    x = np.interp(z, (low, high), ends) + reach * np.cos(sweep)
    side = -1.0 if opposite else 1.0
    path = np.stack([side * x, np.zeros(_STEPS), z], axis=1)
    return tube(path, np.array([0.0, side, 0.0]), half_widths, (0.0, 0.0))


LATHES: dict[str, Callable[[np.random.Generator], trimesh.Trimesh]] = {
    "bottle": _bottle,
    "bowl": _bowl,
    "cup": _cup,
    "jug": _jug,
    "knob": _knob,
    "spindle": _spindle,
    "goblet": _goblet,
    "plate": _plate,
    "lidded": _lidded,
}
