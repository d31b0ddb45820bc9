"""From a trained field to the surface that fusion would give: triangles, and how well each vertex is known."""

import numpy as np

from ... import se3
from ...arrays import Points
from ...object_model.decimation import decimated
from ..fusion.view_depth import DepthView
from ..surface import ReconstructedSurface
from .extraction import vertices_and_faces
from .training import TrainedField

# Of a stereo camera: what is left of its noise even where all views agree, as shares of the squared distance.
_NOISE_PER_M2 = 0.0026
_LEAST_WEIGHT, _FULL_WEIGHT = 0.05, 0.25


def field_surface(trained: TrainedField, cell_m: float | None = None, faces: int = 16_000) -> ReconstructedSurface:
    """Return the surface of a field; raises InputRefused where it has none.

    cell_m: side of the cubes it is looked for in, half a cell of the field's finest grid where not given. faces: left
    after decimation. sigma_m: from how far the views' depth is off, inf where none has seen the surface.
    """
    field = trained.field
    vertices, triangles = vertices_and_faces(field, cell_m or field.cell * field.half_m / 2)
    vertices, triangles = decimated(vertices, triangles, faces)
    vertices = vertices.astype(np.float32)
    return ReconstructedSurface(vertices, triangles.astype(np.uint32), _sigma_m(trained, vertices))


def _sigma_m(trained: TrainedField, vertices: Points) -> np.ndarray:
    """(V,) standard deviation of the mean of what the views measured at each vertex, inf where none did."""
    weight, off, square = np.zeros((3, len(vertices)))
    noise_m = []
    for view, reach_m in zip(trained.views, trained.box.reaches_m, strict=True):
        seen = DepthView.of(view, reach_m, trained.truncation_m)
        points = se3.transform_points(view.pose, vertices)
        noise_m.append(_NOISE_PER_M2 * float(np.median(points[:, 2])) ** 2)
        column, row = np.round(np.nan_to_num(view.frame.camera.project(points), nan=-1)).astype(int).T
        height, width = view.mask.shape
        inside = np.flatnonzero((column >= 0) & (row >= 0) & (column < width) & (row < height))
        at = row[inside], column[inside]
        distance_m = (seen.depth_m[at] - points[inside, 2]) * seen.cosine[at]
        trust = seen.weight[at] * (np.abs(distance_m) < trained.truncation_m)
        weight[inside] += trust
        off[inside] += trust * distance_m
        square[inside] += trust * distance_m**2
    known = np.maximum(weight, 1e-6)
    variance = np.maximum(square / known - (off / known) ** 2, np.median(noise_m) ** 2)
    return np.where(weight > _LEAST_WEIGHT, np.sqrt(variance / np.maximum(weight, _FULL_WEIGHT)), np.inf).astype(
        np.float32
    )
