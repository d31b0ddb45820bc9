"""Textured household objects made from a seed: meshes for scenes where no model files are at hand.

All are in metres, stand on z = 0 with z up, and carry plain albedo: light and shadow belong to the scene.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import trimesh
from PIL import Image
from trimesh.visual import TextureVisuals
from trimesh.visual.material import SimpleMaterial

from ..errors import InputRefused
from . import drawing, prints
from .prints import NO_WISHES, Imprint
from .shapes import Shape, bent_plate, box_side_size_m, joined, revolved, rounded_box, tube


@dataclass(frozen=True)
class MeshDesign:
    """One kind of object: how it is built, how glossy it is (0 matt to 1 glazed), and what it is, in words."""

    build: Callable[[np.random.Generator, Imprint], tuple[Shape, Image.Image]]
    gloss: float
    description: str


def make_mesh(name: str, seed: int = 0, imprint: Imprint = NO_WISHES) -> trimesh.Trimesh:
    """Build one object of `DESIGNS`; the seed chooses its colours and words where none are wanted, never its size.

    Raises InputRefused("unknown_object") for a name that isn't there.
    """
    if name not in DESIGNS:
        raise InputRefused("unknown_object", f"no made-up object is called {name!r}: choose from {', '.join(DESIGNS)}")
    rng = np.random.default_rng([seed, *name.encode()])
    return printed_mesh(name, *DESIGNS[name].build(rng, imprint), rng)


def printed_mesh(name: str, shape: Shape, image: Image.Image, rng: np.random.Generator) -> trimesh.Trimesh:
    """Return a shape, put on z = 0, with its print a little mottled."""
    vertices = shape.vertices - [0, 0, shape.vertices[:, 2].min()]
    material = SimpleMaterial(image=drawing.mottled(image, rng))
    return trimesh.Trimesh(
        vertices,
        shape.faces,
        visual=TextureVisuals(uv=shape.uv, material=material),
        process=False,
        metadata={"name": name},
    )


def carton(
    extents_m: tuple[float, float, float],
    edge_radius_m: float,
    pixels_per_m: float,
    draw: Callable[[dict[str, tuple[int, int]]], dict[str, Image.Image]],
) -> tuple[Shape, Image.Image]:
    """Make a rounded box with a print on each side, packed in two rows of one texture."""
    sizes_px = {}
    for side in ("front", "left", "back", "right", "top", "bottom"):
        width, height = box_side_size_m(side, extents_m)
        sizes_px[side] = (round(width * pixels_per_m), round(height * pixels_per_m))
    images = draw(sizes_px)
    rows = (("front", "left", "back", "right"), ("top", "bottom"))
    atlas_width = max(sum(sizes_px[side][0] for side in row) for row in rows)
    atlas_height = sum(max(sizes_px[side][1] for side in row) for row in rows)
    atlas = Image.new("RGB", (atlas_width, atlas_height))
    side_uv, y = {}, 0
    for row in rows:
        x = 0
        for side in row:
            width, height = sizes_px[side]
            atlas.paste(images[side], (x, y))
            # A pixel of margin keeps the filter from blending a neighbour's print in.
            left, right = (x + 1) / atlas_width, (x + width - 1) / atlas_width
            bottom, top = 1 - (y + height - 1) / atlas_height, 1 - (y + 1) / atlas_height
            side_uv[side] = (left, bottom, right, top)
            x += width
        y += max(sizes_px[side][1] for side in row)
    return rounded_box(extents_m, edge_radius_m, side_uv), atlas


def _cracker_box(rng: np.random.Generator, imprint: Imprint) -> tuple[Shape, Image.Image]:
    return carton((0.16, 0.06, 0.21), 0.0015, 2600, lambda sizes_px: prints.box_sides(sizes_px, rng, imprint))


def _book(rng: np.random.Generator, imprint: Imprint) -> tuple[Shape, Image.Image]:
    return carton((0.14, 0.20, 0.032), 0.002, 2400, lambda sizes_px: prints.book_sides(sizes_px, rng, imprint))


def _sticker_cube(rng: np.random.Generator, imprint: Imprint) -> tuple[Shape, Image.Image]:
    # 54 stickers, nine of each colour, in an order that no turn of the cube maps onto itself.
    stickers = rng.permutation(np.repeat(np.arange(6), 9)).reshape(6, 3, 3)

    def draw(sizes_px: dict[str, tuple[int, int]]) -> dict[str, Image.Image]:
        return {side: prints.cube_side(size[0], stickers[k]) for k, (side, size) in enumerate(sizes_px.items())}

    return carton((0.06, 0.06, 0.06), 0.003, 4200, draw)


def banded(bands: list[tuple[float, Image.Image]], width: int) -> tuple[Image.Image, list[tuple[float, float]]]:
    """Stack images bottom-up into one texture of equal widths; gives each band's (v at its bottom, v at its top)."""
    heights = [max(round(share * width), 4) for share, _ in bands]
    total = sum(heights)
    texture = Image.new("RGB", (width, total))
    spans, bottom = [], 0
    for (_, image), height in zip(bands, heights, strict=True):
        texture.paste(image.resize((width, height), Image.Resampling.LANCZOS), (0, total - bottom - height))
        spans.append(((bottom + 1) / total, (bottom + height - 1) / total))
        bottom += height
    return texture, spans


