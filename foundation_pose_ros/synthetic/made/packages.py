"""Packages with a print of made-up colours and words: cartons, cans, bottles, jars, tubes, bags; 0.05 to 0.4 across."""

import colorsys
import string
from collections.abc import Callable

import numpy as np
import trimesh
from PIL import Image

from .. import drawing, prints
from ..generators import make_can, make_carton
from ..meshes import banded, printed_mesh, turned
from ..prints import GOODS, Imprint, Palette
from ..shapes import Shape, joined
from .parts import loft, turned_part

_PRINT_PX = 640
_LABELS = (prints.can_label, prints.bottle_label, prints.stripes)


def _carton(rng: np.random.Generator) -> trimesh.Trimesh:
    width, depth, height = rng.uniform(0.03, 0.25, 3)
    return make_carton((width, min(depth, 0.8 * width), height), _seed(rng), _imprint(rng))


def _can(rng: np.random.Generator) -> trimesh.Trimesh:
    radius = float(rng.uniform(0.02, 0.06))
    return make_can(radius, float(radius * np.exp(rng.uniform(np.log(0.6), np.log(5.0)))), _seed(rng), _imprint(rng))


def _bottle(rng: np.random.Generator) -> trimesh.Trimesh:
    imprint = _imprint(rng)
    r, height = rng.uniform(0.02, 0.045), rng.uniform(0.12, 0.28)
    neck = r * rng.uniform(0.3, 0.55)
    low, high, top = height * np.array([rng.uniform(0.05, 0.2), rng.uniform(0.45, 0.65), 0.88])
    s = np.linspace(0, 1, 12)
    foot = np.array([[0, 0.003], [0.8 * r, 0.0], [r, 0.006], [r, low]])
    label = np.stack([np.full(6, r), np.linspace(low, high, 6)], axis=1)
    shoulder = np.stack([r - (r - neck) * (3 * s**2 - 2 * s**3), high + (top - high) * s], axis=1)
    return _turned_print(rng, imprint, [foot], label, [shoulder], _lid(neck, 1.15 * neck, top, height))


def _jar(rng: np.random.Generator) -> trimesh.Trimesh:
    imprint = _imprint(rng)
    r, height = rng.uniform(0.025, 0.05), rng.uniform(0.06, 0.14)
    mouth = r * rng.uniform(0.75, 0.95)
    low, high, top = height * np.array([0.12, rng.uniform(0.6, 0.7), rng.uniform(0.76, 0.84)])
    foot = np.array([[0, 0.003], [0.85 * r, 0.0], [r, 0.006], [r, low]])
    label = np.stack([np.full(6, r), np.linspace(low, high, 6)], axis=1)
    shoulder = np.array([[r, high], [0.97 * r, 0.5 * (high + top)], [mouth, top]])
    return _turned_print(rng, imprint, [foot], label, [shoulder], _lid(mouth, min(1.08 * mouth, r), top, height))


def _tube(rng: np.random.Generator) -> trimesh.Trimesh:
    """Round at its cap, on which it stands, flat where it was filled."""
    imprint = _imprint(rng)
    r, height = rng.uniform(0.012, 0.03), rng.uniform(0.08, 0.2)
    s = np.linspace(0, 1, 16)
    body = loft(0.15 * height + 0.85 * height * s, r * (1 + 0.5 * s), r * (1 - 0.94 * s**1.3))
    cap = turned_part([(0.7 * r, 0), (0.75 * r, 0.13 * height), (0.95 * r, 0.15 * height)])
    return _wrapped(rng, imprint, body, cap)


def _bag(rng: np.random.Generator) -> trimesh.Trimesh:
    """A pillow: sealed flat at both ends, full in the middle."""
    imprint = _imprint(rng)
    half, height = rng.uniform(0.03, 0.09), rng.uniform(0.1, 0.26)
    s = np.linspace(0, 1, 25)
    full = np.clip(np.sin(np.pi * np.clip((s - 0.06) / 0.88, 0, 1)), 0, 1) ** rng.uniform(0.4, 0.8)
    thick = half * rng.uniform(0.25, 0.6)
    bag = loft(height * s, half * (1 - 0.12 * full), 0.03 * half + thick * full, power=2 + 0.6 * full)
    return _wrapped(rng, imprint, bag)


def _pouch(rng: np.random.Generator) -> trimesh.Trimesh:
    """A bag that stands on its folded bottom."""
    imprint = _imprint(rng)
    half, height = rng.uniform(0.04, 0.08), rng.uniform(0.1, 0.24)
    s = np.linspace(0, 1, 20)
    thick = half * rng.uniform(0.35, 0.6) * (1 - s) ** rng.uniform(0.5, 0.9)
    return _wrapped(rng, imprint, loft(height * s, half, 0.03 * half + thick, power=2.6))


