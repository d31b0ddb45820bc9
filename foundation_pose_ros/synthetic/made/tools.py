"""Tools and cutlery: a handle and a head of simple closed parts that lie in one another, about 1 long, no colours."""

from collections.abc import Callable

import numpy as np
import trimesh

from ..shapes import Shape, revolved, tube
from .parts import band, loft, placed, plain_mesh, rod, turned_part

_STEPS = 24
_FLAT = 8.0


def _hammer(rng: np.random.Generator) -> trimesh.Trimesh:
    """Its back a wedge, a ball, a second face, or claws."""
    r, half = rng.uniform(0.04, 0.075), rng.uniform(0.11, 0.2)
    face = loft(
        half * np.array([-0.3, 0.35, 0.5, 0.7, 0.75, 1.0]),
        r * np.array([0.95, 0.95, 0.7, 0.7, 1.0, 1.0]),
        r * np.array([0.85, 0.85, 0.7, 0.7, 1.0, 1.0]),
        np.array([4, 4, 2, 2, 2, 2]),
    )
    parts = [_handle(rng, 0.0, 1.0 + 0.9 * r), placed(face, (0, 0, 1), "y", 90)]
    back = int(rng.integers(4))
    if back == 0:
        wedge = loft(half * np.array([0, 0.4, 1.1]), r * np.array([0.9, 0.8, 0.12]), 0.85 * r, 4)
        parts.append(placed(wedge, (0, 0, 1), "y", -90))
    elif back == 1:
        parts += [placed(rod(0.65 * r, 0, half), (0, 0, 1), "y", -90), placed(_ball(0.9 * r), (-0.95 * half, 0, 1))]
    elif back == 2:
        parts.append(placed(face, (0, 0, 1), "y", -90))
    else:
        s = np.linspace(0, 1, 12)
        for side in (-1, 1):
            claw = loft(1.3 * half * s, r * (0.6 - 0.5 * s), 0.4 * r, 4, x=-r * s**2, y=side * r * (0.42 + 0.3 * s))
            parts.append(placed(claw, (0, 0, 1.0 + 0.1 * r), "y", -90))
    return plain_mesh(*parts)


def _screwdriver(rng: np.random.Generator) -> trimesh.Trimesh:
    grip, shaft = rng.uniform(0.3, 0.5), rng.uniform(0.016, 0.03)
    r = rng.uniform(0.055, 0.09)
    s = np.linspace(0, 1, 14)
    radius = r * np.interp(s, (0, 0.08, 0.6, 0.82, 0.92, 1), (0.75, 1, 0.95, 0.65, 0.8, 0.55))
    blade = loft([0.88, 0.93, 0.96, 1.0], shaft * np.array([1, 1.0, 1.4, 1.4]), shaft * np.array([1, 1, 0.6, 0.25]), 3)
    return plain_mesh(loft(grip * s, radius, radius, rng.uniform(2, 4)), rod(shaft, grip - 0.03, 0.9), blade)


def _spanner(rng: np.random.Generator) -> trimesh.Trimesh:
    """Each end a jaw or a ring, in the plane z = 0."""
    thick = rng.uniform(0.04, 0.07)
    r = rng.uniform(0.09, 0.14)
    first, second = float(r), float(r * rng.uniform(0.8, 1.1))
    bar = placed(loft([-0.5 + 0.8 * first, 0.5 - 0.8 * second], 0.36 * r, 0.35 * thick, 5), (0, 0, 0), "xy", (90, 0))
    ends = []
    for radius, side in ((first, -1), (second, 1)):
        head = _jaw(radius, thick) if rng.random() < 0.6 else _ring(radius, 0.62 * radius, thick, 6)
        ends.append(placed(head, (0, -side * 0.5, 0), "z", -90 * side + rng.choice((-15, 15))))
    return plain_mesh(bar, *ends)


def _spoon(rng: np.random.Generator) -> trimesh.Trimesh:
    """From a teaspoon to a ladle."""
    wide, deep = rng.uniform(0.08, 0.16), rng.uniform(0.25, 1.0)
    long = wide * rng.uniform(1.0, 1.6)
    rim = np.linspace(0.02, 1, 12)
    outer = np.column_stack([rim, deep * (rim**2 - 1)])
    inner = np.column_stack([rim[::-1] * 0.94, deep * (rim[::-1] ** 2 - 1) + 0.12])
    profile = np.concatenate([[[0, -deep]], outer, inner, [[0, 0.12 - deep]]])
    bowl = revolved(profile, np.linspace(0, 1, len(profile)), 40)
    bowl = bowl._replace(vertices=bowl.vertices * (long, wide, wide))
    s = np.linspace(0, 1, _STEPS)
    lift = rng.uniform(-0.05, 0.35) * s + 0.05 * np.sin(np.pi * s)
    half = np.interp(s, (0, 0.15, 0.6, 1), (0.03, 0.018, 0.025, 0.04)) * rng.uniform(0.8, 1.3)
    stem = loft(s * (1 - long), 0.014, half, 4, x=-lift)
    return plain_mesh(bowl, placed(stem, (0.94 * long, 0, 0.05 * wide), "y", 90))


