"""A dense grid of truncated signed distances around an object (Curless and Levoy 1996), filled view by view."""

from dataclasses import dataclass

import cv2
import numpy as np

from .view_depth import DepthView

# cv2.remap takes maps of at most 32767 rows or columns.
_ROW = 8192


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels (X, Y, Z) whose middles lie at origin_m + voxel_m * (i, j, k) in the object's frame.

    band_m: distances are kept up to this far from the surface. Sums over views, of voxels in the band: weight, distance
    (times weight), and its square. free: in how many views a voxel is seen to be empty.
    """

    origin_m: np.ndarray
    voxel_m: float
    band_m: float
    weight: np.ndarray
    distance: np.ndarray
    square: np.ndarray
    free: np.ndarray
    axes: tuple[np.ndarray, ...]

    @classmethod
    def around(cls, low_m: np.ndarray, high_m: np.ndarray, voxel_m: float, band_m: float) -> "Volume":
        """Return an empty grid over a box, with a margin that leaves the surface's band inside."""
        margin = band_m + 2 * voxel_m
        count = np.ceil((high_m - low_m + 2 * margin) / voxel_m).astype(int) + 1
        middle = (low_m + high_m) / 2
        origin = middle - (count - 1) / 2 * voxel_m
        axes = tuple((origin[k] + voxel_m * np.arange(count[k])).astype(np.float32) for k in range(3))
        weight, distance, square = np.zeros((3, *count), np.float32)
        return cls(origin, voxel_m, band_m, weight, distance, square, np.zeros(count, np.uint8), axes)

    def integrate(self, view: DepthView) -> None:
        """Add what a view says of every voxel, slab by slab: the temporaries stay in the cache."""
        step = max(1, _ROW * 16 // (self.weight.shape[1] * self.weight.shape[2]))
        for start in range(0, len(self.weight), step):
            self._integrate(view, slice(start, start + step))

    def _integrate(self, view: DepthView, slab: slice) -> None:
        camera, T = view.view.frame.camera, view.view.pose
        x, y, z = self.axes
        x = x[slab]
        across, down, ahead = (
            (T[k, 0] * x + T[k, 3])[:, None, None] + (T[k, 1] * y)[:, None] + T[k, 2] * z for k in range(3)
        )
        ahead = np.maximum(ahead, np.float32(1e-3))
        inverse = np.float32(1) / ahead
        u = np.float32(camera.fx) * across * inverse + np.float32(camera.cx)
        v = np.float32(camera.fy) * down * inverse + np.float32(camera.cy)
        depth_m, cosine = (_looked_up(image, u, v, cv2.INTER_LINEAR) for image in (view.depth_m, view.cosine))
        trust, free_m = (_looked_up(image, u, v, cv2.INTER_NEAREST) for image in (view.weight, view.free_m))
        distance = (depth_m - ahead) * cosine
        # Behind the surface a view knows ever less: a thin wall has another side that only others see.
        near = trust * np.clip(1 + distance / np.float32(self.band_m), 0, 1) * (distance < self.band_m)
        self.weight[slab] += near
        self.distance[slab] += near * distance
        self.square[slab] += near * distance * distance
        self.free[slab] += ahead < free_m


def _looked_up(image: np.ndarray, u: np.ndarray, v: np.ndarray, interpolation: int) -> np.ndarray:
    """An image at pixels u, v of any shape; 0 outside."""
    rows = -(-u.size // _ROW)
    maps = np.full((2, rows * _ROW), -1, np.float32)
    maps[0, : u.size], maps[1, : u.size] = u.ravel(), v.ravel()
    found = cv2.remap(
        image, maps[0].reshape(rows, -1), maps[1].reshape(rows, -1), interpolation, borderMode=cv2.BORDER_CONSTANT
    )
    return found.ravel()[: u.size].reshape(u.shape)
