"""Shapes of made-up objects: vertices, faces and texture coordinates, in metres, z up, outward winding.

Texture coordinates are (u, v) in 0..1 with v = 1 at the top of the image, the convention of OBJ and trimesh.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial import Delaunay

from ..arrays import Points


class Shape(NamedTuple):
    """vertices (V, 3) metres; faces (F, 3) int; uv (V, 2)."""

    vertices: Points
    faces: np.ndarray
    uv: np.ndarray


# Face normal and the direction that is up on its print, seen from outside.
BOX_SIDES: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "front": ((0, -1, 0), (0, 0, 1)),
    "back": ((0, 1, 0), (0, 0, 1)),
    "left": ((-1, 0, 0), (0, 0, 1)),
    "right": ((1, 0, 0), (0, 0, 1)),
    "top": ((0, 0, 1), (0, 1, 0)),
    "bottom": ((0, 0, -1), (0, 1, 0)),
}


def grid_faces(rows: int, columns: int) -> np.ndarray:
    """Return two triangles (2 * (rows - 1) * (columns - 1), 3) per cell of a row-major grid of vertices."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    c, d = index[1:, 1:].ravel(), index[1:, :-1].ravel()
    return np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])


def joined(*shapes: Shape) -> Shape:
    """Return one shape of several that share a texture."""
    offsets = np.cumsum([0] + [len(shape.vertices) for shape in shapes[:-1]])
    return Shape(
        np.concatenate([shape.vertices for shape in shapes]),
        np.concatenate([shape.faces + offset for shape, offset in zip(shapes, offsets, strict=True)]),
        np.concatenate([shape.uv for shape in shapes]),
    )


def box_side_size_m(side: str, extents_m: tuple[float, float, float]) -> tuple[float, float]:
    """Return width and height in metres of the print on one side of a box."""
    normal, up = (np.array(axis, float) for axis in BOX_SIDES[side])
    return float(np.abs(np.cross(up, normal)) @ extents_m), float(np.abs(up) @ extents_m)


def rounded_box(
    extents_m: tuple[float, float, float],
    edge_radius_m: float,
    side_uv: dict[str, tuple[float, float, float, float]],
    cells: int = 12,
) -> Shape:
    """Return a box about the origin whose edges and corners are rounded.

    side_uv: for each name of BOX_SIDES the rectangle (u0, v0, u1, v1) of the texture that is its print.
    """
    half = np.asarray(extents_m, float) / 2
    inner = half - edge_radius_m
    rounding = edge_radius_m * np.tan(np.linspace(np.pi / 4, 0, 4))[:-1]
    shapes = []
    for side, (normal_axis, up_axis) in BOX_SIDES.items():
        normal, up = np.array(normal_axis, float), np.array(up_axis, float)
        right = np.cross(up, normal)
        nodes = []
        for axis in (right, up):
            reach = float(np.abs(axis) @ inner)
            nodes.append(np.concatenate([-reach - rounding, np.linspace(-reach, reach, cells), reach + rounding[::-1]]))
        across, along = np.meshgrid(nodes[0], nodes[1])
        sharp = across[..., None] * right + along[..., None] * up + normal * half
        core = np.clip(sharp, -inner, inner)
        outward = sharp - core
        vertices = core + edge_radius_m * outward / np.linalg.norm(outward, axis=-1, keepdims=True)
        u0, v0, u1, v1 = side_uv[side]
        width, height = box_side_size_m(side, extents_m)
        uv = np.stack([u0 + (u1 - u0) * (across / width + 0.5), v0 + (v1 - v0) * (along / height + 0.5)], axis=-1)
        shapes.append(Shape(vertices.reshape(-1, 3), grid_faces(*across.shape), uv.reshape(-1, 2)))
    return joined(*shapes)


def revolved(profile_m: np.ndarray, profile_v: np.ndarray, segments: int = 96) -> Shape:
    """Turn a profile (P, 2) of (radius, z) about z; its order runs with the outside on the right hand, bottom first.

    u runs once around, counter-clockwise seen from above and starting at +x; profile_v (P,) is v along the profile.
    """
    profile_m, profile_v = np.asarray(profile_m, float), np.asarray(profile_v, float)
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    radius, z = profile_m[:, :1], profile_m[:, 1:]
    vertices = np.stack(np.broadcast_arrays(radius * np.cos(angle), radius * np.sin(angle), z), axis=-1)
    uv = np.stack(np.broadcast_arrays(angle / (2 * np.pi), profile_v[:, None]), axis=-1)
    shape = Shape(vertices.reshape(-1, 3), grid_faces(len(profile_m), segments + 1), uv.reshape(-1, 2))
    return without_degenerate_faces(shape)