def _fork(rng: np.random.Generator) -> trimesh.Trimesh:
    s = np.linspace(0, 1, _STEPS)
    count, half = int(rng.integers(2, 5)), rng.uniform(0.04, 0.08)
    bend = 0.08 * (1 - s) ** 2
    width = np.interp(s, (0, 0.12, 0.25, 0.7, 1), (half, 0.9 * half, 0.016, 0.025, 0.035))
    parts = [loft(0.25 + 0.75 * s, width, 0.011, 5, y=bend)]
    for x in np.linspace(-1, 1, count) * 0.85 * half:
        tine = np.linspace(0, 1, 8)
        parts.append(
            loft(0.3 * tine, 0.2 * half * tine**0.3 / (count / 3) + 0.002, 0.009, 4, x=x, y=0.14 - 0.06 * tine)
        )
    return plain_mesh(*parts)


def _knife(rng: np.random.Generator) -> trimesh.Trimesh:
    """A kitchen knife, a putty knife or a trowel, by the outline of its blade."""
    grip, wide = rng.uniform(0.3, 0.48), rng.uniform(0.03, 0.11)
    shapes = ((1, 1, 0.95, 0.7, 0.02), (0.4, 0.9, 1, 1, 1), (0.8, 1, 0.8, 0.45, 0.02))
    form = np.array(shapes[rng.integers(len(shapes))])
    z = np.linspace(grip - 0.02, 1, len(form))
    one_sided = rng.random() < 0.5
    blade = loft(z, wide * form, 0.006, 3, x=wide * (form - 1) if one_sided else 0.0)
    return plain_mesh(_handle(rng, 0.0, grip), blade)


def _brush(rng: np.random.Generator) -> trimesh.Trimesh:
    """A handle, a flat head, bristles below it."""
    grip, half = rng.uniform(0.35, 0.65), rng.uniform(0.03, 0.11)
    block = loft([grip - 0.04, grip, 1 - 0.03, 1], half * np.array([0.4, 1, 1, 0.8]), 0.03, 4)
    tall = rng.uniform(0.06, 0.2)
    long = 0.5 * (1 - grip) - 0.03
    bristles = loft([0, tall], 0.85 * half * np.array([1, 1.1]), long * np.array([1, 1.05]), _FLAT)
    return plain_mesh(_handle(rng, 0.0, grip), block, placed(bristles, (0, 0.02, 0.5 * (1 + grip)), "x", -90))


def _paint_brush(rng: np.random.Generator) -> trimesh.Trimesh:
    half, thick = rng.uniform(0.03, 0.15), rng.uniform(0.02, 0.035)
    ferrule = loft([0.52, 0.56, 0.7], np.array([0.03, half, half]), np.array([0.025, thick, thick]), (2, 5, 5))
    hair = loft([0.68, 0.85, 1.0], half * np.array([0.95, 1.05, 0.9]), thick * np.array([0.9, 0.9, 0.3]), 5)
    return plain_mesh(_handle(rng, 0.0, 0.55), ferrule, hair)


def _spatula(rng: np.random.Generator) -> trimesh.Trimesh:
    half, grip = rng.uniform(0.06, 0.14), rng.uniform(0.3, 0.45)
    s = np.linspace(0, 1, 10)
    plate = loft(0.72 + 0.28 * s, half * np.interp(s, (0, 0.25, 1), (0.3, 1, 1.1)), 0.007, 5, y=0.1 * s**2)
    return plain_mesh(_handle(rng, 0.0, grip), loft([grip - 0.02, 0.75], 0.02, 0.01, 3), plate)


def _pliers(rng: np.random.Generator) -> trimesh.Trimesh:
    """Two arms that cross at a pivot, open a little."""
    s = np.linspace(0, 1, _STEPS)
    apart, jaw = rng.uniform(0.1, 0.2), rng.uniform(0.2, 0.38)
    pivot = 1 - jaw
    z = np.concatenate([pivot * s[:-1], pivot + jaw * s])
    x = np.interp(z, (0, 0.4 * pivot, 0.85 * pivot, pivot, 1), (apart, 0.9 * apart, 0.4 * apart, 0, -0.045))
    half = np.interp(z, (0, 0.7 * pivot, pivot, pivot + 0.15 * jaw, 1), (0.03, 0.028, 0.045, 0.055, 0.02))
    arm = loft(z, half, 0.025, 3, x=x, y=0.012)
    pin = placed(rod(0.035, -0.05, 0.05), (0, 0, pivot), "x", 90)
    return plain_mesh(arm, placed(arm, (0, 0, 0), "z", 180), pin)


def _scissors(rng: np.random.Generator) -> trimesh.Trimesh:
    """Blades and finger rings in the plane z = 0, open by an angle."""
    angle, ring = rng.uniform(4, 25), rng.uniform(0.09, 0.13)
    parts = [rod(0.025, -0.02, 0.02)]
    for side in (-1, 1):
        blade = loft([-0.3, 0, 0.1, 0.5], [0.02, 0.035, 0.035, 0.004], 0.008, 4, y=side * 0.007)
        parts.append(placed(blade, (0, 0, 0), "xz", (-90, side * angle)))
        eye = placed(_ring(ring, 0.7 * ring, 0.035, 32), (-side * 0.75 * ring, -0.28 - ring, 0))
        parts.append(placed(eye, (0, 0, 0), "z", side * angle))
    return plain_mesh(*parts)


