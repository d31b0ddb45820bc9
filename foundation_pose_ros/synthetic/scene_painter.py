"""A perfect picture of a scene: linear light, depth, normals, and which body each pixel shows."""

from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np

from ..arrays import Depth, Pose
from ..camera import Camera, PixelBox
from ..rendering.renderer import Rendering
from ..se3 import inverse
from ..srgb import decode_srgb
from .body import Body, image_box, render_box
from .glass import let_through
from .lens import PINHOLE, OpenLens
from .lighting import SceneLight, ShadowCaster, body_visibility, moving_shadow, table_light
from .room import Panel, look_up

_TABLE_LIGHT_STEP, _TABLE_SHADOW_STEP = 6, 16
_PLAIN_ALBEDO = 0.55


@dataclass(frozen=True, eq=False)
class PaintedPicture:
    """light (H, W, 3) float32 linear, 1 = white; depth_m (H, W); normals_cam (H, W, 3); ids (H, W) uint8, 0 for the
    surroundings, else 1 + the body's index; areas (bodies,): pixels that each would show if it stood alone; behind_m
    (H, W): depth of what is seen through glass, depth_m elsewhere.
    """

    light: np.ndarray
    depth_m: Depth
    normals_cam: np.ndarray
    ids: np.ndarray
    areas: np.ndarray
    behind_m: Depth


class ScenePainter(Protocol):
    """Whoever paints a scene's bodies from any camera pose."""

    @property
    def bodies(self) -> list[Body]: ...

    def with_bodies(self, bodies: list[Body]) -> "ScenePainter":
        """Return the same room and light with other bodies."""
        ...

    def paint(self, frame: int, T_world_cam: Pose) -> PaintedPicture:
        """Return the scene at the moment of a frame, seen from T_world_cam (4, 4)."""
        ...


