"""RViz markers: the mesh in its pose, its axes, and their removal when the object is lost."""

import numpy as np
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, Pose, Vector3
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker

from .object_catalogue import CatalogueEntry

# Formats that RViz reads through assimp.
RVIZ_FORMATS = (".obj", ".stl", ".ply", ".dae", ".glb", ".gltf")
# A triangle list travels with every message; above this a mesh in another format is shown by its axes alone.
MAX_LISTED_FACES = 3000
AXES_RGB = ((0.9, 0.15, 0.15), (0.1, 0.75, 0.2), (0.2, 0.4, 1.0))


class MarkerFactory:
    """Makes the two markers of one object: what doesn't change from frame to frame is made once."""

    def __init__(self, id: str, entry: CatalogueEntry, rgb: tuple[float, float, float]) -> None:
        self._id = id
        self._mesh = self._mesh_marker(entry, ColorRGBA(r=rgb[0], g=rgb[1], b=rgb[2], a=0.8))
        self._axes = self._axes_marker(0.6 * entry.model.diameter_m)

    def shown(self, header: Header, pose: Pose, lifetime_s: float) -> list[Marker]:
        """Return the markers of the object in a pose."""
        lifetime = Duration(sec=int(lifetime_s), nanosec=int(lifetime_s % 1.0 * 1e9))
        markers = [self._axes] if self._mesh is None else [self._mesh, self._axes]
        for marker in markers:
            marker.header, marker.pose, marker.lifetime = header, pose, lifetime
        return markers

    def removed(self, header: Header) -> list[Marker]:
        """Return messages that take the markers away."""
        return [Marker(header=header, ns=f"{self._id}/{what}", action=Marker.DELETE) for what in ("mesh", "axes")]

    def _mesh_marker(self, entry: CatalogueEntry, colour: ColorRGBA) -> Marker | None:
        marker = Marker(ns=f"{self._id}/mesh", color=colour, action=Marker.ADD)
        if entry.mesh_file.suffix.lower() in RVIZ_FORMATS:
            marker.type = Marker.MESH_RESOURCE
            marker.mesh_resource = entry.mesh_file.as_uri()
            marker.mesh_use_embedded_materials = entry.model.has_colour
            unit_m = entry.model.unit_m
            marker.scale = Vector3(x=unit_m, y=unit_m, z=unit_m)
            if entry.model.has_colour:  # a colour would tint the texture
                marker.color = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
            return marker
        if len(entry.model.faces) > MAX_LISTED_FACES:
            return None
        marker.type = Marker.TRIANGLE_LIST
        marker.scale = Vector3(x=1.0, y=1.0, z=1.0)
        corners = entry.model.vertices[entry.model.faces].reshape(-1, 3)
        marker.points = [Point(x=float(x), y=float(y), z=float(z)) for x, y, z in corners]
        return marker

    def _axes_marker(self, length_m: float) -> Marker:
        marker = Marker(ns=f"{self._id}/axes", type=Marker.LINE_LIST, action=Marker.ADD)
        marker.scale.x = 0.03 * length_m
        marker.color.a = 1.0
        for axis, (r, g, b) in zip(np.eye(3) * length_m, AXES_RGB, strict=True):
            marker.points += [Point(), Point(x=float(axis[0]), y=float(axis[1]), z=float(axis[2]))]
            marker.colors += [ColorRGBA(r=r, g=g, b=b, a=1.0)] * 2
        return marker
