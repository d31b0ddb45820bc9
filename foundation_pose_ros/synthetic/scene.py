"""Synthetic recordings: objects on a cluttered table before a hand-held RGB-D camera, with true poses.

A `SyntheticScene` offers what a recorded sequence does (evaluation.sequence.Sequence), rendered when asked for.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ..camera import Camera
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..rendering.embree import EmbreeRenderer
from ..se3 import inverse
from .body import Body
from .hand import hand_model, hand_path
from .layout import Placing, place_clutter, place_objects, place_screen
from .lighting import Light
from .meshes import DESIGNS, make_mesh
from .room import make_room
from .scene_painter import Painter, Picture
from .sensor import REALSENSE_D435, WEBCAM, ColourSensor, DepthSensor
from .trajectory import Motion, camera_path, object_path, stamps_ns

FRAME_ID = "camera_color_optical_frame"
_FIRST_OBJECTS = ("mug", "cracker_box", "soda_can", "sticker_cube", "bottle", "bracket")
_CLUTTER = ("cracker_box", "soda_can", "book", "bowl", "bottle", "ball", "mug", "sticker_cube")
_SCREENS = ("soda_can", "bottle", "mug", "cracker_box")
# Layout looks at small pictures: a share of hidden pixels needs no more.
_SKETCH_SCALE = 1 / 6


@dataclass(frozen=True)
class RenderedFrame:
    """One frame with everything that is known of it; visible_fraction: share of each object's outline not covered."""

    frame: Frame
    masks: dict[str, np.ndarray]
    visible_fraction: dict[str, float]


class SyntheticScene:
    """The interface of a sequence over a scene that is rendered on demand; the same call gives the same pixels."""

    def __init__(
        self,
        name: str,
        objects: list[Body],
        others: list[Body],
        painter: Painter,
        camera: Camera,
        T_world_cam: np.ndarray,
        stamps: list[int],
        depth_sensor: DepthSensor,
        colour_sensor: ColourSensor,
        seed: int,
        cached_frames: int,
    ) -> None:
        self.name = name
        self.camera = camera
        self.T_world_cam = T_world_cam
        self.frame_ids = [f"{i:06d}" for i in range(len(T_world_cam))]
        self.object_names = [body.name for body in objects]
        self.clutter_names = [body.name for body in others]
        self._index = {frame_id: i for i, frame_id in enumerate(self.frame_ids)}
        self._objects = {body.name: body for body in objects}
        self._painter, self._stamps, self._seed = painter, stamps, seed
        self._depth_sensor, self._colour_sensor = depth_sensor, colour_sensor
        self._rendered = lru_cache(maxsize=cached_frames)(self._render)

    def with_paths(self, paths: Mapping[str, np.ndarray], T_world_cam: np.ndarray | None = None) -> "SyntheticScene":
        """The same scene with bodies that move along T_world_obj, and a camera along T_world_cam (frames, 4, 4)."""
        changed = [replace(body, T_world_obj=paths.get(body.name, body.T_world_obj)) for body in self._painter.bodies]
        count = len(self.object_names)
        return SyntheticScene(
            self.name,
            changed[:count],
            changed[count:],
            self._painter.with_bodies(changed),
            self.camera,
            self.T_world_cam if T_world_cam is None else T_world_cam,
            self._stamps,
            self._depth_sensor,
            self._colour_sensor,
            self._seed,
            self._rendered.cache_parameters()["maxsize"],
        )

    def path(self, body_name: str) -> np.ndarray:
        """T_world_obj (frames, 4, 4) of an object or a body of the clutter."""
        body = next(body for body in self._painter.bodies if body.name == body_name)
        return np.broadcast_to(body.T_world_obj, (len(self.frame_ids), 4, 4)).copy()

    def body_model(self, body_name: str) -> ObjectModel:
        """The model of an object or a body of the clutter."""
        return next(body for body in self._painter.bodies if body.name == body_name).model

    def frame(self, frame_id: str) -> Frame:
        """Colour and depth as the sensors give them."""
        return self.rendered(frame_id).frame

    def mask(self, frame_id: str, object_name: str) -> np.ndarray | None:
        """(H, W) bool of the object's visible pixels, None where none is visible."""
        self._object(object_name)
        return self.rendered(frame_id).masks.get(object_name)

    def truth(self, frame_id: str, object_name: str) -> np.ndarray:
        """T_cam_obj (4, 4) float32, in the mesh's own frame, whether or not the object is visible."""
        index = self._frame_index(frame_id)
        return (inverse(self.T_world_cam[index]) @ self._object(object_name).pose(index)).astype(np.float32)

    def model(self, object_name: str) -> ObjectModel:
        """The object's model."""
        return self._object(object_name).model

    def visible_fraction(self, frame_id: str, object_name: str) -> float:
        """Share of the object's outline inside the image that nothing covers; 0 where it is outside."""
        self._object(object_name)
        return self.rendered(frame_id).visible_fraction[object_name]

    def rendered(self, frame_id: str) -> RenderedFrame:
        """Frame, masks and visible fractions at once."""
        return self._rendered(self._frame_index(frame_id))

    def picture(self, frame_id: str) -> Picture:
        """The scene before any sensor touched it."""
        index = self._frame_index(frame_id)
        return self._painter.paint(index, self.T_world_cam[index])

    def _render(self, index: int) -> RenderedFrame:
        picture = self._painter.paint(index, self.T_world_cam[index])
        rng = np.random.default_rng([self._seed, index])
        depth_m = self._depth_sensor.measure(picture.depth_m, picture.normals_cam, self.camera, rng)
        rgb = self._colour_sensor.measure(picture.light, rng)
        masks, visible = {}, {}
        for k, name in enumerate(self.object_names):
            mask = picture.ids == k + 1
            count = np.count_nonzero(mask)
            visible[name] = float(count / max(int(picture.areas[k]), 1))
            if count:
                masks[name] = mask
        return RenderedFrame(Frame(rgb, depth_m, self.camera, self._stamps[index], FRAME_ID), masks, visible)

    def _frame_index(self, frame_id: str) -> int:
        if frame_id not in self._index:
            raise InputRefused(
                "unknown_frame",
                f"{self.name} has no frame {frame_id!r}: its frames are {self.frame_ids[0]} to {self.frame_ids[-1]}",
            )
        return self._index[frame_id]

    def _object(self, object_name: str) -> Body:
        if object_name not in self._objects:
            raise InputRefused(
                "unknown_object", f"{self.name} has no object {object_name!r}: it has {', '.join(self.object_names)}"
            )
        return self._objects[object_name]


