"""The colour of a mesh's surface: a texture with its mip levels, or colours at the vertices."""

from typing import Any, Protocol

import cv2
import numpy as np

from ..jit import compiled

_MAX_TEXTURE_PX = 4096


class Appearance(Protocol):
    """Looks up the surface's own colour (albedo)."""

    def sample(self, faces: np.ndarray, barycentric: np.ndarray, footprint_m: float) -> np.ndarray:
        """Return RGB (..., 3) float32 in 0..1 at faces (...) and barycentric u, v (..., 2); 0 where face is -1.

        A point is corner0 + u (corner1 - corner0) + v (corner2 - corner0). footprint_m: what one pixel covers on the
        surface, in metres; finer detail is averaged away so that renderings don't alias.
        """
        ...


class CornerColours:
    """Colours `corner_rgb` (F, 3, 3) in 0..1 at the corners of each face, interpolated over it."""

    def __init__(self, corner_rgb: np.ndarray) -> None:
        self.corner_rgb = np.array(corner_rgb, np.float32, order="C")

    def sample(self, faces: np.ndarray, barycentric: np.ndarray, footprint_m: float) -> np.ndarray:
        return _shaped(faces, _interpolated(self.corner_rgb, *_flat(faces, barycentric)))


class Texture:
    """An image (Ht, Wt, 3) uint8 with coordinates (F, 3, 2) at the corners of each face, OpenGL convention (v up).

    levels: the image, halved again and again; texel_m: what a texel of the first covers on the surface.
    """

    def __init__(self, image: np.ndarray, corner_uv: np.ndarray, corner_points_m: np.ndarray) -> None:
        while max(image.shape[:2]) > _MAX_TEXTURE_PX:
            image = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        self.corner_uv = np.array(corner_uv, np.float32, order="C")
        height, width = image.shape[:2]
        corner_px = corner_uv * (width, -height) + (0.0, height) - 0.5
        self.levels = _mip_levels(_with_gutters_filled(image, corner_px))
        self.texel_m = _texel_size_m(corner_px, corner_points_m)

    def sample(self, faces: np.ndarray, barycentric: np.ndarray, footprint_m: float) -> np.ndarray:
        level = int(np.clip(np.round(np.log2(max(footprint_m / self.texel_m, 1.0))), 0, len(self.levels) - 1))
        return _shaped(faces, _looked_up(self.levels[level], self.corner_uv, *_flat(faces, barycentric)))


def _flat(faces: np.ndarray, barycentric: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) int32 and (N, 2) float32, as compiled loops take them."""
    return (
        np.ascontiguousarray(faces, np.int32).reshape(-1),
        np.ascontiguousarray(barycentric, np.float32).reshape(-1, 2),
    )


def _shaped(faces: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """Colours (N, 3) in the shape of their faces."""
    return rgb.reshape(*np.shape(faces), 3)


@compiled
def _between(corners: np.ndarray, face: int, c: int, u: float, v: float) -> Any:
    """Value c of (F, 3, C) at a face's barycentric u, v."""
    return corners[face, 0, c] * (1 - u - v) + corners[face, 1, c] * u + corners[face, 2, c] * v


@compiled
def _interpolated(corner_rgb: np.ndarray, faces: np.ndarray, barycentric: np.ndarray) -> np.ndarray:
    """Colours (N, 3) between those of the corners."""
    rgb = np.zeros((len(faces), 3), np.float32)
    for i in range(len(faces)):
        if faces[i] >= 0:
            face, u, v = faces[i], barycentric[i, 0], barycentric[i, 1]
            for c in range(3):
                rgb[i, c] = _between(corner_rgb, face, c, u, v)
    return rgb


@compiled
def _looked_up(image: np.ndarray, corner_uv: np.ndarray, faces: np.ndarray, barycentric: np.ndarray) -> np.ndarray:
    """Colours (N, 3) from an image (Ht, Wt, 3) uint8 that repeats, bilinear."""
    height, width = image.shape[:2]
    rgb = np.zeros((len(faces), 3), np.float32)
    for i in range(len(faces)):
        if faces[i] < 0:
            continue
        face, u, v = faces[i], barycentric[i, 0], barycentric[i, 1]
        x = _between(corner_uv, face, 0, u, v) * width - np.float32(0.5)
        y = height - np.float32(0.5) - _between(corner_uv, face, 1, u, v) * height
        left, top = np.floor(x), np.floor(y)
        share_x, share_y = x - left, y - top
        column, row = int(left) % width, int(top) % height
        next_column, next_row = column + 1 if column + 1 < width else 0, row + 1 if row + 1 < height else 0
        for c in range(3):
            upper = image[row, column, c] * (1 - share_x) + image[row, next_column, c] * share_x
            lower = image[next_row, column, c] * (1 - share_x) + image[next_row, next_column, c] * share_x
            rgb[i, c] = (upper * (1 - share_y) + lower * share_y) * np.float32(1 / 255)
    return rgb


def _with_gutters_filled(image: np.ndarray, corner_px: np.ndarray) -> np.ndarray:
    """Paint texels that no face uses with the nearest used one, or mip levels bleed background into the seams."""
    height, width = image.shape[:2]
    unused = np.full((height, width), 255, np.uint8)
    if (corner_px.min() < -1) or (corner_px.max() > max(height, width) + 1):
        return image  # coordinates wrap around: every texel may be in use
    for triangle in np.round(corner_px).astype(np.int32):
        cv2.fillConvexPoly(unused, triangle, 0)
    if not unused.any() or unused.all():
        return image
    _, labels = cv2.distanceTransformWithLabels(unused, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    used = unused == 0
    source = np.zeros(labels.max() + 1, np.int64)
    source[labels[used]] = np.flatnonzero(used)
    return image.reshape(-1, 3)[source[labels]]


def _mip_levels(image: np.ndarray) -> list[np.ndarray]:
    # A copy: loops are compiled once more for images that mustn't be written to.
    levels = [np.array(image, order="C")]
    while min(levels[-1].shape[:2]) > 8:
        levels.append(cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    return levels


def _texel_size_m(corner_px: np.ndarray, corner_points_m: np.ndarray) -> float:
    """Side of a texel on the surface: the ratio of the areas, over the whole mesh."""
    edge_px = corner_px[:, 1:] - corner_px[:, :1]
    area_px = np.abs(edge_px[:, 0, 0] * edge_px[:, 1, 1] - edge_px[:, 0, 1] * edge_px[:, 1, 0]).sum() / 2
    edge_m = corner_points_m[:, 1:] - corner_points_m[:, :1]
    area_m2 = np.linalg.norm(np.cross(edge_m[:, 0], edge_m[:, 1]), axis=1).sum() / 2
    return float(np.sqrt(area_m2 / max(area_px, 1e-9)))
