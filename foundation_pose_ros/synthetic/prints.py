"""What is printed on made-up objects: labels, covers and stickers, drawn with Pillow from a seed."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .drawing import Colour, barcode, canvas, crackers, paragraph, sunburst, text


@dataclass(frozen=True)
class Palette:
    """Colours of one product, sRGB."""

    ground: Colour
    accent: Colour
    dark: Colour
    light: Colour


PALETTES = (
    Palette((196, 42, 38), (246, 190, 62), (72, 16, 20), (252, 242, 222)),
    Palette((24, 96, 128), (244, 150, 58), (10, 40, 62), (236, 246, 246)),
    Palette((58, 122, 76), (238, 214, 96), (20, 54, 36), (246, 246, 228)),
    Palette((236, 168, 44), (190, 54, 44), (86, 48, 16), (255, 248, 226)),
    Palette((96, 66, 140), (120, 208, 196), (40, 24, 70), (246, 238, 250)),
    Palette((38, 44, 58), (226, 92, 70), (16, 18, 26), (238, 234, 224)),
    Palette((222, 110, 118), (60, 76, 130), (90, 28, 44), (255, 240, 236)),
)
BRANDS = ("ORBIT", "MARLOW", "KITE", "POLAR", "TANDEM", "NOVA", "FERN", "ALDER")
GOODS = ("oat crackers", "tomato soup", "spiced tea", "sea salt", "orange soda", "rye crisps", "dark cocoa")


@dataclass(frozen=True)
class Imprint:
    """What is to be printed on an object; what is None the seed chooses, or the design has.

    brand: the large word. goods: the small ones. palette: the colours of the product.
    """

    brand: str | None = None
    goods: str | None = None
    palette: Palette | None = None

    def colours(self, rng: np.random.Generator, choices: int = len(PALETTES)) -> Palette:
        """Return the palette, drawn from the first few of `PALETTES` where none is wanted."""
        return self.palette or PALETTES[rng.integers(choices)]

    def name(self, rng: np.random.Generator) -> str:
        """Return the brand, drawn from `BRANDS` where none is wanted."""
        return self.brand or str(rng.choice(BRANDS))


NO_WISHES = Imprint()


def box_sides(
    sizes_px: dict[str, tuple[int, int]], rng: np.random.Generator, imprint: Imprint = NO_WISHES
) -> dict[str, Image.Image]:
    """Return prints of a carton's six sides; sizes_px gives width and height of each."""
    palette, brand = imprint.colours(rng, 4), imprint.name(rng)
    goods = imprint.goods or "oat crackers"
    sides = {side: canvas(*size, palette.ground) for side, size in sizes_px.items()}
    _print_front(sides["front"], palette, brand, goods, rng)
    _print_back(sides["back"], palette, brand, rng)
    _print_left(sides["left"], palette, brand)
    _print_right(sides["right"], palette, rng)
    w, h = sides["top"].size
    text(sides["top"], (w / 2, h / 2), f"{brand} {goods}", h * 0.5, palette.light, w * 0.86)
    text(sides["bottom"], (w / 2, h / 2), "BEST BEFORE 04 2031", h * 0.3, palette.light, w * 0.7)
    return sides


