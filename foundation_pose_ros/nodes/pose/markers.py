"""RViz markers: the mesh in its pose, its axes, and their removal when the object is lost."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point, Pose, Vector3
from scipy.spatial import cKDTree
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker

from ...object_model.decimation import decimated
from ...object_model.model import ObjectModel
from .object_catalogue import CatalogueEntry

# Formats that RViz reads through assimp.
RVIZ_FORMATS = (".obj", ".stl", ".ply", ".dae", ".glb", ".gltf")
AXES_RGB = ((0.9, 0.15, 0.15), (0.1, 0.75, 0.2), (0.2, 0.4, 1.0))
_OPACITY = 0.8
# Embedded triangles are sent anew for those who come late, and stay for some such periods.
EMBEDDED_PERIOD_S, _EMBEDDED_PERIODS = 1.0, 3


@dataclass(frozen=True)
class MarkerSettings:
    """How meshes are shown.

    embedded: as triangles, which every RViz can show, in place of the file's name, which it has to find. faces: no more
    of them are sent.
    """

    embedded: bool = False
    faces: int = 2000


class MarkerFactory:
    """Makes the two markers of one object: what doesn't change from frame to frame is made once.

    A mesh by its file is shown at each pose. Embedded triangles would be as large as an image: they stand in the
    object's TF frame, to which RViz locks them, and are sent once a period.
    """

    def __init__(
        self, id: str, entry: CatalogueEntry, rgb: tuple[float, float, float], settings: MarkerSettings | None = None
    ) -> None:
        self._id, self._settings = id, settings or MarkerSettings()
        by_file = not self._settings.embedded and entry.mesh_file.suffix.lower() in RVIZ_FORMATS
        colour = ColorRGBA(r=rgb[0], g=rgb[1], b=rgb[2], a=_OPACITY)
        self._by_file = self._file_marker(entry, colour) if by_file else None
        self._embedded = None if by_file else self._triangle_marker(entry.model, colour)
        self._axes = self._axes_marker(0.6 * entry.model.diameter_m)
        self._sent_s: float | None = None

    def shown(self, header: Header, pose: Pose, lifetime_s: float, tf_prefix: str = "") -> list[Marker]:
        """Return the markers of the object in a pose; embedded triangles only when they are due.

        tf_prefix: makes the object's TF frame, in which those stand.
        """
        at_pose = [self._axes] if self._by_file is None else [self._by_file, self._axes]
        for marker in at_pose:
            marker.header, marker.pose, marker.lifetime = header, pose, _duration(lifetime_s)
        now_s = time.monotonic()
        if self._embedded is None or (self._sent_s is not None and now_s - self._sent_s < EMBEDDED_PERIOD_S):
            return at_pose
        self._sent_s = now_s
        # Stamp 0: wherever the frame is when it is drawn.
        self._embedded.header = Header(stamp=Time(), frame_id=tf_prefix + self._id)
        longest_s = max(lifetime_s, _EMBEDDED_PERIODS * EMBEDDED_PERIOD_S)
        self._embedded.lifetime = _duration(longest_s if lifetime_s else 0.0)
        return [self._embedded, *at_pose]

    def removed(self, header: Header) -> list[Marker]:
        """Return messages that take the markers away."""
        self._sent_s = None
        return [Marker(header=header, ns=f"{self._id}/{what}", action=Marker.DELETE) for what in ("mesh", "axes")]

    def _file_marker(self, entry: CatalogueEntry, colour: ColorRGBA) -> Marker:
        marker = Marker(ns=f"{self._id}/mesh", color=colour, action=Marker.ADD, type=Marker.MESH_RESOURCE)
        marker.mesh_resource = mesh_uri(entry.mesh_file)
        marker.mesh_use_embedded_materials = entry.model.has_colour
        unit_m = entry.model.unit_m
        marker.scale = Vector3(x=unit_m, y=unit_m, z=unit_m)
        if entry.model.has_colour:  # a colour would tint the texture
            marker.color = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
        return marker

    def _triangle_marker(self, model: ObjectModel, colour: ColorRGBA) -> Marker:
        marker = Marker(ns=f"{self._id}/mesh", color=colour, action=Marker.ADD, type=Marker.TRIANGLE_LIST)
        marker.scale = Vector3(x=1.0, y=1.0, z=1.0)
        marker.pose.orientation.w = 1.0
        marker.frame_locked = True
        vertices, faces = decimated(model.vertices, model.faces, self._settings.faces)
        corners = np.asarray(vertices, np.float64)[faces]  # (F, 3, 3)
        marker.points = [Point(x=x, y=y, z=z) for x, y, z in corners.reshape(-1, 3).tolist()]
        if model.has_colour:
            rgb = _face_colours(model, corners.mean(axis=1)).tolist()
            marker.colors = [ColorRGBA(r=r, g=g, b=b, a=1.0) for r, g, b in rgb]
        return marker

    def _axes_marker(self, length_m: float) -> Marker:
        marker = Marker(ns=f"{self._id}/axes", type=Marker.LINE_LIST, action=Marker.ADD)
        marker.scale.x = 0.03 * length_m
        marker.color.a = 1.0
        for axis, (r, g, b) in zip(np.eye(3) * length_m, AXES_RGB, strict=True):
            marker.points += [Point(), Point(x=float(axis[0]), y=float(axis[1]), z=float(axis[2]))]
            marker.colors += [ColorRGBA(r=r, g=g, b=b, a=1.0)] * 2
        return marker


def mesh_uri(file: Path) -> str:
    """Return package://PACKAGE/... for a file that a ROS package has installed, which other machines have too.

    Else file://..., which only this machine finds.
    """
    for folder in file.parents:
        if folder.parent.name == "share" and (folder / "package.xml").is_file():
            return f"package://{folder.name}/{file.relative_to(folder).as_posix()}"
    return file.as_uri()


def _face_colours(model: ObjectModel, centres: np.ndarray) -> np.ndarray:
    """RGB (F, 3) in 0..1 of the model's faces that are nearest to points (F, 3)."""
    assert model.appearance is not None
    middles = model.vertices[model.faces].mean(axis=1)
    nearest = cKDTree(middles).query(centres)[1].astype(np.int32)
    inside = np.full((len(nearest), 2), 1 / 3, np.float32)
    return np.clip(model.appearance.sample(nearest, inside, 0.03 * model.diameter_m), 0.0, 1.0)


def _duration(seconds: float) -> Duration:
    return Duration(sec=int(seconds), nanosec=int(seconds % 1.0 * 1e9))
