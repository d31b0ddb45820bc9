"""Scenes drawn from a seed: no network, as many as one likes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..synthetic.meshes import DESIGNS
from ..synthetic.prints import PALETTES
from .body_spec import (
    BodySpec,
    Can,
    Carton,
    Colour,
    Design,
    LibraryMesh,
    Material,
    OwnSurface,
    PatchesSurface,
    PictureSurface,
    PlainSurface,
    Print,
    SidesSurface,
    Turned,
)
from .libraries import NO_LIBRARIES, Libraries
from .scene_spec import (
    AzimuthSpan,
    CameraPath,
    ColourCamera,
    ColourLens,
    DistanceSpan,
    ElevationSpan,
    Hand,
    Lamp,
    SceneSpec,
    Sensor,
    Video,
)
from .words import drawn_brand, drawn_goods

_MATERIALS = {
    "carton": ("paper", "paper", "lacquer"),
    "can": ("metal", "lacquer", "plastic"),
    "turned": ("ceramic", "wood", "plastic", "metal", "rubber", "lacquer"),
}
_DESIGN_MATERIALS: dict[str, Material] = {
    "mug": "ceramic",
    "bowl": "ceramic",
    "bottle": "plastic",
    "soda_can": "metal",
    "bracket": "metal",
}


@dataclass(frozen=True)
class ProceduralChoices:
    """What scenes are drawn from.

    objects, clutter: fewest and most of them. library_share: how many bodies are meshes of the library, 0 to 1, where
    there is one. dropped_share: how many scenes are heaps, 0 to 1; MuJoCo makes them. glass_share: how many bodies are
    of glass, 0 to 1. unsharp_share: how many scenes are seen through an open lens, 0 to 1. width_px, height_px, frames:
    of the pictures.
    """

    objects: tuple[int, int] = (1, 4)
    clutter: tuple[int, int] = (2, 8)
    library_share: float = 0.5
    dropped_share: float = 0.0
    glass_share: float = 0.0
    unsharp_share: float = 0.0
    width_px: int = 640
    height_px: int = 480
    frames: int = 8


@dataclass(frozen=True)
class ProceduralComposer:
    """A `Composer` that draws everything; a seed's scene depends on the seed, the choices and the libraries alone."""

    choices: ProceduralChoices = ProceduralChoices()
    libraries: Libraries = NO_LIBRARIES

    def compose(self, seeds: Sequence[int]) -> list[SceneSpec]:
        """Return one scene for each seed."""
        return [self.scene(seed) for seed in seeds]

    def scene(self, seed: int) -> SceneSpec:
        """Draw the scene of a seed."""
        rng, chosen = np.random.default_rng([seed, 77]), self.choices
        objects = tuple(self._body(rng) for _ in range(rng.integers(chosen.objects[0], chosen.objects[1] + 1)))
        clutter = tuple(self._body(rng) for _ in range(rng.integers(chosen.clutter[0], chosen.clutter[1] + 1)))
        heap = bool(rng.random() < chosen.dropped_share)
        spec = SceneSpec(
            seed=seed,
            theme="drawn",
            objects=objects,
            clutter=clutter,
            arrangement="dropped" if heap else "stood",
            table=_one(rng, ("wood", "stone", "cloth")),
            lamp=_lamp(rng),
            camera=_camera(rng, chosen),
            occlusion=0.0 if heap or rng.random() < 0.6 else round(float(rng.uniform(0.1, 0.5)), 3),
            hand=Hand(period_s=round(float(rng.uniform(1.5, 4.0)), 3)) if rng.random() < 0.15 else None,
            first_object_moves=bool(not heap and rng.random() < 0.2),
            sensor=_sensor(rng),
        )
        return self._with_optics(spec)

    def _with_optics(self, spec: SceneSpec) -> SceneSpec:
        """Make some bodies of glass, and open the lens, by a stream of its own: nothing else of a scene changes."""
        rng = np.random.default_rng([spec.seed, 78])
        objects, clutter = (tuple(self._glass(rng, body) for body in bodies) for bodies in (spec.objects, spec.clutter))
        sensor = spec.sensor.model_copy(update={"lens": self._lens(rng, spec.camera)})
        return spec.model_copy(update={"objects": objects, "clutter": clutter, "sensor": sensor})

    def _glass(self, rng: np.random.Generator, body: BodySpec) -> BodySpec:
        """Make it of pale glass now and then."""
        if rng.random() >= self.choices.glass_share:
            return body
        red, green, blue = (int(value) for value in rng.integers(170, 256, 3))
        return body.model_copy(update={"material": "glass", "surface": PlainSurface(colour=(red, green, blue))})

    def _lens(self, rng: np.random.Generator, camera: CameraPath) -> ColourLens:
        """Open it now and then, with something of the table in focus."""
        if rng.random() >= self.choices.unsharp_share:
            return ColourLens()
        focus_m = rng.uniform(camera.distance.nearest_m, camera.distance.farthest_m)
        return ColourLens(aperture_mm=round(float(rng.uniform(3, 15)), 2), focus_m=round(float(focus_m), 3))

    def _body(self, rng: np.random.Generator) -> BodySpec:
        if self.libraries.mesh_names and rng.random() < self.choices.library_share:
            name = _one(rng, self.libraries.mesh_names)
            surface = self._surface(rng, own=0.5)
            return BodySpec(
                what=LibraryMesh(name=name),
                material=_one(rng, ("paper", "plastic", "metal", "ceramic", "wood")),
                surface=surface,
            )
        seed, imprint = (
            int(rng.integers(2**31)),
            Print(brand=drawn_brand(rng), goods=drawn_goods(rng), colours=_colours(rng)),
        )
        family = _one(rng, ("design", "design", "carton", "can", "turned"))
        if family == "design":
            name = _one(rng, tuple(DESIGNS))
            scale = round(float(rng.uniform(0.7, 1.3)), 3)
            what: Any = Design(design=name, seed=seed, scale=scale, print=imprint)
            return BodySpec(what=what, material=_DESIGN_MATERIALS.get(name, "paper"))
        what = _generated(family, seed, imprint, rng)
        return BodySpec(what=what, material=_one(rng, _MATERIALS[family]), surface=self._surface(rng, own=0.75))

    def _surface(self, rng: np.random.Generator, own: float) -> Any:
        if rng.random() < own:
            return OwnSurface()
        kind, seed = rng.random(), int(rng.integers(2**31))
        if self.libraries.textures is not None and kind < 0.45:
            repeats = round(float(rng.uniform(0.5, 3.0)), 3)
            return PictureSurface(name=_one(rng, self.libraries.picture_names), seed=seed, repeats=repeats)
        if kind < 0.75:
            return PatchesSurface(seed=seed, repeats=round(float(rng.uniform(0.5, 1.2)), 3))
        if kind < 0.9:
            return SidesSurface(seed=seed)
        return PlainSurface(colour=_colour(rng))


