"""What a language model is asked for: a scene in a few words, which become a whole description here.

An idea has no pose, path or number of a sensor: these are drawn as those of procedural scenes are. Everything in it is
bounded, and becomes text on a print or a choice from a list, nothing else.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import ConfigDict, Field

from .body_spec import (
    PRINTABLE,
    BodySpec,
    Can,
    Carton,
    Colour,
    Design,
    DesignName,
    Material,
    OwnSurface,
    PatchesSurface,
    PictureSurface,
    PlainSurface,
    Print,
    Words,
)
from .described import Characters, Described
from .procedural import ProceduralComposer, turned_body
from .scene_spec import Hand, Lamp, SceneSpec
from .texture_words import picture_like

Hex = Annotated[str, Characters(r"^#[0-9a-fA-F]{6}$", "# and six of 0 to 9 and a to f, such as #206040")]
TextureWords = Annotated[str, Field(max_length=40), PRINTABLE]
Shape = Literal["carton", "can", "turned"]
# Directions and colours of light by name; elevation in degrees above the table.
_LIGHTS: dict[str, dict[str, float]] = {
    "morning window": {"azimuth_deg": -150.0, "elevation_deg": 32.0, "warmth": 0.1, "angular_radius_rad": 0.2},
    "noon window": {"azimuth_deg": -100.0, "elevation_deg": 62.0, "warmth": 0.0, "angular_radius_rad": 0.22},
    "evening lamp": {
        "azimuth_deg": 60.0,
        "elevation_deg": 48.0,
        "warmth": 0.2,
        "sky": 0.15,
        "angular_radius_rad": 0.06,
    },
    "ceiling lamp": {"azimuth_deg": -20.0, "elevation_deg": 80.0, "warmth": 0.05, "angular_radius_rad": 0.12},
    "overcast": {"azimuth_deg": -90.0, "elevation_deg": 70.0, "strength": 0.45, "sky": 0.6, "angular_radius_rad": 0.38},
}
LightName = Literal["morning window", "noon window", "evening lamp", "ceiling lamp", "overcast"]


def _all_to_be_said(schema: dict[str, Any]) -> None:
    """Ask for every field, as strict structured output must: defaults are for answers from before there was a field."""
    schema["required"] = list(schema["properties"])
    for field in schema["properties"].values():
        field.pop("default", None)


class Thing(Described):
    """One body of an idea. Sizes are millimetres: width, depth and height over everything."""

    model_config = ConfigDict(json_schema_extra=_all_to_be_said)

    shape: DesignName | Shape = Field(description="one of the designs, or a family with a size")
    width_mm: int = Field(ge=20, le=200, description="of a carton, can or turned body, millimetres")
    depth_mm: int = Field(ge=5, le=200, description="of a carton, millimetres")
    height_mm: int = Field(ge=20, le=300, description="of a carton, can or turned body, millimetres")
    material: Material = Field(description="what its surface is of")
    finish: Literal["print", "one colour", "pattern", "texture"] = Field(
        description="what is on the surface; texture: what it is made of, as the field texture says"
    )
    texture: TextureWords = Field(default="", description="what a texture looks like, such as brushed oak; else empty")
    brand: Words = Field(description="the large word of its print")
    goods: Words = Field(description="the small words of its print")
    ground: Hex = Field(description="main colour, sRGB as #rrggbb")
    accent: Hex = Field(description="second colour, sRGB as #rrggbb")


class SceneIdea(Described):
    """One scene: things that belong together."""

    theme: Annotated[str, Field(min_length=1, max_length=80, description="where this is, in a few words")]
    objects: tuple[Thing, ...] = Field(min_length=1, max_length=4, description="what stands in the middle")
    clutter: tuple[Thing, ...] = Field(min_length=0, max_length=8, description="what stands around them")
    table: Literal["wood", "stone", "cloth"] = Field(description="what it stands on")
    light: LightName = Field(description="where light comes from")
    hand: bool = Field(description="whether somebody reaches for the first object")


class SceneIdeas(Described):
    """The answer for one batch."""

    scenes: tuple[SceneIdea, ...] = Field(min_length=1, max_length=32, description="one for each that was asked for")


def described(idea: SceneIdea, seed: int, drawn: ProceduralComposer) -> SceneSpec:
    """Return the whole description: what the idea says, and the rest as it is drawn for the seed."""
    base, rng = drawn.scene(seed), np.random.default_rng([seed, 78])
    pictures = drawn.libraries.picture_names
    return base.model_copy(
        update={
            "theme": idea.theme,
            "objects": tuple(_body(thing, rng, pictures) for thing in idea.objects),
            "clutter": tuple(_body(thing, rng, pictures) for thing in idea.clutter),
            "table": idea.table,
            "lamp": Lamp(**_LIGHTS[idea.light]),
            "hand": Hand() if idea.hand else None,
        }
    )


def _body(thing: Thing, rng: np.random.Generator, pictures: Sequence[str]) -> BodySpec:
    seed = int(rng.integers(2**31))
    surface = _surface(thing, seed, pictures)
    return BodySpec(what=_what(thing, seed, rng), material=thing.material, surface=surface)


def _surface(thing: Thing, seed: int, pictures: Sequence[str]) -> Any:
    if thing.finish == "print":
        return OwnSurface()
    if thing.finish == "one colour":
        return PlainSurface(colour=_rgb(thing.ground))
    picture = picture_like(thing.texture, pictures, seed) if thing.finish == "texture" else None
    return PatchesSurface(seed=seed) if picture is None else PictureSurface(name=picture, seed=seed)


def _what(thing: Thing, seed: int, rng: np.random.Generator) -> Any:
    ground = _rgb(thing.ground)
    colours = (ground, _rgb(thing.accent), _towards(ground, 10), _towards(ground, 245))
    imprint = Print(brand=thing.brand, goods=thing.goods, colours=colours)
    width_m, height_m = thing.width_mm / 1000, thing.height_mm / 1000
    # Narrower ones than these have no room for a print.
    depth_m, radius_m = max(thing.depth_mm / 1000, 0.02), max(width_m / 2, 0.015)
    if thing.shape == "carton":
        return Carton(size_m=(width_m, depth_m, height_m), seed=seed, print=imprint)
    if thing.shape == "can":
        return Can(radius_m=radius_m, height_m=height_m, seed=seed, print=imprint)
    if thing.shape == "turned":
        return turned_body(radius_m, height_m, seed, imprint, rng)
    return Design(design=thing.shape, seed=seed, print=imprint)


def _rgb(text: Hex) -> Colour:
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def _towards(colour: Colour, grey: int) -> Colour:
    red, green, blue = (int(0.25 * value + 0.75 * grey) for value in colour)
    return red, green, blue