class Painter:
    """Paints one scene from any camera pose.

    supersample: rays along each side of a pixel for the bodies' colours; depth, normals and ids are those of the ray
    through the pixel's centre. bodies, room, light, camera and lens are what it was made of; the room's panels not yet
    lit.
    """

    def __init__(
        self,
        room: dict[str, Panel],
        bodies: list[Body],
        light: SceneLight,
        camera: Camera,
        supersample: int = 2,
        lens: OpenLens = PINHOLE,
    ) -> None:
        self.bodies, self.lens = bodies, lens
        self.room, self.light, self.camera, self._supersample = room, light, camera, supersample
        self._shadows = ShadowCaster()
        for body in bodies:
            if body.glass:
                continue
            add = self._shadows.add_moving if body.moves else self._shadows.add_standing
            add(body.model.vertices, body.model.faces, body.T_world_obj)
        self._table = room["table"]
        self._panels = {name: self._baked(name, panel) for name, panel in room.items()}
        self._rays = camera.rays(np.arange(camera.width)[None], np.arange(camera.height)[:, None])

    def with_bodies(self, bodies: list[Body]) -> "Painter":
        """Return the same room and light with other bodies."""
        return Painter(self.room, bodies, self.light, self.camera, self._supersample, self.lens)

    def paint(self, frame: int, T_world_cam: Pose) -> PaintedPicture:
        """Return the scene at the moment of a frame, seen from T_world_cam (4, 4)."""
        picture = self.sharp(frame, T_world_cam)
        return replace(picture, light=self.lens.blurred(picture.light, picture.depth_m, self.camera))

    def sharp(self, frame: int, T_world_cam: Pose) -> PaintedPicture:
        """Return the same as a pinhole would see it."""
        T_cam_world = inverse(np.asarray(T_world_cam, np.float64))
        light, depth_m, normals_cam = self._surroundings(frame, T_cam_world)
        poses = [T_cam_world @ body.pose(frame) for body in self.bodies]
        boxes = [image_box(body.model, T, self.camera) for body, T in zip(self.bodies, poses, strict=True)]
        ids, areas = np.zeros(depth_m.shape, np.uint8), np.zeros(len(self.bodies), np.int64)
        picture = PaintedPicture(light, depth_m, normals_cam, ids, areas, depth_m)
        solid_boxes = [None if body.glass else box for body, box in zip(self.bodies, boxes, strict=True)]
        for k, (body, T_cam_obj, box) in enumerate(zip(self.bodies, poses, solid_boxes, strict=True)):
            if box is not None:
                rendering = render_box(body.renderer, T_cam_obj, self.camera, box, normals=True)
                _put_before(picture, k, rendering, box)
        seen_boxes = [box for box in solid_boxes if box is not None]
        if seen_boxes:
            corners = np.array(seen_boxes)
            whole = (*corners[:, :2].min(axis=0), *corners[:, 2:].max(axis=0))
            part = np.s_[whole[1] : whole[3], whole[0] : whole[2]]
            albedo, coverage = self._albedo(poses, solid_boxes, whole)
            fall, shine = self._light_on_bodies(frame, T_world_cam, ids, depth_m, normals_cam, part)
            light[part] = albedo * fall + coverage[..., None] * shine + (1 - coverage[..., None]) * light[part]
        glass = [(T[2, 3], k, box) for k, (T, box) in enumerate(zip(poses, boxes, strict=True)) if self.bodies[k].glass]
        if glass:
            picture = replace(picture, behind_m=depth_m.copy())
        for _, k, box in sorted(glass, reverse=True, key=lambda one: one[0]):
            if box is not None:
                self._lay_glass(picture, k, poses[k], box, T_world_cam)
        return picture

    def _lay_glass(
        self, picture: PaintedPicture, index: int, T_cam_obj: Pose, box: PixelBox, T_world_cam: Pose
    ) -> None:
        """Put a body of glass before what a picture shows: it takes some light, and throws some at the eye."""
        body, part = self.bodies[index], np.s_[box[1] : box[3], box[0] : box[2]]
        rendering = render_box(body.renderer, T_cam_obj, self.camera, box, normals=True, colour=True)
        front = _put_before(picture, index, rendering, box)
        albedo = np.ones(3) if rendering.rgb is None else decode_srgb(rendering.rgb[0][front])
        R, all_seen = np.float32(T_world_cam[:3, :3]), np.ones(np.count_nonzero(front))
        away = self._rays[part][front] @ R.T
        to_eye = -away / np.linalg.norm(away, axis=1, keepdims=True)
        shine = body.gloss * self.light.gloss(picture.normals_cam[part][front] @ R.T, to_eye, all_seen, all_seen)
        picture.light[part][front] = picture.light[part][front] * let_through(albedo) + shine

    def _baked(self, name: str, panel: Panel) -> Panel:
        """The panel with the light that falls on it multiplied in, standing shadows included."""
        albedo, normal = panel.light, np.cross(panel.along_columns, panel.along_rows)
        if name == "table":
            fall = table_light(self.light, self._shadows, panel.points(_TABLE_LIGHT_STEP))
            light = cv2.resize(fall, albedo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        else:
            towards_room = normal if normal[1] <= 0 and normal[2] >= 0 else -normal
            light = self.light.irradiance(towards_room[None].astype(np.float32), np.ones(1), np.ones(1))
        return Panel(
            panel.origin_m, panel.along_columns, panel.along_rows, (albedo * light).astype(np.float32), panel.texel_m
        )

    def _surroundings(self, frame: int, T_cam_world: Pose) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        size = self._rays.shape[:2]
        light, depth_m = np.zeros((*size, 3), np.float32), np.zeros(size, np.float32)
        normals_cam = np.zeros((*size, 3), np.float32)
        for name, panel in self._panels.items():
            panel_depth_m, columns, rows, normal = panel.seen(T_cam_world, self._rays)
            front = (panel_depth_m > 0) & ((depth_m == 0) | (panel_depth_m < depth_m))
            if not front.any():
                continue
            seen = look_up(panel.light, columns, rows)
            if name == "table" and self._shadows.has_moving:
                factor = moving_shadow(self.light, self._shadows, panel.points(_TABLE_SHADOW_STEP), frame)
                step = np.float32(_TABLE_SHADOW_STEP)
                seen *= look_up(factor, columns / step, rows / step)[..., None]
            np.copyto(light, seen, where=front[..., None])
            np.copyto(depth_m, panel_depth_m, where=front)
            normals_cam[front] = normal
        return light, depth_m, normals_cam

    def _albedo(
        self, poses: list[np.ndarray], boxes: list[PixelBox | None], whole: PixelBox
    ) -> tuple[np.ndarray, np.ndarray]:
        """Linear albedo (h, w, 3) of the bodies within a box, times the share (h, w) of each pixel that they cover."""
        scale = self._supersample
        left, top, right, bottom = whole
        fine_size = ((bottom - top) * scale, (right - left) * scale)
        nearest_m, albedo = np.full(fine_size, np.inf, np.float32), np.zeros((*fine_size, 3), np.float32)
        for body, T_cam_obj, box in zip(self.bodies, poses, boxes, strict=True):
            if box is None:
                continue
            rendering = render_box(body.renderer, T_cam_obj, self.camera, box, scale, colour=True)
            part = np.s_[
                (box[1] - top) * scale : (box[3] - top) * scale, (box[0] - left) * scale : (box[2] - left) * scale
            ]
            front = (rendering.depth_m[0] > 0) & (rendering.depth_m[0] < nearest_m[part])
            np.copyto(nearest_m[part], rendering.depth_m[0], where=front)
            colour = _PLAIN_ALBEDO if rendering.rgb is None else decode_srgb(rendering.rgb[0])
            np.copyto(albedo[part], colour, where=front[..., None])
        size = (right - left, bottom - top)
        coverage = cv2.resize(np.isfinite(nearest_m).astype(np.float32), size, interpolation=cv2.INTER_AREA)
        return cv2.resize(albedo, size, interpolation=cv2.INTER_AREA), coverage

    def _light_on_bodies(
        self,
        frame: int,
        T_world_cam: Pose,
        ids: np.ndarray,
        depth_m: Depth,
        normals_cam: np.ndarray,
        part: tuple[slice, slice],
    ) -> tuple[np.ndarray, np.ndarray]:
        """Light (h, w, 3) that falls on the bodies in a part of the image, and what their gloss throws back.

        Both reach a pixel beyond the bodies' borders, which are only partly covered.
        """
        R, eye = np.float32(T_world_cam[:3, :3]), np.float32(T_world_cam[:3, 3])
        ids, rays = ids[part], self._rays[part]
        solid = ids > 0
        away = rays @ R.T
        normals, points = normals_cam[part] @ R.T, depth_m[part][..., None] * away + eye
        seen = body_visibility(self.light, self._shadows, points, normals, solid, frame)[solid]
        to_eye = -away[solid] / np.linalg.norm(away[solid], axis=1, keepdims=True)
        gloss = np.array([0, *(body.gloss for body in self.bodies)], np.float32)[ids[solid]]
        fall, shine = np.zeros((2, *solid.shape, 3), np.float32)
        fall[solid] = self.light.irradiance(normals[solid], seen[:, 0], seen[:, 1])
        shine[solid] = gloss[:, None] * self.light.gloss(normals[solid], to_eye, seen[:, 0], seen[:, 1])
        weight = cv2.blur(solid.astype(np.float32), (3, 3))
        border = ~solid & (weight > 0)
        for image in (fall, shine):
            image[border] = cv2.blur(image, (3, 3))[border] / weight[border][:, None]
        return fall, shine


def _put_before(picture: PaintedPicture, index: int, rendering: Rendering, box: PixelBox) -> np.ndarray:
    """Put a body's rendering where it is nearer than what a picture shows; return where (h, w) that is in its box."""
    assert rendering.normals_cam is not None
    part, seen_m = np.s_[box[1] : box[3], box[0] : box[2]], rendering.depth_m[0]
    hit = seen_m > 0
    picture.areas[index] = np.count_nonzero(hit)
    front: np.ndarray = hit & ((picture.depth_m[part] == 0) | (seen_m < picture.depth_m[part]))
    picture.depth_m[part][front] = seen_m[front]
    picture.normals_cam[part][front] = rendering.normals_cam[0][front]
    picture.ids[part][front] = index + 1
    return front