def _gabled(rng: np.random.Generator) -> trimesh.Trimesh:
    """A carton of milk: square below, its top folded to a ridge."""
    imprint = _imprint(rng)
    half, height = rng.uniform(0.03, 0.05), rng.uniform(0.12, 0.24)
    deep = half * rng.uniform(0.8, 1.0)
    z = height * np.array([0, 0.3, 0.5, 0.74, 0.75, 0.9, 1.0])
    ridge = 0.05 * half
    box = loft(z, half, np.array([deep, deep, deep, deep, 0.98 * deep, ridge, ridge]), power=14)
    return _wrapped(rng, imprint, box)


def _turned_print(
    rng: np.random.Generator,
    imprint: Imprint,
    below: list[np.ndarray],
    label: np.ndarray,
    above: list[np.ndarray],
    lid: np.ndarray,
) -> trimesh.Trimesh:
    """Turn pieces of a profile (P, 2), one of which is printed, the lid in a colour of its own."""
    palette = imprint.colours(rng)
    body, cap = drawing.canvas(64, 16, palette.light), drawing.canvas(64, 16, palette.dark)
    wide, high = np.pi * 2 * label[0, 0], label[-1, 1] - label[0, 1]
    printed = _label(rng, imprint, wide, high)
    shape, image = turned(
        [*((part, body) for part in below), (label, printed), *((part, body) for part in above), (lid, cap)],
        printed.width,
        segments=64,
    )
    return printed_mesh("package", shape, image, rng)


def _lid(neck: float, radius: float, low: float, high: float) -> np.ndarray:
    """Profile of a lid on a neck, closed on top."""
    return np.array([[neck, low], [radius, low], [radius, low + 0.9 * (high - low)], [0.94 * radius, high], [0, high]])


def _wrapped(rng: np.random.Generator, imprint: Imprint, body: Shape, cap: Shape | None = None) -> trimesh.Trimesh:
    """Wrap a label about a body; what else there is has a plain colour."""
    height = float(np.ptp(body.vertices[:, 2]))
    # Both sides of what lies nearly flat.
    around = 2 * float(np.ptp(body.vertices[:, 0]))
    label = _label(rng, imprint, around, height)
    bands = [(label.height / label.width, label), (0.05, drawing.canvas(64, 8, imprint.colours(rng).dark))]
    image, ((low, high), plain) = banded(bands, label.width)
    parts = [body._replace(uv=body.uv * (1, high - low) + (0, low))]
    if cap is not None:
        parts.append(cap._replace(uv=np.tile([0.5, sum(plain) / 2], (len(cap.uv), 1))))
    return printed_mesh("package", joined(*parts), image, rng)


def _label(rng: np.random.Generator, imprint: Imprint, around: float, height: float) -> Image.Image:
    """Draw one of the labels that go once around, in these proportions."""
    draw = _LABELS[int(rng.integers(len(_LABELS)))]
    return draw(_PRINT_PX, int(np.clip(_PRINT_PX * height / around, 60, 2 * _PRINT_PX)), rng, imprint)


def _imprint(rng: np.random.Generator) -> Imprint:
    """Words and colours that no other package has."""
    brand = "".join(rng.choice(list(string.ascii_uppercase), int(rng.integers(3, 8))))
    hue = rng.random()
    palette = Palette(
        ground=_colour(hue, rng.uniform(0.2, 1), rng.uniform(0.3, 0.95)),
        accent=_colour(rng.random(), rng.uniform(0.4, 1), rng.uniform(0.6, 1)),
        dark=_colour(hue + rng.uniform(-0.1, 0.1), rng.uniform(0.3, 0.9), rng.uniform(0.1, 0.35)),
        light=_colour(rng.random(), rng.uniform(0, 0.2), rng.uniform(0.88, 1)),
    )
    return Imprint(brand, str(rng.choice(GOODS)), palette)


def _colour(hue: float, saturation: float, value: float) -> drawing.Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return int(255 * red), int(255 * green), int(255 * blue)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 31))


PACKAGES: dict[str, Callable[[np.random.Generator], trimesh.Trimesh]] = {
    "carton": _carton,
    "can": _can,
    "printed_bottle": _bottle,
    "jar": _jar,
    "tube": _tube,
    "bag": _bag,
    "pouch": _pouch,
    "gabled": _gabled,
}
