"""Reference views fused into one surface: distances averaged in a volume, masks and rays carving free space."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy import ndimage

from ...arrays import Points
from ...depth import in_front
from ...errors import InputRefused
from ...object_model.decimation import decimated
from ...runtime import late_open3d as o3d
from ...se3 import inverse, transform_points
from ..reference_view import ReferenceView
from ..surface import ReconstructedSurface
from .tsdf_volume import Volume
from .view_depth import RIM_PX, DepthView, clear_pixels

_FEWEST_POINTS = 200


@dataclass(frozen=True)
class FusionSettings:
    """How fine and how far.

    voxels: in the object's box. smallest_voxel_m: finer ones hold nothing but noise. band_voxels: distances are
    averaged up to so many voxels from the surface, or up to band_noise times what a stereo camera's noise is at the
    views' distance, noise_per_m2 times its square. faces: left after decimation. against, support: a point is none of
    the object's where a larger share of the views sees past it, or a smaller share of the others shows the object.
    """

    voxels: int = 800_000
    smallest_voxel_m: float = 0.0007
    band_voxels: float = 3.0
    band_noise: float = 2.5
    noise_per_m2: float = 0.0026
    faces: int = 16_000
    against: float = 0.2
    support: float = 0.3


def fuse(views: Sequence[ReferenceView], settings: FusionSettings = FusionSettings()) -> ReconstructedSurface:
    """Return one closed surface from posed views; where none of them saw it, what their masks and rays leave.

    A truncated signed distance averaged over views (Curless and Levoy 1996), with space that was seen to be empty
    carved from space that nobody saw. sigma_m of the surface's vertices is that of the average, inf where no view
    measured. Raises InputRefused for views without poses, and where they leave no object.
    """
    low_m, high_m, reaches_m = extent(views, settings)
    noise_m = settings.noise_per_m2 * float(np.median([np.mean(reach) for reach in reaches_m])) ** 2
    voxel_m = max(float(np.cbrt(np.prod(high_m - low_m) / settings.voxels)), settings.smallest_voxel_m)
    volume = Volume.around(low_m, high_m, voxel_m, max(settings.band_voxels * voxel_m, settings.band_noise * noise_m))
    for view, reach_m in zip(views, reaches_m, strict=True):
        volume.integrate(DepthView.of(view, reach_m, volume.band_m))
    return _extracted(volume, noise_m, settings.faces)


def extent(
    views: Sequence[ReferenceView], settings: FusionSettings = FusionSettings()
) -> tuple[np.ndarray, np.ndarray, list[tuple[float, float]]]:
    """Return box (3,), (3,) around the object, and per view the nearest and farthest depth of that box.

    Raises InputRefused for views without poses, and where they agree on next to no points.
    """
    clouds = []
    for view in views:
        stride = max(1, int(np.sqrt(view.mask.sum() / 4000)))
        clear = replace(view, mask=clear_pixels(view))
        clouds.append(transform_points(inverse(view.pose), clear.points_cam(stride)))
    points = np.concatenate(clouds)
    against, support = _witnesses(points, views)
    points = points[(against <= settings.against) & (support >= settings.support)]
    if len(points) < _FEWEST_POINTS:
        raise InputRefused(
            "no_overlap",
            f"the {len(views)} views agree on {len(points)} points of the object, too few for a surface: "
            "check poses, masks and the unit of depth",
        )
    low_m, high_m = np.quantile(points, (0.0005, 0.9995), axis=0)
    corners = np.array(np.meshgrid(*zip(low_m, high_m, strict=True))).reshape(3, 8).T
    reaches = []
    for view in views:
        depth_m = transform_points(view.pose, corners)[:, 2]
        margin_m = 0.1 * np.ptp(depth_m)
        reaches.append((float(depth_m.min() - margin_m), float(depth_m.max() + margin_m)))
    return low_m, high_m, reaches


def _witnesses(points: Points, views: Sequence[ReferenceView]) -> tuple[np.ndarray, np.ndarray]:
    """(N,), (N,): share of the views that see past a point, beside the mask, and share of the others that show the
    object there. A point comes from a view of its own, which doesn't count.
    """
    shown, past = np.full(len(points), -1.0), np.zeros(len(points))
    for view in views:
        points_cam = transform_points(view.pose, points)
        pixels = view.frame.camera.project(points_cam)
        column, row = np.round(np.nan_to_num(pixels, nan=-1.0)).astype(int).T
        height, width = view.mask.shape
        in_image = (column >= 0) & (row >= 0) & (column < width) & (row < height)
        at = row[in_image], column[in_image]
        mask = cv2.dilate(view.mask.astype(np.uint8), np.ones((2 * RIM_PX + 1,) * 2, np.uint8))[at] > 0
        measured_m = view.frame.depth_m[at]
        hidden = in_front(measured_m, points_cam[in_image, 2], gap_m=0)
        shown[in_image] += mask
        past[in_image] += ~mask & ~hidden
    return past / len(views), (shown / (len(views) - 1) if len(views) > 1 else np.ones(len(points)))


def _extracted(volume: Volume, noise_m: float, faces: int) -> ReconstructedSurface:
    """Marching cubes over distances where there are any, over what was left uncarved elsewhere."""
    measured = volume.weight > 1e-3
    hull = np.where(volume.free > 0, np.float32(volume.band_m), np.float32(-volume.band_m))
    # What nobody measured is known to a voxel at best: its steps are rounded off.
    field = ndimage.gaussian_filter(hull, 1.0)
    field[measured] = volume.distance[measured] / volume.weight[measured]
    field = largest_solid(field)
    for axis in range(3):  # closed at the border of the grid as well
        edge = np.moveaxis(field, axis, 0)
        edge[[0, -1]] = np.maximum(edge[[0, -1]], np.float32(0.5 * volume.voxel_m))
    vertices, triangles = isosurface(field)
    if len(triangles) == 0:
        raise InputRefused("no_overlap", "the views leave no surface: check poses, masks and the unit of depth")
    vertices, triangles = decimated(vertices, triangles, faces)
    return ReconstructedSurface(
        (volume.origin_m + volume.voxel_m * vertices).astype(np.float32),
        triangles.astype(np.uint32),
        _sigma_m(volume, vertices, noise_m),
    )


def largest_solid(field: np.ndarray) -> np.ndarray:
    """Return the field with crumbs and inner bubbles filled in: one body, and one space around it."""
    for sign in (-1, 1):
        labels, count = ndimage.label(sign * field > 0)
        if count > 1:
            sizes = np.bincount(labels.ravel())
            sizes[0] = 0
            others = (labels > 0) & (labels != sizes.argmax())
            field = np.where(others, -field, field)
    return field


def isosurface(field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices (V, 3) in voxels and triangles (F, 3), outwards, of a field that is negative inside."""
    mesh = o3d.t.geometry.TriangleMesh.create_isosurfaces(
        o3d.core.Tensor.from_numpy(np.ascontiguousarray(field, np.float32)), [0.0]
    )
    if "positions" not in mesh.vertex or "indices" not in mesh.triangle:
        return np.zeros((0, 3)), np.zeros((0, 3), int)
    # Open3D counts the last axis first, which also mirrors the triangles.
    return mesh.vertex.positions.numpy()[:, ::-1].astype(np.float64), mesh.triangle.indices.numpy()


def _sigma_m(volume: Volume, vertices: Points, noise_m: float) -> np.ndarray:
    """(V,): standard deviation of the mean of distances, noise of the sensor included; inf where nobody measured.

    Neighbouring pixels of a view are alike, so that views count, not voxels.
    """
    at = vertices.T
    weight = ndimage.map_coordinates(volume.weight, at, order=1, mode="nearest")
    mean = ndimage.map_coordinates(volume.distance, at, order=1, mode="nearest") / np.maximum(weight, 1e-6)
    square = ndimage.map_coordinates(volume.square, at, order=1, mode="nearest") / np.maximum(weight, 1e-6)
    variance = np.maximum(square - mean**2, noise_m**2)
    return np.where(weight > 0.05, np.sqrt(variance / np.maximum(weight, 0.25)), np.inf).astype(np.float32)