def make_scene(
    seed: int = 0,
    frames: int = 60,
    objects: int | Sequence[str | ObjectModel] = 1,
    clutter: int = 6,
    width: int = 640,
    height: int = 480,
    occlusion: float = 0.0,
    hand: bool = False,
    moving_object: bool = False,
    motion: Motion = Motion(),  # noqa: B008
    rate_hz: float = 30.0,
    distance_m: tuple[float, float] = (0.5, 0.72),
    surface: str | None = None,
    depth_sensor: DepthSensor = REALSENSE_D435,
    colour_sensor: ColourSensor | None = None,
    supersample: int = 2,
    cached_frames: int = 64,
) -> SyntheticScene:
    """Make a scene; equal arguments make equal scenes.

    objects: how many made-up ones, or their names (`meshes.DESIGNS`) and models of your own; a name that comes twice
    becomes `mug`, `mug_2`. clutter: bodies beside them. occlusion: share of the first object that a body in front of
    it should hide, the mean over the recording; 0 keeps all objects in view. hand: one reaches in front of the first
    object every 2.4 s. moving_object: the first object is lifted and turned. distance_m of the camera, for objects up
    to 0.2 m; larger ones are seen from farther away. colour_sensor: None gives a webcam whose exposure and white
    balance the seed chooses. Raises InputRefused for unknown names and counts that make no sense.
    """
    if frames < 1 or clutter < 0 or not 0 <= occlusion < 1:
        raise InputRefused(
            "bad_scene", f"frames={frames}, clutter={clutter}, occlusion={occlusion}: give at least 1, 0, and 0 to 0.95"
        )
    rng = np.random.default_rng(seed)
    camera = _camera(width, height)
    models, glosses = _models(objects, seed)
    size = max(1.0, max(model.diameter_m for model in models) / 0.25)
    distance_m = (distance_m[0] * size, distance_m[1] * size)
    T_world_cam = camera_path(frames, rate_hz, np.array([0.0, 0.0, 0.05 * size]), rng, motion, distance_m)
    sketch = _camera(round(width * _SKETCH_SCALE), round(height * _SKETCH_SCALE))
    views = T_world_cam[np.linspace(0, frames - 1, min(frames, 3)).astype(int)]
    bodies = place_objects(models, _unique_names(models), glosses, views, sketch, rng)
    target_m = bodies[0].pose(0)[:3, :3] @ bodies[0].model.centre_m + bodies[0].pose(0)[:3, 3]
    others = _clutter(bodies, clutter, occlusion, moving_object, views, sketch, size, seed, rng)
    if moving_object:
        path = object_path(frames, rate_hz, bodies[0].T_world_obj, rng, motion)
        bodies[0] = Body(bodies[0].name, bodies[0].renderer, path, bodies[0].gloss)
    if hand:
        path = hand_path(frames, rate_hz, target_m, T_world_cam[frames // 2, :3, 3], rng)
        others.append(Body("hand", EmbreeRenderer(hand_model(rng)), path, 0.05))

    if colour_sensor is None:
        warm = rng.uniform(-0.06, 0.06)
        colour_sensor = ColourSensor(
            float(rng.uniform(-0.25, 0.15)),
            (1 + warm, 1.0, 1 - warm),
            WEBCAM.shot_noise,
            WEBCAM.read_noise,
            WEBCAM.blur_px,
            WEBCAM.vignetting,
        )
    painter = Painter(make_room(rng, surface), [*bodies, *others], Light.from_seed(rng), camera, supersample)
    return SyntheticScene(
        f"synthetic_{seed}",
        bodies,
        others,
        painter,
        camera,
        T_world_cam,
        stamps_ns(frames, rate_hz),
        depth_sensor,
        colour_sensor,
        seed,
        cached_frames,
    )


def _camera(width: int, height: int) -> Camera:
    """The optics of a RealSense colour camera at 640x480, scaled."""
    focal_px = 610.0 * max(width / 640, height / 480)
    return Camera(focal_px, focal_px, (width - 1) / 2, (height - 1) / 2, width, height)


@lru_cache(maxsize=32)
def _made(name: str, seed: int) -> tuple[ObjectModel, float]:
    return ObjectModel.from_mesh(make_mesh(name, seed), name=name), DESIGNS[name].gloss


def _models(objects: int | Sequence[str | ObjectModel], seed: int) -> tuple[list[ObjectModel], list[float]]:
    if isinstance(objects, int):
        objects = [_FIRST_OBJECTS[k % len(_FIRST_OBJECTS)] for k in range(objects)]
    if isinstance(objects, str) or not objects:
        raise InputRefused("bad_scene", "objects is empty or one string: give a count or a list, as in ['mug']")
    made: dict[str, tuple[ObjectModel, float]] = {}
    chosen = []
    for entry in objects:
        if isinstance(entry, str):
            # Instances of one name share their model: they are the same product.
            made.setdefault(entry, _made(entry, seed))
            chosen.append(made[entry])
        else:
            chosen.append((entry, 0.15))
    return [model for model, _ in chosen], [gloss for _, gloss in chosen]


def _unique_names(models: list[ObjectModel]) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for model in models:
        seen[model.name] += 1
        names.append(model.name if seen[model.name] == 1 else f"{model.name}_{seen[model.name]}")
    return names


def _clutter(
    bodies: list[Body],
    count: int,
    occlusion: float,
    moving_object: bool,
    views: np.ndarray,
    sketch: Camera,
    size: float,
    seed: int,
    rng: np.random.Generator,
) -> list[Body]:
    used = {body.model.name for body in bodies}
    kinds = [name for name in _CLUTTER if name not in used] or list(_CLUTTER)
    others: list[Body] = []
    if occlusion > 0:
        screens = [_made(name, seed + 31) for name in _SCREENS if name not in used]
        screen = place_screen(screens, "screen", bodies, bodies, occlusion, views, sketch, rng)
        others += [screen] if screen is not None else []
    # A lifted object needs room around it.
    placing = Placing((0.26 if moving_object else 0.10 * size, 0.45 * size))
    order = rng.permutation(len(kinds))
    for k in range(count):
        name = kinds[order[k % len(kinds)]]
        model, gloss = _made(name, seed + 1 + k)
        body = place_clutter(
            model, f"clutter_{k}_{name}", gloss, [*bodies, *others], bodies, views, sketch, rng, placing
        )
        others += [body] if body is not None else []
    return others