def tube(
    path_m: np.ndarray, binormal: np.ndarray, half_widths_m: tuple[float, float], uv: tuple[float, float]
) -> Shape:
    """Make a tube of elliptic section along a planar path (N, 3); half widths in the plane and along its binormal.

    The whole tube takes its colour from one point `uv` of the texture.
    """
    tangent = np.gradient(path_m, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    normal = np.cross(binormal, tangent)
    angle = np.linspace(0, 2 * np.pi, 25)[:, None]
    ring = half_widths_m[0] * np.cos(angle) * normal[:, None] + half_widths_m[1] * np.sin(angle) * binormal
    ring, path_m = np.concatenate([0 * ring[:1], ring, 0 * ring[:1]]), np.concatenate([path_m[:1], path_m, path_m[-1:]])
    vertices = (path_m[:, None] + ring).reshape(-1, 3)
    faces = grid_faces(len(path_m), len(angle))
    return without_degenerate_faces(Shape(vertices, faces, np.tile(np.asarray(uv, float), (len(vertices), 1))))


def bent_plate(
    leg_lengths_m: tuple[float, float],
    width_m: float,
    thickness_m: float,
    bend_radius_m: float,
    hole_radius_m: float,
    holes_m: list[tuple[float, float]],
    uv: tuple[float, float],
) -> Shape:
    """Make sheet metal bent by 90 degrees, with round holes.

    The flat sheet spans s in 0..sum of legs and y in -width/2..width/2; holes_m are (s, y). It lies along +x first,
    then rises along +z; the radius is that of the sheet's middle.
    """
    length = sum(leg_lengths_m)
    points, loops = _sheet_points(length, width_m, hole_radius_m, holes_m)
    triangles = Delaunay(points).simplices
    centres = points[triangles].mean(axis=1)
    for hole in holes_m:
        keep = np.linalg.norm(centres - hole, axis=1) > hole_radius_m
        triangles, centres = triangles[keep], centres[keep]
    edges = points[triangles[:, 1:]] - points[triangles[:, :1]]
    clockwise = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0] < 0
    triangles[clockwise] = triangles[clockwise][:, ::-1]

    count = len(points)
    upper, lower = (_bend(points, side * thickness_m / 2, leg_lengths_m[0], bend_radius_m) for side in (1, -1))
    walls = []
    for loop in loops:
        a, b = loop, np.roll(loop, -1)
        walls += [np.stack([a + count, b + count, b], axis=1), np.stack([a + count, b, a], axis=1)]
    faces = np.concatenate([triangles, triangles[:, ::-1] + count, *walls])
    vertices = np.concatenate([upper, lower])
    return Shape(vertices, faces, np.tile(np.asarray(uv, float), (len(vertices), 1)))


def _sheet_points(
    length: float, width: float, hole_radius: float, holes: list[tuple[float, float]]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Points (N, 2) of a flat sheet and its rims as loops of indices, material on the left of each."""
    columns, rows = 61, 25
    s, y = np.meshgrid(np.linspace(0, length, columns), np.linspace(-width / 2, width / 2, rows))
    grid = np.stack([s.ravel(), y.ravel()], axis=1)
    index = np.arange(columns * rows).reshape(rows, columns)
    outline = grid[np.concatenate([index[0, :-1], index[:-1, -1], index[-1, :0:-1], index[:0:-1, 0]])]
    inside = np.ones(len(grid), bool)
    inside[np.concatenate([index[0], index[-1], index[:, 0], index[:, -1]])] = False
    for hole in holes:
        inside &= np.linalg.norm(grid - hole, axis=1) > hole_radius * 1.25
    angle = np.linspace(0, -2 * np.pi, 33)[:-1]
    rims = [np.asarray(hole) + hole_radius * np.stack([np.cos(angle), np.sin(angle)], axis=1) for hole in holes]
    parts = [outline, *rims, grid[inside]]
    starts = np.cumsum([0] + [len(part) for part in parts])
    loops = [np.arange(starts[i], starts[i + 1]) for i in range(len(rims) + 1)]
    return np.concatenate(parts), loops


def _bend(points: np.ndarray, offset: float, first_leg: float, radius: float) -> np.ndarray:
    """Map sheet points (N, 2) at a height above the sheet's middle into the bent plate (N, 3)."""
    s, y = points[:, 0], points[:, 1]
    start = first_leg - radius * np.pi / 4
    angle = np.clip((s - start) / radius, 0, np.pi / 2)
    rise = np.maximum(s - start - radius * np.pi / 2, 0)
    x = np.minimum(s, start) + (radius - offset) * np.sin(angle)
    z = radius - (radius - offset) * np.cos(angle) + rise
    return np.stack([x, y, z], axis=1)


def without_degenerate_faces(shape: Shape) -> Shape:
    """Return a shape less its faces without area, as rings that shrink to a point have them."""
    corners = shape.vertices[shape.faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    return shape._replace(faces=shape.faces[area > 1e-12])
