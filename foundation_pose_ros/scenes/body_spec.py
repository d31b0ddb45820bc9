"""A body in words: what it is, what its surface is like, where it stands."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from .described import Characters, Described, Seed

Byte = Annotated[int, Field(ge=0, le=255, description="sRGB value of a channel, no unit")]
Colour = tuple[Byte, Byte, Byte]
PRINTABLE = Characters(r"^[A-Za-z0-9À-ÿ&'.,%+\- ]*$", "letters (a to z, À to ÿ), digits, spaces and & ' . , % + -")
Words = Annotated[str, Field(min_length=1, max_length=24, description=f"print; {PRINTABLE.words}"), PRINTABLE]
FileName = Annotated[
    str,
    Field(min_length=1, max_length=160, description="as index.csv of the library has it"),
    Characters(r"^\w[\w .,()+\-/]*$", "letters, digits, spaces and _ . , ( ) + - /, with a letter, digit or _ first"),
]
Scale = Annotated[float, Field(ge=0.2, le=5.0, description="of the size that it has by itself; no unit")]
Repeats = Annotated[float, Field(ge=0.2, le=8.0, description="of the picture over the diameter; no unit")]
Material = Literal["paper", "rubber", "wood", "plastic", "lacquer", "metal", "ceramic", "glass"]
DesignName = Literal["mug", "cracker_box", "soda_can", "bottle", "sticker_cube", "bracket", "book", "bowl", "ball"]


class Print(Described):
    """What is printed on a generated body; what is left out is up to its seed."""

    brand: Words | None = Field(default=None, description="the large word")
    goods: Words | None = Field(default=None, description="the small words")
    colours: tuple[Colour, Colour, Colour, Colour] | None = Field(
        default=None, description="ground, accent, dark and light, sRGB, 0 to 255"
    )


class Design(Described):
    """One of the package's own designs, in its own size times a scale."""

    kind: Literal["design"] = Field(default="design", description="one of the package's own designs")
    design: DesignName = Field(description="name of a design")
    scale: Scale = 1.0
    seed: Seed = 0
    print: Print = Field(default=Print(), description="what is printed on it")


class Carton(Described):
    """A printed carton."""

    kind: Literal["carton"] = Field(default="carton", description="a printed carton")
    size_m: tuple[
        Annotated[float, Field(ge=0.02, le=0.4, description="width, metres")],
        Annotated[float, Field(ge=0.02, le=0.4, description="depth, metres")],
        Annotated[float, Field(ge=0.02, le=0.4, description="height, metres")],
    ] = Field(description="width, depth and height, metres, 0.02 to 0.4 each")
    seed: Seed = 0
    print: Print = Field(default=Print(), description="what is printed on it")


class Can(Described):
    """A can with a print around it."""

    kind: Literal["can"] = Field(default="can", description="a can with a print around it")
    radius_m: float = Field(ge=0.015, le=0.1, description="metres")
    height_m: float = Field(ge=0.02, le=0.3, description="metres")
    seed: Seed = 0
    print: Print = Field(default=Print(), description="what is printed on it")


class Turned(Described):
    """A solid body of revolution, striped in the print's colours."""

    kind: Literal["turned"] = Field(default="turned", description="a solid body of revolution")
    profile_m: tuple[
        tuple[
            Annotated[float, Field(ge=0.0, le=0.15, description="radius, metres")],
            Annotated[float, Field(ge=0.0, le=0.35, description="height, metres")],
        ],
        ...,
    ] = Field(
        min_length=3,
        max_length=32,
        description="outside as pairs of radius, 0 to 0.15, and height, 0 to 0.35 metres; bottom first, heights never "
        "falling",
    )
    seed: Seed = 0
    print: Print = Field(default=Print(), description="what is printed on it")

    @model_validator(mode="after")
    def _has_a_body(self) -> "Turned":
        heights = [height for _, height in self.profile_m]
        if any(upper < lower for lower, upper in pairwise(heights)):
            raise ValueError("profile_m: heights must not fall from one point to the next")
        if heights[-1] - heights[0] < 0.01 or max(radius for radius, _ in self.profile_m) < 0.01:
            raise ValueError("profile_m: must be at least 0.01 m high and 0.01 m in radius")
        return self


class LibraryMesh(Described):
    """A mesh of a library: a folder with index.csv, which whoever renders the scene is given."""

    kind: Literal["library"] = Field(default="library", description="a mesh of a library")
    name: FileName
    scale: Scale = 1.0


class OwnSurface(Described):
    """The print or colours that the body brings."""

    kind: Literal["own"] = Field(default="own", description="the print or colours that the body brings")


class PlainSurface(Described):
    """One colour."""

    kind: Literal["plain"] = Field(default="plain", description="one colour")
    colour: Colour = Field(description="red, green and blue, sRGB, 0 to 255 each")


class SidesSurface(Described):
    """One colour for each of six sides, by the seed."""

    kind: Literal["sides"] = Field(default="sides", description="one colour for each of six sides")
    seed: Seed = 0


class PatchesSurface(Described):
    """Bars, discs and blocks, by the seed."""

    kind: Literal["patches"] = Field(default="patches", description="bars, discs and blocks")
    seed: Seed = 0
    repeats: Repeats = 1.0


class PictureSurface(Described):
    """A picture of a texture library, projected from six directions."""

    kind: Literal["picture"] = Field(default="picture", description="a picture of a texture library")
    name: FileName
    seed: Seed = 0
    repeats: Repeats = 1.0


class Place(Described):
    """Where a body stands: pose of its own frame in the world, whose table top is z = 0."""

    position_m: tuple[
        Annotated[float, Field(ge=-1.2, le=1.2, description="to the right, metres")],
        Annotated[float, Field(ge=-1.2, le=1.2, description="away from the viewer, metres")],
        Annotated[float, Field(ge=-0.5, le=1.5, description="up, metres")],
    ] = Field(description="of the body's own origin, metres: -1.2 to 1.2 right and away, -0.5 to 1.5 up")
    quaternion_xyzw: tuple[
        Annotated[float, Field(ge=-1, le=1, description="x, no unit")],
        Annotated[float, Field(ge=-1, le=1, description="y, no unit")],
        Annotated[float, Field(ge=-1, le=1, description="z, no unit")],
        Annotated[float, Field(ge=-1, le=1, description="w, no unit")],
    ] = Field(description="turn of the body's own frame, -1 to 1 each, of length 1, no unit")

    @model_validator(mode="after")
    def _is_a_rotation(self) -> "Place":
        if abs(sum(value * value for value in self.quaternion_xyzw) - 1) > 1e-3:
            raise ValueError("quaternion_xyzw: must have length 1")
        return self


class BodySpec(Described):
    """One body on the table."""

    what: Annotated[
        Design | Carton | Can | Turned | LibraryMesh,
        Field(discriminator="kind", description="which body it is; its kind says what else there is to say of it"),
    ]
    material: Material = Field(default="plastic", description="how glossy the surface is, or glass")
    surface: Annotated[
        OwnSurface | PlainSurface | SidesSurface | PatchesSurface | PictureSurface,
        Field(discriminator="kind", description="what is seen on it; its kind says what else there is to say of it"),
    ] = OwnSurface()
    place: Place | None = Field(default=None, description="left out: where there is room for it, by the scene's seed")