def _print_front(front: Image.Image, palette: Palette, brand: str, goods: str, rng: np.random.Generator) -> None:
    w, h = front.size
    sunburst(front, (w / 2, h * 0.62), 24, palette.accent)
    draw = ImageDraw.Draw(front)
    draw.rectangle((0, h * 0.86, w, h), fill=palette.dark)
    draw.ellipse((w * 0.08, h * 0.09, w * 0.92, h * 0.36), fill=palette.light)
    draw.ellipse((w * 0.11, h * 0.105, w * 0.89, h * 0.345), outline=palette.accent, width=max(w // 60, 1))
    text(front, (w / 2, h * 0.215), brand, h * 0.14, palette.ground, w * 0.62)
    text(front, (w / 2, h * 0.415), goods, h * 0.065, palette.light, w * 0.84)
    crackers(front, (w / 2, h * 0.65), w * 0.5, rng)
    text(front, (w / 2, h * 0.93), "with sea salt   320 g", h * 0.05, palette.light, w * 0.8)


def _print_back(back: Image.Image, palette: Palette, brand: str, rng: np.random.Generator) -> None:
    """Brand, words, and a table as of contents."""
    w, h = back.size
    draw = ImageDraw.Draw(back)
    draw.rectangle((w * 0.06, h * 0.2, w * 0.94, h * 0.94), fill=palette.light)
    text(back, (w / 2, h * 0.1), brand, h * 0.1, palette.light, w * 0.8)
    paragraph(back, (int(w * 0.1), int(h * 0.23), int(w * 0.9), int(h * 0.5)), palette.dark, h * 0.028)
    for row in range(7):
        y = h * (0.54 + 0.052 * row)
        draw.rectangle((w * 0.1, y, w * 0.9, y + h * 0.052), outline=palette.dark, width=2)
        draw.rectangle((w * 0.1, y, w * rng.uniform(0.3, 0.8), y + h * 0.052), fill=palette.accent if row % 2 else None)


def _print_left(left: Image.Image, palette: Palette, brand: str) -> None:
    """Stripes, and the brand upwards on a strip over them."""
    w, h = left.size
    draw = ImageDraw.Draw(left)
    for k in range(14):
        draw.polygon(
            [(0, h * k / 12), (w, h * (k - 1) / 12), (w, h * (k - 0.5) / 12), (0, h * (k + 0.5) / 12)],
            fill=palette.accent,
        )
    strip = canvas(int(h * 0.6), int(w * 0.42), palette.dark)
    text(strip, (strip.width / 2, strip.height / 2), brand, strip.height * 0.8, palette.light, strip.width * 0.9)
    left.paste(strip.rotate(90, expand=True), (int(w * 0.29), int(h * 0.2)))


def _print_right(right: Image.Image, palette: Palette, rng: np.random.Generator) -> None:
    w, h = right.size
    barcode(right, (int(w * 0.12), int(h * 0.72), int(w * 0.88), int(h * 0.92)), rng)
    paragraph(right, (int(w * 0.12), int(h * 0.06), int(w * 0.9), int(h * 0.66)), palette.light, w * 0.075)


def can_label(width: int, height: int, rng: np.random.Generator, imprint: Imprint = NO_WISHES) -> Image.Image:
    """Return a drinks can's print, once around."""
    palette, brand = imprint.colours(rng), imprint.name(rng)
    image = canvas(width, height, palette.ground)
    draw = ImageDraw.Draw(image)
    wave = np.linspace(0, 2 * np.pi, 200)
    for k, colour in enumerate((palette.accent, palette.light, palette.dark)):
        line = height * (0.70 + 0.07 * k) + height * 0.07 * np.sin(wave * 2 + 0.7 * k)
        draw.polygon([*zip(wave / (2 * np.pi) * width, line, strict=True), (width, height), (0, height)], fill=colour)
    for x in (0.25, 0.75):
        draw.ellipse(
            (width * x - height * 0.3, height * 0.1, width * x + height * 0.3, height * 0.64), fill=palette.light
        )
        text(image, (width * x, height * 0.34), brand, height * 0.2, palette.ground, height * 0.52)
        text(image, (width * x, height * 0.50), imprint.goods or "soda", height * 0.09, palette.dark, height * 0.5)
    barcode(image, (int(width * 0.45), int(height * 0.2), int(width * 0.55), int(height * 0.5)), rng)
    for _ in range(36):
        x, y, r = rng.uniform(0, width), rng.uniform(0.82, 1.0) * height, rng.uniform(0.006, 0.02) * height
        draw.ellipse((x - r, y - r, x + r, y + r), outline=palette.light, width=2)
    paragraph(image, (int(width * 0.93), int(height * 0.1), int(width * 0.995), int(height * 0.6)), palette.light, 11)
    return image


def mug_print(
    width: int, height: int, glaze: Colour, rng: np.random.Generator, imprint: Imprint = NO_WISHES
) -> Image.Image:
    """Return the outside of a mug: a glaze with hills and a sun on one side, words on the other."""
    ink = imprint.colours(rng)
    image = canvas(width, height, glaze)
    draw = ImageDraw.Draw(image)
    x, y, r = width * 0.72, height * 0.38, height * 0.2
    draw.ellipse((x - r, y - r, x + r, y + r), fill=ink.accent)
    s = np.linspace(0.56, 0.96, 160)
    for k, colour in enumerate((ink.ground, ink.dark)):
        ridge = 0.52 + 0.13 * k + 0.09 * np.sin(s * 31 + 2.2 * k) + 0.05 * np.sin(s * 74 + k)
        draw.polygon(
            [*zip(s * width, ridge * height, strict=True), (0.96 * width, 0.8 * height), (0.56 * width, 0.8 * height)],
            fill=colour,
        )
    text(image, (width * 0.28, height * 0.42), imprint.brand or "good", height * 0.27, ink.dark, width * 0.5)
    text(image, (width * 0.28, height * 0.66), imprint.goods or "morning", height * 0.2, ink.ground, width * 0.5)
    draw.rectangle((0, height * 0.9, width, height * 0.94), fill=ink.ground)
    return image


def bottle_label(width: int, height: int, rng: np.random.Generator, imprint: Imprint = NO_WISHES) -> Image.Image:
    """Return a paper label around a bottle, front and back."""
    palette, brand = imprint.colours(rng), imprint.name(rng)
    image = canvas(width, height, palette.light)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, height * 0.1), fill=palette.accent)
    draw.rectangle((0, height * 0.88, width, height), fill=palette.ground)
    x = width * 0.75
    for k in range(9):
        angle = np.pi * (k + 0.5) / 9
        tip = (x + height * 0.42 * np.cos(angle), height * 0.6 - height * 0.42 * np.sin(angle))
        draw.polygon([(x - 5, height * 0.6), tip, (x + 5, height * 0.6)], fill=palette.accent)
    draw.pieslice((x - height * 0.2, height * 0.4, x + height * 0.2, height * 0.8), 180, 360, fill=palette.ground)
    text(image, (x, height * 0.72), brand, height * 0.2, palette.dark, width * 0.36)
    paragraph(
        image, (int(width * 0.1), int(height * 0.16), int(width * 0.4), int(height * 0.58)), palette.dark, height * 0.05
    )
    barcode(image, (int(width * 0.14), int(height * 0.6), int(width * 0.36), int(height * 0.84)), rng)
    return image


