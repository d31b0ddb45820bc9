"""What prints are drawn from, with Pillow: plain fields, words, small print, bar codes, rays, biscuits and grain."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]

_PROSE = (
    "Baked slowly, cooled on wire racks and packed the same day. Store in a dry place and close the bag well after "
    "use. Ingredients: whole oats, rapeseed oil, barley malt, sea salt, raising agent. May contain traces of sesame. "
    "Best before: see the bottom of the pack. Net weight 320 g. Recycle the carton. "
)


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """Return a colour with a share of another one in it."""
    red, green, blue = (int((1 - share) * a + share * b) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def canvas(width: int, height: int, colour: Colour) -> Image.Image:
    """Return a plain RGB image."""
    return Image.new("RGB", (max(int(width), 8), max(int(height), 8)), colour)


def text(
    image: Image.Image, centre: tuple[float, float], words: str, size: float, colour: Colour, width: float | None = None
) -> None:
    """Write words about a centre, shrunk until they fit into a width in pixels."""
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size)
    length = draw.textlength(words, font=font)
    if width is not None and length > width:
        font = ImageFont.load_default(max(size * width / length, 6))
    draw.text(centre, words, fill=colour, font=font, anchor="mm", stroke_width=max(round(size / 36), 0))


def paragraph(image: Image.Image, box: tuple[int, int, int, int], colour: Colour, size: float) -> None:
    """Fill a box (left, top, right, bottom) in pixels with small print."""
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size)
    words, line, y = (_PROSE * 6).split(), "", float(box[1])
    for word in words:
        if draw.textlength(f"{line} {word}", font=font) > box[2] - box[0]:
            draw.text((box[0], y), line, fill=colour, font=font)
            line, y = word, y + size * 1.35
            if y + size > box[3]:
                return
        else:
            line = f"{line} {word}".strip()


def barcode(image: Image.Image, box: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    """Draw a white field with bars of random widths; none where it is too low for them."""
    draw = ImageDraw.Draw(image)
    left, top, right, bottom = box
    unit = max(min((right - left) / 70, (bottom - top) / 16), 1.0)
    if bottom - top < 14 * unit:
        return
    draw.rectangle(box, fill=(250, 250, 248))
    x = left + 4 * unit
    while x < right - 5 * unit:
        width = unit * rng.integers(1, 4)
        draw.rectangle((x, top + 3 * unit, x + width, bottom - 8 * unit), fill=(20, 20, 20))
        x += width + unit * rng.integers(1, 4)
    text(image, ((left + right) / 2, bottom - 4 * unit), "4 012345 678901", 6 * unit, (20, 20, 20))


def sunburst(
    image: Image.Image, centre: tuple[float, float], rays: int, colour: Colour, strength: float = 0.25
) -> None:
    """Lay a fan of rays over the image."""
    mask = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(mask)
    reach = sum(image.size)
    for i in range(rays):
        a, b = 2 * np.pi * i / rays, 2 * np.pi * (i + 0.5) / rays
        tips = [(centre[0] + reach * np.cos(t), centre[1] + reach * np.sin(t)) for t in (a, b)]
        draw.polygon([centre, *tips], fill=int(255 * strength))
    image.paste(Image.new("RGB", image.size, colour), mask=mask)


def crackers(image: Image.Image, centre: tuple[float, float], size: float, rng: np.random.Generator) -> None:
    """Draw a heap of round biscuits with holes: the picture on a pack."""
    draw = ImageDraw.Draw(image)
    for dx, dy, scale in ((-0.55, 0.1, 0.8), (0.58, 0.16, 0.8), (0.02, -0.06, 1.0)):
        x, y, radius = centre[0] + dx * size, centre[1] + dy * size, size * 0.5 * scale
        draw.ellipse((x - radius, y - radius * 0.96, x + radius, y + radius * 1.1), fill=(110, 62, 22))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(206, 146, 72))
        draw.ellipse((x - radius * 0.9, y - radius * 0.92, x + radius * 0.86, y + radius * 0.84), fill=(230, 180, 106))
        for angle in np.arange(12) * np.pi / 6 + rng.uniform(0, 1):
            for share in (0.3, 0.65):
                hx, hy, dot = x + share * radius * np.cos(angle), y + share * radius * np.sin(angle), radius * 0.05
                draw.ellipse((hx - dot, hy - dot, hx + dot, hy + dot), fill=(160, 102, 46))


def mottled(image: Image.Image, rng: np.random.Generator, strength: float = 0.014) -> Image.Image:
    """Break up flat colour with soft grain, as paint and paper have."""
    w, h = image.size
    grain = rng.normal(0, 1, (max(h // 4, 2), max(w // 4, 2))).astype(np.float32)
    grain = np.asarray(Image.fromarray(grain).resize((w, h), Image.Resampling.BICUBIC))
    pixels = np.asarray(image, np.float32) * (1 + strength * grain[..., None])
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