def _generated(family: str, seed: int, imprint: Print, rng: np.random.Generator) -> Any:
    if family == "carton":
        size_m = tuple(round(float(value), 4) for value in np.exp(rng.uniform(np.log(0.03), np.log(0.24), 3)))
        return Carton(size_m=size_m, seed=seed, print=imprint)  # type: ignore[arg-type]
    if family == "can":
        radius_m = round(float(rng.uniform(0.02, 0.055)), 4)
        height_m = round(float(np.clip(radius_m * rng.uniform(0.8, 5.0), 0.03, 0.24)), 4)
        return Can(radius_m=radius_m, height_m=height_m, seed=seed, print=imprint)
    return turned_body(float(rng.uniform(0.015, 0.05)), float(rng.uniform(0.04, 0.22)), seed, imprint, rng)


def turned_body(radius_m: float, height_m: float, seed: int, imprint: Print, rng: np.random.Generator) -> Turned:
    """Draw a vase, knob, pawn or spindle of this radius and height: a few radii at even heights, smoothly joined."""
    knots = int(rng.integers(3, 7))
    radii = np.interp(np.linspace(0, knots - 1, 24), np.arange(knots), rng.uniform(0.3, 1.0, knots))
    smooth = np.convolve(np.pad(radii, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    smooth *= radius_m / smooth.max()
    heights = np.linspace(0, height_m, 24)
    profile = tuple((round(float(r), 5), round(float(z), 5)) for r, z in zip(smooth, heights, strict=True))
    return Turned(profile_m=profile, seed=seed, print=imprint)


def _lamp(rng: np.random.Generator) -> Lamp:
    return Lamp(
        azimuth_deg=round(float(rng.uniform(-175, 175)), 2),
        elevation_deg=round(float(rng.uniform(30, 78)), 2),
        angular_radius_rad=round(float(np.exp(rng.uniform(np.log(0.03), np.log(0.3)))), 4),
        warmth=round(float(rng.uniform(-0.08, 0.16)), 4),
        strength=round(float(rng.uniform(0.55, 1.1)), 4),
        sky=round(float(rng.uniform(0.15, 0.5)), 4),
        bounce=round(float(rng.uniform(0.05, 0.25)), 4),
    )


def _camera(rng: np.random.Generator, chosen: ProceduralChoices) -> CameraPath:
    nearest_m, middle, low = rng.uniform(0.4, 0.9), rng.uniform(-140, -40), rng.uniform(18, 48)
    return CameraPath(
        width_px=chosen.width_px,
        height_px=chosen.height_px,
        frames=chosen.frames,
        rate_hz=_one(rng, (2.0, 5.0, 15.0)),
        distance=DistanceSpan(nearest_m=round(nearest_m, 3), farthest_m=round(1.4 * nearest_m, 3)),
        azimuth=AzimuthSpan(from_deg=round(middle - 30, 2), to_deg=round(middle + 30, 2)),
        elevation=ElevationSpan(lowest_deg=round(low, 2), highest_deg=round(low + 24, 2)),
        speed_m_s=0.3,
        turn_deg_s=50.0,
    )


def _sensor(rng: np.random.Generator) -> Sensor:
    warm = rng.uniform(-0.08, 0.08)
    blurs, steps, compressed = rng.random(3) < (0.4, 0.2, 0.5)
    return Sensor(
        depth=_one(rng, ("realsense_d435", "realsense_d435", "kinect_v1")),
        colour=ColourCamera(
            exposure_stops=round(float(rng.uniform(-0.5, 0.3)), 3),
            white_balance=(round(1 + warm, 4), 1.0, round(1 - warm, 4)),
            blur_px=round(float(rng.uniform(0.3, 0.9)), 3),
        ),
        video=Video(
            exposure_s=round(float(rng.uniform(0.004, 0.033)), 4) if blurs else 0.0,
            step_stops=round(float(rng.uniform(0.2, 0.8)), 3) if steps else 0.0,
            gain_stops=round(float(rng.uniform(0.0, 2.5)), 3),
            jpeg_quality=int(rng.integers(55, 96)) if compressed else None,
            seed=int(rng.integers(2**31)),
        ),
    )


def _colours(rng: np.random.Generator) -> tuple[Colour, Colour, Colour, Colour] | None:
    """A palette of the package's in three of ten cases, else one of its own: two hues, a dark and a light."""
    if rng.random() < 0.3:
        palette = PALETTES[rng.integers(len(PALETTES))]
        return palette.ground, palette.accent, palette.dark, palette.light
    ground, accent = _colour(rng), _colour(rng)
    dark, light = (tuple(int(base + share * value) for value in ground) for base, share in ((4, 0.25), (200, 0.2)))
    return ground, accent, dark, light  # type: ignore[return-value]


def _colour(rng: np.random.Generator) -> Colour:
    red, green, blue = (int(value) for value in rng.integers(16, 246, 3))
    return red, green, blue


def _one(rng: np.random.Generator, choices: Sequence[Any]) -> Any:
    return choices[int(rng.integers(len(choices)))]
