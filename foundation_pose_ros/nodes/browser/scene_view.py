"""What stands in the page's scene: the cloud with meshes in it, and, out of their sight, the live picture as a board.

The scene's frame is the camera's: x right, y down, z forward. Needs no ROS.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import se3
from ...arrays import Pose, Rgb
from ...object_model.decimation import decimated
from ...object_model.model import ObjectModel
from ...overlay import LiveObject
from .cloud import FrameCloud

PICTURE, CLOUD = "picture", "cloud"
VIEWS = (CLOUD, PICTURE)
_MOST_FACES = 20_000
# The board: 1 m high, where no cloud reaches.
_BOARD_AT = np.array([0.0, -100.0, 0.0])
# From above the camera's left shoulder.
_EYE, _LOOKED_AT = (-0.1, -0.25, 0.0), (0.02, 0.05, 0.65)


@dataclass
class _Shown:
    """An object in the scene: its model, and the handles of viser's that show its pose and the runners-up.

    number: names it in the scene, where a slash in an id would make it a part of another object.
    """

    number: int
    model: ObjectModel
    mesh: Any
    runners_up: list[Any]


class SceneView:
    """Fills a viser server's scene. runners_up_shown: faint, as wire frames; from the next images on."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._shown: dict[str, _Shown] = {}
        self._cloud: FrameCloud | None = None
        self._board: Any = None
        self._board_px = (0, 0)
        self.runners_up_shown = False
        server.scene.set_up_direction("-y")
        server.initial_camera.position, server.initial_camera.look_at = _EYE, _LOOKED_AT

    def look(self, client: Any, view: str) -> None:
        """Let somebody's view be one of VIEWS: the picture is as large as it fits."""
        eye, looked_at = np.array(_EYE), np.array(_LOOKED_AT)
        if view == PICTURE:
            width, height = self._board_px
            highest = max(1.0, width / max(height, 1) / client.camera.aspect)
            eye, looked_at = _BOARD_AT - (0.0, 0.0, 0.51 * highest / np.tan(client.camera.fov / 2)), _BOARD_AT
        with client.atomic():
            client.camera.up_direction = (0.0, -1.0, 0.0)
            client.camera.position, client.camera.look_at = eye, looked_at

    def show_picture(self, rgb: Rgb) -> None:
        """Show a picture (H, W, 3) on the board."""
        height, width = rgb.shape[:2]
        if self._board is not None and self._board_px == (width, height):
            self._board.image = rgb
            return
        self._board_px = (width, height)
        self._board = self._server.scene.add_image(
            "/picture", rgb, width / height, 1.0, jpeg_quality=85, position=_BOARD_AT, cast_shadow=False
        )

    def show_cloud(self, cloud: FrameCloud) -> None:
        """Show a cloud in place of the last."""
        self._cloud = cloud
        self._server.scene.add_point_cloud(
            "/cloud", cloud.points_cam, cloud.rgb, point_size=0.0022, point_shape="square", point_shading="flat"
        )

    def show_objects(self, objects: Sequence[LiveObject]) -> None:
        """Place all meshes; an object without a pose has none."""
        posed = {each.id: each for each in objects if each.T_cam_obj is not None and each.model is not None}
        for id, shown in list(self._shown.items()):
            if id not in posed or posed[id].model is not shown.model:
                for handle in (shown.mesh, *shown.runners_up):
                    handle.remove()
                del self._shown[id]
        for each in posed.values():
            self._place(each)

    def pixel(self, origin: np.ndarray, direction: np.ndarray) -> tuple[int, int] | None:
        """Return the pixel (u, v) of the image that a ray (3,) (3,) from somebody's eye means, None where none."""
        ahead = (_BOARD_AT[2] - origin[2]) / direction[2] if direction[2] else -1.0
        right, down = (origin + ahead * direction - _BOARD_AT)[:2]
        width, height = self._board_px
        u, v = round(height * right + (width - 1) / 2), round(height * down + (height - 1) / 2)
        if ahead > 0 and 0 <= u < width and 0 <= v < height:
            return u, v
        return None if self._cloud is None else self._cloud.pixel_on_ray(origin, direction)

    def _place(self, each: LiveObject) -> None:
        assert each.model is not None and each.T_cam_obj is not None
        shown = self._shown.get(each.id)
        if shown is None:
            vertices, faces = decimated(each.model.vertices, each.model.faces, _MOST_FACES)
            # The least that is free, since viser remembers each name that it was ever given.
            number = min(set(range(len(self._shown) + 1)) - {other.number for other in self._shown.values()})
            mesh = self._server.scene.add_mesh_simple(
                f"/objects/{number}", vertices, faces, color=each.colour, side="double"
            )
            shown = self._shown[each.id] = _Shown(number, each.model, mesh, [])
        _move(shown.mesh, each.T_cam_obj)
        if tuple(shown.mesh.color) != each.colour:
            shown.mesh.color = each.colour
        shown.mesh.wireframe = each.in_doubt
        runners_up = each.runners_up if self.runners_up_shown else ()
        while len(shown.runners_up) > len(runners_up):
            shown.runners_up.pop().remove()
        for k, runner_up in enumerate(runners_up):
            if k == len(shown.runners_up):
                vertices, faces = each.model.simplified
                handle = self._server.scene.add_mesh_simple(
                    f"/runners_up/{shown.number}/{k}", vertices, faces, color=each.colour, wireframe=True, opacity=0.25
                )
                shown.runners_up.append(handle)
            _move(shown.runners_up[k], runner_up.T_cam_obj)


def _move(handle: Any, T_cam_obj: Pose) -> None:
    x, y, z, w = (float(value) for value in se3.to_quaternion_xyzw(T_cam_obj))
    handle.wxyz, handle.position = (w, x, y, z), tuple(float(value) for value in T_cam_obj[:3, 3])
