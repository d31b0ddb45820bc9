"""A field's surface as triangles (marching cubes: Lorensen and Cline 1987), evaluated only where it passes."""

import numpy as np
import torch
from scipy import ndimage

from ...arrays import Points
from ...errors import InputRefused
from ..fusion.tsdf_fusion import isosurface, largest_solid
from .field import ObjectField

_COARSE_SHARE = 4
_BATCH = 1 << 16
# A distance that is off by no more than this many coarse cells may still cross zero between their corners.
_REACH_CELLS = 2.0


def vertices_and_faces(field: ObjectField, cell_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices (V, 3) in the object's frame, metres, and faces (F, 3) that turn outwards: one closed body.

    cell_m: side of the cubes. Raises InputRefused where the field has no surface.
    """
    cells = max(8, _COARSE_SHARE * int(np.ceil(2 * field.half_m / cell_m / _COARSE_SHARE)))
    coarse = _values(field, _grid(cells // _COARSE_SHARE)).reshape((cells // _COARSE_SHARE + 1,) * 3)
    fine = ndimage.zoom(coarse, (cells + 1) / len(coarse), order=1, grid_mode=False)
    near = np.abs(fine) < _REACH_CELLS * 2 / (cells // _COARSE_SHARE)
    fine[near] = _values(field, _grid(cells)[near.ravel()])
    # Nothing reaches the box's border: a surface that seems to is closed there.
    for axis in range(3):
        border = np.moveaxis(fine, axis, 0)
        border[0], border[-1] = np.maximum(border[0], 1e-3), np.maximum(border[-1], 1e-3)
    if not (fine < 0).any():
        raise InputRefused(
            "no_surface", "the neural field has no surface: train for more steps, or give more views of the object"
        )
    corners, faces = isosurface(largest_solid(fine))
    at = corners * (2 / cells) - 1
    return at * field.half_m + field.centre_m, faces


def colours(field: ObjectField, vertices: Points, normals: np.ndarray) -> np.ndarray:
    """Return colours (V, 3) uint8 of vertices (V, 3) in the object's frame, each seen from straight above its face."""
    device = field.grid.table.device
    out = []
    for start in range(0, len(vertices), _BATCH):
        part = slice(start, start + _BATCH)
        at = torch.from_numpy(((vertices[part] - field.centre_m) / field.half_m).astype(np.float32)).to(device)
        towards = torch.from_numpy(-normals[part].astype(np.float32)).to(device)
        with torch.no_grad():
            out.append(field.colour(field(at)[1], towards).cpu().numpy())
    return np.round(255 * np.concatenate(out)).astype(np.uint8)


def _grid(cells: int) -> np.ndarray:
    """Corners ((cells + 1)^3, 3) of the box's cubes."""
    side = np.linspace(-1, 1, cells + 1, dtype=np.float32)
    return np.stack(np.meshgrid(side, side, side, indexing="ij"), axis=-1).reshape(-1, 3)


def _values(field: ObjectField, points: Points) -> np.ndarray:
    device = field.grid.table.device
    with torch.no_grad():
        parts = [field.distance(torch.from_numpy(part).to(device)).cpu() for part in _batches(points)]
    return torch.cat(parts).numpy()


def _batches(points: Points) -> list[np.ndarray]:
    return [points[start : start + _BATCH] for start in range(0, len(points), _BATCH)]