def turned(parts: list[tuple[np.ndarray, Image.Image]], width: int, segments: int = 96) -> tuple[Shape, Image.Image]:
    """Make a body of revolution from consecutive pieces of profile (P, 2), each with its own print around it."""
    bands = []
    for profile, image in parts:
        length = np.linalg.norm(np.diff(profile, axis=0), axis=1).sum()
        circumference = 2 * np.pi * profile[:, 0].max()
        bands.append((min(length / circumference, 1.0), image))
    texture, spans = banded(bands, width)
    shapes = []
    for (profile, _), (low, high) in zip(parts, spans, strict=True):
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(profile, axis=0), axis=1))])
        shapes.append(revolved(profile, low + (high - low) * along / along[-1], segments))
    return joined(*shapes), texture


def _soda_can(rng: np.random.Generator, imprint: Imprint) -> tuple[Shape, Image.Image]:
    metal, dark = drawing.canvas(64, 16, (188, 190, 194)), drawing.canvas(64, 8, (150, 152, 158))
    label = prints.can_label(1100, 640, rng, imprint)
    base = np.array([[0, 0.008], [0.018, 0.006], [0.023, 0.001], [0.0245, 0.0], [0.0265, 0.001], [0.032, 0.008]])
    wall = np.stack([np.full(14, 0.033), np.linspace(0.0095, 0.100, 14)], axis=1)
    neck = np.array([[0.033, 0.1], [0.0325, 0.103], [0.029, 0.110], [0.027, 0.1125], [0.0272, 0.114], [0.0265, 0.115]])
    lid = np.array([[0.0265, 0.115], [0.0255, 0.1145], [0.0245, 0.111], [0.023, 0.1105], [0.022, 0.1118], [0, 0.1118]])
    wall = np.concatenate([base[-1:], wall])
    return turned([(base, metal), (wall, label), (neck, metal), (lid, dark)], 1100)


def _mug(rng: np.random.Generator, imprint: Imprint) -> tuple[Shape, Image.Image]:
    glaze = ((238, 234, 224), (226, 236, 238), (244, 226, 204))[rng.integers(3)]
    inside = drawing.mixed(glaze, (0, 0, 0), 0.04)
    height, radius, wall = 0.096, 0.041, 0.004
    foot = np.array([[0, 0.003], [0.027, 0.003], [0.028, 0.0], [0.031, 0.0], [0.035, 0.0015], [0.0385, 0.006]])
    rise = np.linspace(0, 1, 14)
    outer = np.stack([0.0385 + (radius - 0.0385) * np.sin(rise * np.pi / 2), 0.006 + rise * (height - 0.008)], axis=1)
    turn = np.linspace(0, np.pi, 7)
    rim_middle = radius - wall / 2
    rim = np.stack([rim_middle + wall / 2 * np.cos(turn), height - 0.002 + wall / 2 * np.sin(turn)], axis=1)
    floor = np.array(
        [[radius - wall, height - 0.002], [radius - wall, 0.014], [0.034, 0.0085], [0.03, 0.0075], [0, 0.007]]
    )
    plain, white = drawing.canvas(64, 8, glaze), drawing.canvas(64, 8, inside)
    band = drawing.canvas(64, 8, drawing.mixed(glaze, (0, 0, 0), 0.45))
    cup, texture = turned(
        [(foot, plain), (outer, prints.mug_print(1100, 380, glaze, rng, imprint)), (rim, band), (floor, white)], 1100
    )
    # The grip's ends are inside the clay, between the wall's faces at both heights: nothing shows inside the cup.
    sweep = np.linspace(-np.pi / 2, np.pi / 2, 30)
    path = np.stack([0.0378 + 0.029 * np.cos(sweep), np.zeros(30), 0.05 + 0.029 * np.sin(sweep)], axis=1)
    grip = tube(path, np.array([0.0, 1.0, 0.0]), (0.0042, 0.0065), (0.5, 0.5 * cup.uv[96, 1]))
    return joined(cup, grip), texture