def _hex_key(rng: np.random.Generator) -> trimesh.Trimesh:
    """A rod bent once, of six sides or round."""
    r, short, bend = rng.uniform(0.015, 0.04), rng.uniform(0.2, 0.5), rng.uniform(0.05, 0.1)
    turn = np.linspace(0, np.pi / 2, 10)[:, None]
    corner = bend * np.hstack([1 - np.cos(turn), 0 * turn, np.sin(turn)])
    path = np.concatenate([[[0, 0, -1 + bend]], corner, [[short, 0, bend]]])
    return plain_mesh(tube(path, np.array([0.0, 1.0, 0.0]), (r, r), (0.0, 0.0)))


def _clamp(rng: np.random.Generator) -> trimesh.Trimesh:
    """A C of cast iron, a screw through one end with a bar to turn it."""
    deep, wide, thick = rng.uniform(0.3, 0.6), rng.uniform(0.06, 0.1), rng.uniform(0.04, 0.09)
    inner = np.array([(deep, 0.35), (0, 0.35), (0, -0.35), (deep, -0.35)])
    outer = np.array([(deep, 0.35 + wide), (-wide, 0.35 + wide), (-wide, -0.35 - wide), (deep, -0.35 - wide)])
    frame = placed(band(_between(inner), _between(outer), thick), (0, 0, 0), "x", 90)
    x, screw = deep - 1.2 * wide, rng.uniform(-0.25, 0.2)
    spindle = turned_part([(0.055, screw), (0.055, screw + 0.04), (0.025, screw + 0.05), (0.025, screw + 0.75)])
    bar = placed(rod(0.014, -0.14, 0.14), (x, 0, screw + 0.71), "x", 90)
    return plain_mesh(frame, placed(spindle, (x, 0, 0)), bar)


def _handle(rng: np.random.Generator, low: float, high: float) -> Shape:
    """A grip that the hand fills, flatter or rounder, from one height to another."""
    s = np.linspace(0, 1, _STEPS)
    forms = ((0.9, 1, 1, 0.8, 0.7), (1.1, 0.85, 1.05, 0.75, 0.6), (0.6, 1, 1.05, 0.6, 0.7), (1, 1, 1, 1, 1))
    half = rng.uniform(0.03, 0.05) * np.interp(s, (0, 0.2, 0.45, 0.75, 1), forms[rng.integers(len(forms))])
    # The end is rounded over.
    half[0] *= 0.7
    return loft(low + (high - low) * s, half, half * rng.uniform(0.6, 1.0), rng.uniform(2, 4))


def _ball(radius: float) -> Shape:
    polar = np.linspace(-np.pi / 2, np.pi / 2, 17)[1:-1]
    return turned_part(radius * np.column_stack([np.cos(polar), np.sin(polar)]))


def _ring(radius: float, hole: float, thickness: float, corners: int) -> Shape:
    """A flat ring in the plane z = 0, whose hole has so many corners."""
    angle = np.linspace(0, 2 * np.pi, 97)
    angle[-1] = 0
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    sector = 2 * np.pi / corners
    flat = np.cos(sector / 2) / np.cos(angle % sector - sector / 2)
    return band(hole * flat[:, None] * circle, radius * circle, thickness)


def _jaw(radius: float, thickness: float) -> Shape:
    """A head in the plane z = 0, open towards +x between two parallel flats."""
    gap = 0.5 * radius
    begin = np.arcsin(gap / radius)
    angle = np.linspace(begin, 2 * np.pi - begin, 61)
    outer = radius * np.column_stack([np.cos(angle), np.sin(angle)])
    tip = outer[0, 0]
    inner = np.array([(tip, gap), (-0.35 * radius, gap), (-0.35 * radius, -gap), (tip, -gap)])
    # The flats begin within the tips, so that these have a width.
    inner[:, 1] *= 0.999
    outer *= 1 + 0.25 * np.abs(np.cos(angle[:, None] / 2)) ** 4
    return band(_between(inner, 61), outer, thickness)


def _between(corners: np.ndarray, count: int = 31) -> np.ndarray:
    """Points (count, 2) evenly along a line through corners (C, 2)."""
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    at = np.linspace(0, along[-1], count)
    return np.column_stack([np.interp(at, along, corners[:, axis]) for axis in range(2)])


TOOLS: dict[str, Callable[[np.random.Generator], trimesh.Trimesh]] = {
    "hammer": _hammer,
    "screwdriver": _screwdriver,
    "spanner": _spanner,
    "spoon": _spoon,
    "fork": _fork,
    "knife": _knife,
    "brush": _brush,
    "paint_brush": _paint_brush,
    "spatula": _spatula,
    "pliers": _pliers,
    "scissors": _scissors,
    "hex_key": _hex_key,
    "clamp": _clamp,
}
