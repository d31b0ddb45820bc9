"""What colour a surface has at its points: from the best views alone, exposures and light divided out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...arrays import Pixels, Points
from ...object_model.model import ObjectModel
from ...rendering.embree import EmbreeRenderer
from ...se3 import transform_points
from ...srgb import srgb_from_linear
from ..reference_view import ReferenceView
from ..surface import ReconstructedSurface
from .denoising import denoised_light
from .illumination import Illumination

# A point is visible where the surface in its pixel is no nearer than this share of the object, or this far.
_SAME_SURFACE_SHARE, _SAME_SURFACE_M = 0.01, 0.002
# Views that see a point at less than this share of the best one's weight would only blur it.
_WORST_SHARE = 0.6
# So many points of the surface tell exposures and light.
_SHADING_POINTS = 4000
_RIM_PX = 4.0
_ROW = 8192


@dataclass(frozen=True, eq=False)
class ViewColours:
    """Posed views and the surface that they show.

    linear: per view (H, W, 3), its picture in linear light, without noise. depth_m: per view (H, W), the surface as it
    is rendered there, so that a point that another part hides is known. trust: per view (H, W) 0..1, falling to 0 at
    the mask's border. shading: exposures, and the light on the surface.
    """

    views: Sequence[ReferenceView]
    linear: list[np.ndarray]
    depth_m: list[np.ndarray]
    trust: list[np.ndarray]
    tolerance_m: float
    shading: Illumination

    @classmethod
    def of(
        cls, views: Sequence[ReferenceView], surface: ReconstructedSurface, keep_light: bool = False, threads: int = 2
    ) -> "ViewColours":
        """Find the light that makes views, and points of one hue, agree best; keep_light: exposures alone of it."""
        model = ObjectModel("bare", surface.vertices, surface.faces)
        renderer = EmbreeRenderer(model, threads)
        depth_m, trust = [], []
        for view in views:
            camera = view.frame.camera
            size = (camera.height, camera.width)
            depth_m.append(renderer.render(view.pose[None], camera.K, size).depth_m[0])
            rim_px = cv2.distanceTransform(view.mask.astype(np.uint8), cv2.DIST_L2, 3)
            trust.append(np.clip((rim_px - 1) / _RIM_PX, 0, 1).astype(np.float32))
        tolerance_m = max(_SAME_SURFACE_SHARE * model.diameter_m, _SAME_SURFACE_M)
        linear = denoised_light([view.frame.rgb for view in views])
        plain = cls(views, linear, depth_m, trust, tolerance_m, Illumination.none(len(views)))
        points, faces, uv = model.surface_samples(_SHADING_POINTS)
        corners = surface.normals[surface.faces[faces]]  # (N, 3, 3)
        normals = np.einsum("nk,nkc->nc", np.column_stack([1 - uv.sum(axis=1), uv]), corners)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
        R_cam_obj = np.stack([view.pose[:3, :3] for view in views])
        shading = Illumination.of(*plain._all(points, normals), points, normals, R_cam_obj)
        if keep_light:
            shading = replace(Illumination.none(len(views)), gains=shading.gains)
        return cls(views, linear, depth_m, trust, tolerance_m, shading)

    def at(self, points: Points, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return RGB (N, 3) float32 in 0..255 at points (N, 3) with normals (N, 3), and how well seen (N,), 0 = not.

        The mean over the views that see a point nearly as well as the best one does.
        """
        best = np.zeros(len(points), np.float32)
        for k in range(len(self.views)):
            np.maximum(best, self._seen(k, points, normals)[1], out=best)
        total, weights = np.zeros((len(points), 3), np.float32), np.zeros(len(points), np.float32)
        for k in range(len(self.views)):
            pixels, weight = self._seen(k, points, normals)
            share = np.clip((weight / np.maximum(best, 1e-9) - _WORST_SHARE) / (1 - _WORST_SHARE), 0, 1)
            used = np.flatnonzero(share)
            light = self.shading.light(normals[used], self.views[k].pose[:3, :3]) / self.shading.gains[k]
            total[used] += share[used, None] * _sampled(self.linear[k], pixels[used]) / light
            weights += share
        return 255 * srgb_from_linear(total / np.maximum(weights, 1e-9)[:, None]), best

    def _all(self, points: Points, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Linear light (views, N, 3) and weights (views, N)."""
        seen = [self._seen(k, points, normals) for k in range(len(self.views))]
        linear = [_sampled(image, pixels) for image, (pixels, _) in zip(self.linear, seen, strict=True)]
        return np.stack(linear), np.stack([weight for _, weight in seen])

    def _seen(self, k: int, points: Points, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (N, 2) of points in a view, and weights (N,): pixels per area of the surface, 0 where not visible."""
        view = self.views[k]
        points_cam = transform_points(view.pose, points).astype(np.float32)
        pixels = np.nan_to_num(view.frame.camera.project(points_cam), nan=-1.0).astype(np.float32)
        z = np.maximum(points_cam[:, 2], 1e-3)
        sight = (points - view.centre_obj).astype(np.float32)
        cosine = -np.einsum("ni,ni->n", normals, sight) / np.sqrt(np.einsum("ni,ni->n", sight, sight))
        surface_m = _sampled(self.depth_m[k], pixels, cv2.INTER_NEAREST)
        visible = (surface_m > 0) & (z < surface_m + self.tolerance_m / np.maximum(cosine, 0.2))
        facing = np.clip((cosine - 0.15) / 0.85, 0, 1)
        return pixels, visible * facing * _sampled(self.trust[k], pixels) / np.square(z)


def _sampled(image: np.ndarray, pixels: Pixels, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """An image (H, W) or (H, W, 3) as float32 at pixels (N, 2); 0 outside."""
    rows = -(-max(len(pixels), 1) // _ROW)
    maps = np.full((rows * _ROW, 2), -10, np.float32)
    maps[: len(pixels)] = pixels
    u, v = maps.reshape(rows, _ROW, 2).transpose(2, 0, 1)
    found = cv2.remap(image, np.ascontiguousarray(u), np.ascontiguousarray(v), interpolation)
    return found.reshape(-1, *image.shape[2:])[: len(pixels)].astype(np.float32)