def _bottle(rng: np.random.Generator, imprint: Imprint) -> tuple[Shape, Image.Image]:
    palette = imprint.colours(rng)
    body = drawing.canvas(64, 16, drawing.mixed(palette.light, palette.accent, 0.4))
    cap = drawing.canvas(1000, 120, palette.dark)
    for x in range(0, 1000, 20):
        cap.paste(tuple(value + 26 for value in palette.dark), (x, 0, x + 9, 120))
    foot = np.array([[0, 0.004], [0.024, 0.003], [0.028, 0.0], [0.031, 0.001], [0.034, 0.005], [0.034, 0.03]])
    label = np.stack([np.full(10, 0.034), np.linspace(0.03, 0.115, 10)], axis=1)
    s = np.linspace(0, 1, 14)
    shoulder = np.stack([0.034 - 0.0215 * (3 * s**2 - 2 * s**3), 0.115 + 0.055 * s], axis=1)
    neck = np.array([[0.0125, 0.17], [0.0125, 0.18], [0.0155, 0.1805], [0.0155, 0.1835], [0.0145, 0.184]])
    lid = np.array([[0.0145, 0.184], [0.0155, 0.1845], [0.0155, 0.2025], [0.0145, 0.2045], [0, 0.205]])
    return turned(
        [
            (foot, body),
            (label, prints.bottle_label(1000, 400, rng, imprint)),
            (shoulder, body),
            (neck, body),
            (lid, cap),
        ],
        1000,
    )


def _bowl(rng: np.random.Generator, imprint: Imprint) -> tuple[Shape, Image.Image]:
    s = np.linspace(0, 1, 12)
    foot = np.array([[0, 0.004], [0.028, 0.003], [0.030, 0.0], [0.034, 0.0], [0.036, 0.006]])
    outer = np.stack([0.036 + 0.039 * np.sin(s * np.pi / 2), 0.006 + 0.052 * (1 - np.cos(s * np.pi / 2))], axis=1)
    rim = np.array([[0.075, 0.058], [0.0745, 0.0592], [0.073, 0.0597], [0.0715, 0.0592], [0.071, 0.058]])
    inner = np.stack([0.034 + 0.037 * np.sin(s * np.pi / 2), 0.010 + 0.048 * (1 - np.cos(s * np.pi / 2))], axis=1)[::-1]
    inner = np.concatenate([inner, [[0, 0.009]]])
    palette = imprint.colours(rng)
    clay, glaze = drawing.canvas(64, 8, (196, 170, 140)), drawing.canvas(64, 8, palette.light)
    return turned([(foot, clay), (outer, prints.stripes(1000, 160, rng, imprint)), (rim, clay), (inner, glaze)], 1000)


def _ball(rng: np.random.Generator, imprint: Imprint) -> tuple[Shape, Image.Image]:
    polar = np.linspace(-np.pi / 2, np.pi / 2, 49)
    profile = 0.033 * np.stack([np.cos(polar), np.sin(polar)], axis=1)
    profile[[0, -1], 0] = 0
    return turned([(profile, prints.stripes(800, 400, rng, imprint))], 800, segments=64)


def _bracket(rng: np.random.Generator, imprint: Imprint) -> tuple[Shape, Image.Image]:
    holes = [(0.018, -0.013), (0.018, 0.013), (0.048, 0.0), (0.105, -0.013), (0.105, 0.013)]
    plate = bent_plate((0.07, 0.055), 0.05, 0.003, 0.006, 0.0035, holes, (0.5, 0.5))
    grey = int(rng.integers(120, 150))
    return plate, drawing.canvas(32, 32, (grey, grey + 3, grey + 8))


DESIGNS: dict[str, MeshDesign] = {
    "mug": MeshDesign(_mug, 0.8, "glazed mug with a handle, a picture on one side and words on the other, 96 mm high"),
    "cracker_box": MeshDesign(_cracker_box, 0.15, "printed carton with six different sides, 160 x 60 x 210 mm"),
    "soda_can": MeshDesign(_soda_can, 0.6, "drinks can with a print around it, 66 x 115 mm"),
    "bottle": MeshDesign(_bottle, 0.5, "bottle with a paper label and a ridged cap, 205 mm high"),
    "sticker_cube": MeshDesign(_sticker_cube, 0.4, "scrambled cube of coloured stickers, 60 mm"),
    "bracket": MeshDesign(_bracket, 0.5, "bent steel plate with five holes and no print, 70 x 50 x 55 mm"),
    "book": MeshDesign(_book, 0.2, "closed book lying flat, 140 x 200 x 32 mm"),
    "bowl": MeshDesign(_bowl, 0.6, "bowl with a painted band, 150 mm wide"),
    "ball": MeshDesign(_ball, 0.1, "striped ball, 66 mm"),
}
