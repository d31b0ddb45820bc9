"""What colour reference views show at points of a surface: the best views alone, their exposures balanced."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..object_model import ObjectModel
from ..rendering.embree import EmbreeRenderer
from ..se3 import transform_points
from .view import ReferenceView

# A point is visible where the surface in its pixel is no nearer than this share of the object, or this far.
_SAME_SURFACE_SHARE, _SAME_SURFACE_M = 0.01, 0.002
# Views that see a point at less than this share of the best one's weight would only blur it.
_WORST_SHARE = 0.6
# Colours at the ends of the scale say nothing of exposure.
_DARK, _BRIGHT = 12.0, 243.0
_BALANCE_POINTS, _BALANCE_ROUNDS = 4000, 12
_RIM_PX = 4.0
_ROW = 8192


@dataclass(frozen=True, eq=False)
class ViewColours:
    """Posed views and the surface that they show.

    depth_m: per view (H, W), the surface as it is rendered there, so that a point that another part hides is known.
    trust: per view (H, W) 0..1, falling to 0 at the mask's border. gains (views, 3): colour of a view times its gain is
    what the mean view would show.
    """

    views: Sequence[ReferenceView]
    depth_m: list[np.ndarray]
    trust: list[np.ndarray]
    tolerance_m: float
    gains: np.ndarray

    @classmethod
    def of(cls, views: Sequence[ReferenceView], model: ObjectModel, threads: int = 2) -> "ViewColours":
        """With gains that make views agree where they show the same points of the model (bare geometry suffices)."""
        renderer = EmbreeRenderer(model, threads)
        depth_m, trust = [], []
        for view in views:
            camera = view.frame.camera
            size = (camera.height, camera.width)
            depth_m.append(renderer.render(view.pose[None], camera.K, size).depth_m[0])
            rim_px = cv2.distanceTransform(view.mask.astype(np.uint8), cv2.DIST_L2, 3)
            trust.append(np.clip((rim_px - 1) / _RIM_PX, 0, 1).astype(np.float32))
        tolerance_m = max(_SAME_SURFACE_SHARE * model.diameter_m, _SAME_SURFACE_M)
        plain = cls(views, depth_m, trust, tolerance_m, np.ones((len(views), 3), np.float32))
        points, faces, _ = model.surface_samples(_BALANCE_POINTS)
        gains = _balanced(*plain._all(points, np.asarray(model.mesh.face_normals, np.float32)[faces]))
        return cls(views, depth_m, trust, tolerance_m, gains)

    def at(self, points: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """RGB (N, 3) float32 in 0..255 at points (N, 3) with outward normals (N, 3), and how well seen (N,), 0 = not.

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
            total[used] += share[used, None] * _sampled(self.views[k].frame.rgb, pixels[used]) * self.gains[k]
            weights += share
        return np.minimum(total / np.maximum(weights, 1e-9)[:, None], 255), best

    def _all(self, points: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Colours (views, N, 3) and weights (views, N)."""
        seen = [self._seen(k, points, normals) for k in range(len(self.views))]
        rgb = [_sampled(view.frame.rgb, pixels) for view, (pixels, _) in zip(self.views, seen, strict=True)]
        return np.stack(rgb), np.stack([weight for _, weight in seen])

    def _seen(self, k: int, points: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (N, 2) of points in a view, and weights (N,): pixels per area of the surface, 0 where not visible."""
        view = self.views[k]
        points_cam = transform_points(view.pose, points).astype(np.float32)
        pixels = np.nan_to_num(view.frame.camera.project(points_cam), nan=-1.0).astype(np.float32)
        z = np.maximum(points_cam[:, 2], 1e-3)
        cosine = -np.einsum("ni,ni->n", normals @ view.pose[:3, :3].T, points_cam) / np.linalg.norm(points_cam, axis=1)
        surface_m = _sampled(self.depth_m[k], pixels, cv2.INTER_NEAREST)
        visible = (surface_m > 0) & (z < surface_m + self.tolerance_m / np.maximum(cosine, 0.2))
        facing = np.clip((cosine - 0.15) / 0.85, 0, 1)
        return pixels, visible * facing * _sampled(self.trust[k], pixels) / np.square(z)


def _balanced(rgb: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Gains (views, 3) by which colours (views, N, 3) agree best: alternating means of points and of views, in logs."""
    usable = ((rgb > _DARK) & (rgb < _BRIGHT)).all(axis=2) * weight  # (views, N)
    usable *= (usable > 0).sum(axis=0) > 1
    log = np.log(np.maximum(rgb, 1.0))
    gain = np.zeros((len(rgb), 1, 3))
    for _ in range(_BALANCE_ROUNDS):
        total = np.maximum(usable.sum(axis=0), 1e-9)[:, None]
        points = (usable[..., None] * (log + gain)).sum(axis=0) / total  # (N, 3)
        off = points - log
        # A highlight or a wrong pixel is off by far more than exposure is.
        robust = usable * np.exp(-0.5 * np.square((off - gain).mean(axis=2) / 0.2))
        weights = robust.sum(axis=1)[:, None]
        step = (robust[..., None] * off).sum(axis=1) / np.maximum(weights, 1e-9)
        gain = np.where(weights > 0, step, 0)[:, None]
        gain -= gain.mean(axis=0)
    return np.exp(np.clip(gain[:, 0], -1, 1)).astype(np.float32)


def _sampled(image: np.ndarray, pixels: np.ndarray, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """An image (H, W) or (H, W, 3) as float32 at pixels (N, 2); 0 outside."""
    rows = -(-max(len(pixels), 1) // _ROW)
    maps = np.full((rows * _ROW, 2), -10, np.float32)
    maps[: len(pixels)] = pixels
    u, v = maps.reshape(rows, _ROW, 2).transpose(2, 0, 1)
    found = cv2.remap(image, np.ascontiguousarray(u), np.ascontiguousarray(v), interpolation)
    return found.reshape(-1, *image.shape[2:])[: len(pixels)].astype(np.float32)
