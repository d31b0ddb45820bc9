"""From a description to a scene that can be rendered, and back to a description with every body in its place."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..arrays import Pose
from ..errors import InputRefused
from ..se3 import from_quaternion_xyzw, to_quaternion_xyzw
from ..synthetic.body import Body
from ..synthetic.layout import Item
from ..synthetic.lens import OpenLens
from ..synthetic.lighting import LampSettings
from ..synthetic.scene import SyntheticScene, make_scene
from ..synthetic.scene_settings import SceneSettings
from ..synthetic.sensor import KINECT_V1, PERFECT_DEPTH, REALSENSE_D435, ColourSensor
from ..synthetic.settling import dropped
from ..synthetic.trajectory import Motion
from ..synthetic.video_defects import VideoDefects
from .bodies import item_of
from .body_spec import BodySpec, Place
from .libraries import NO_LIBRARIES, Libraries
from .scene_spec import SceneSpec

_DEPTH = {"realsense_d435": REALSENSE_D435, "kinect_v1": KINECT_V1, "perfect": PERFECT_DEPTH}
# A heap may lose an object from the table; then it is dropped anew, from another draw.
_HEAPS = 8


def make_described(spec: SceneSpec, libraries: Libraries = NO_LIBRARIES) -> SyntheticScene:
    """Make the scene; equal descriptions make equal scenes, whose frames are rendered when they are asked for.

    Raises InputRefused for names that no library has, and where bodies find no room on the table.
    """
    objects = [_entry(body, libraries) for body in spec.objects]
    clutter = [_entry(body, libraries, _clutter_prefix(k)) for k, body in enumerate(spec.clutter)]
    if spec.arrangement == "dropped":
        objects, clutter = _heaped(objects, clutter, spec.seed)
    return make_scene(_settings(spec, objects, clutter))


def placed(spec: SceneSpec, scene: SyntheticScene) -> SceneSpec:
    """Return the description with the place of every body that stands in the scene made of it.

    What it then says depends on no search for room and no fall any more. Clutter that found no room is left out.
    """
    objects = [_stood(body, scene.path(name)[0]) for body, name in zip(spec.objects, scene.object_names, strict=True)]
    described = [(spec_of_body(spec, scene, name), name) for name in scene.clutter_names]
    clutter = [_stood(body, scene.path(name)[0]) for body, name in described if body is not None]
    return spec.model_copy(update={"objects": tuple(objects), "clutter": tuple(clutter), "arrangement": "stood"})


def spec_of_body(spec: SceneSpec, scene: SyntheticScene, body_name: str) -> BodySpec | None:
    """Return what the description says of a body of its scene; None for a hand or a screen, which it doesn't list."""
    if body_name in scene.object_names:
        return spec.objects[scene.object_names.index(body_name)]
    return next((body for k, body in enumerate(spec.clutter) if body_name.startswith(_clutter_prefix(k))), None)


def _settings(spec: SceneSpec, objects: Sequence[Item | Body], clutter: Sequence[Item | Body]) -> SceneSettings:
    camera, colour = spec.camera, spec.sensor.colour
    return SceneSettings(
        seed=spec.seed,
        frames=camera.frames,
        objects=list(objects),
        clutter=list(clutter),
        width=camera.width_px,
        height=camera.height_px,
        occlusion=spec.occlusion,
        hand=spec.hand is not None,
        hand_period_s=spec.hand.period_s if spec.hand is not None else 2.4,
        moving_object=spec.first_object_moves,
        motion=Motion(camera.speed_m_s, camera.turn_deg_s, camera.tremor_m, camera.tremor_deg),
        rate_hz=camera.rate_hz,
        distance_m=(camera.distance.nearest_m, camera.distance.farthest_m),
        azimuth_deg=(camera.azimuth.from_deg, camera.azimuth.to_deg),
        elevation_deg=(camera.elevation.lowest_deg, camera.elevation.highest_deg),
        focal_px=camera.focal_px,
        surface=spec.table,
        lamp=LampSettings(**spec.lamp.model_dump()),
        lens=OpenLens(spec.sensor.lens.aperture_mm / 1000, spec.sensor.lens.focus_m),
        depth_sensor=_DEPTH[spec.sensor.depth],
        colour_sensor=ColourSensor(**colour.model_dump()),
        video=VideoDefects(**spec.sensor.video.model_dump()),
        separate_draws=True,
        supersample=spec.supersample,
    )


def _entry(body: BodySpec, libraries: Libraries, prefix: str = "") -> Item | Body:
    item = item_of(body, libraries)
    item = replace(item, name=prefix + item.name)
    return item if body.place is None else item.at(_pose(body.place))


def _heaped(
    objects: Sequence[Item | Body], clutter: Sequence[Item | Body], seed: int
) -> tuple[list[Item | Body], list[Item | Body]]:
    items = [*clutter, *objects]
    falling = [item for item in items if isinstance(item, Item)]
    for heap in range(_HEAPS):
        poses = iter(dropped(falling, np.random.default_rng([seed, 41, heap])))
        bodies = [item if isinstance(item, Body) else _at(item, next(poses)) for item in items]
        if None not in bodies[len(clutter) :]:
            break
    else:
        raise InputRefused("not_settled", "objects keep rolling off the table: take other ones, or another seed")
    return [body for body in bodies[len(clutter) :] if body], [body for body in bodies[: len(clutter)] if body]


def _at(item: Item, T_world_obj: Pose | None) -> Body | None:
    return None if T_world_obj is None else item.at(T_world_obj)


def _clutter_prefix(k: int) -> str:
    return f"clutter_{k:02d}_"


def _stood(body: BodySpec, T_world_obj: Pose) -> BodySpec:
    quaternion = tuple(map(float, to_quaternion_xyzw(T_world_obj)))
    place = Place(position_m=tuple(map(float, T_world_obj[:3, 3])), quaternion_xyzw=quaternion)  # type: ignore[arg-type]
    return body.model_copy(update={"place": place})


def _pose(place: Place) -> np.ndarray:
    return from_quaternion_xyzw(np.array(place.quaternion_xyzw), np.array(place.position_m))