def cube_side(size: int, stickers: np.ndarray) -> Image.Image:
    """Return one side of a sticker cube; stickers (3, 3) index its six colours."""
    colours = ((216, 40, 44), (246, 132, 34), (250, 216, 60), (30, 146, 84), (28, 92, 186), (244, 244, 240))
    image = canvas(size, size, (24, 24, 26))
    draw = ImageDraw.Draw(image)
    pitch, gap = size / 3, size * 0.022
    for row in range(3):
        for column in range(3):
            left, top = column * pitch + gap, row * pitch + gap
            box = (left, top, left + pitch - 2 * gap, top + pitch - 2 * gap)
            draw.rounded_rectangle(box, radius=size * 0.035, fill=colours[stickers[row, column]])
    return image


def book_sides(
    sizes_px: dict[str, tuple[int, int]], rng: np.random.Generator, imprint: Imprint = NO_WISHES
) -> dict[str, Image.Image]:
    """Return a closed book lying on its back: cover on top, spine on the left, page edges elsewhere."""
    palette = imprint.colours(rng)
    titles = ("A Field Guide\nto Knots", "Small\nMachines", "The Salt\nRoad", "Moss &\nStone")
    title = f"{imprint.brand}\n{imprint.goods or ''}".strip() if imprint.brand else str(rng.choice(titles))
    sides = {side: canvas(*size, (232, 224, 204)) for side, size in sizes_px.items()}
    for side in ("left", "right", "front", "back"):
        draw = ImageDraw.Draw(sides[side])
        for y in range(0, sides[side].height, 3):
            draw.line((0, y, sides[side].width, y), fill=(206, 196, 172))
    for side in ("top", "bottom", "left"):
        sides[side].paste(palette.ground, (0, 0, *sides[side].size))
    top = sides["top"]
    w, h = top.size
    draw = ImageDraw.Draw(top)
    draw.rectangle((w * 0.05, h * 0.04, w * 0.95, h * 0.96), outline=palette.accent, width=max(w // 70, 1))
    for k, r in enumerate(np.linspace(0.34, 0.06, 6)):
        colour = palette.accent if k % 2 else palette.dark
        draw.ellipse((w * (0.5 - r), h * 0.66 - w * r, w * (0.5 + r), h * 0.66 + w * r), fill=colour)
    for k, line in enumerate(title.split("\n")):
        text(top, (w / 2, h * (0.16 + 0.11 * k)), line, h * 0.1, palette.light, w * 0.8)
    spine = canvas(*sides["left"].size, palette.dark)
    text(
        spine,
        (spine.width / 2, spine.height / 2),
        title.replace("\n", " "),
        spine.height * 0.6,
        palette.light,
        spine.width * 0.8,
    )
    sides["left"] = spine
    return sides


def stripes(width: int, height: int, rng: np.random.Generator, imprint: Imprint = NO_WISHES) -> Image.Image:
    """Return rings of colour and a row of dots, for bowls and balls."""
    palette = imprint.colours(rng)
    image = canvas(width, height, palette.light)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height * 0.12, width, height * 0.24), fill=palette.ground)
    draw.rectangle((0, height * 0.74, width, height * 0.82), fill=palette.accent)
    for k in range(16):
        x, y, r = width * (k + 0.5) / 16, height * 0.48, min(height * 0.1, width * 0.022)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=palette.accent if k % 3 else palette.dark)
    return image
