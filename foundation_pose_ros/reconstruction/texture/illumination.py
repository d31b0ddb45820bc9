"""How much of the colours in views is light: exposures, and a smooth shading of the surface by its normals."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ...arrays import Points
from ...object_model.appearance import CornerColours
from ...object_model.model import ObjectModel
from ...rendering.embree import EmbreeRenderer
from ...srgb import linear_from_srgb, srgb_from_linear
from ..reference_view import ReferenceView
from ..surface import ReconstructedSurface

# Colours at the ends of the scale say nothing of exposure; of shading darker ones still do (12, 243 and 6 of 255).
_DARK, _BRIGHT, _DARKEST = 0.0037, 0.896, 0.0018
_ROUNDS = 12
# What is off by more, in logarithms of light, is a highlight or a wrong pixel.
_EXPOSURE_SIGMA = 0.45
# Pairs of points drawn from anywhere, and the neighbours of each; normals that differ by less tell nothing of light.
_PAIRS, _NEIGHBOURS, _LEAST_TURN = 60_000, 12, 0.15
# Two points are of one colour where their chroma differs by no more than this (in the dark by this much light), and
# their brightness, less the light that was found, by what falls from the first to the last round.
_CHROMA_SIGMA, _CHROMA_LIGHT, _BRIGHTNESS_SIGMA = 0.18, 0.0005, (1.3, 0.33)
# Light is taken for even and white until so large a share of the evidence says otherwise. Pairs of one colour may be
# few: at least this share of all counts as evidence.
_EVEN, _WHITE, _LEAST_EVIDENCE = 0.01, 0.5, 0.01
_MOST_LOG = 3.0
_BEST_LIGHT = 0.9


@dataclass(frozen=True, eq=False)
class Illumination:
    """The light in which views saw an object, beside its own colours.

    Logarithms of what a view shows, in linear light, are sums of the object's own colour, of the view's exposure, and
    of a second-order function of the surface's normal (spherical harmonics: Ramamoorthi and Hanrahan 2001), in the
    object's frame for light that stands still around it and in the camera's for light that goes with the camera. gains
    (views, 3): light in a view times its gain is what the mean view would show. around, before (9, 3): coefficients in
    the object's and the camera's frame.
    """

    gains: np.ndarray
    around: np.ndarray
    before: np.ndarray

    @classmethod
    def none(cls, views: int) -> "Illumination":
        """Return even light and equal exposures."""
        return cls(np.ones((views, 3), np.float32), *np.zeros((2, 9, 3)))

    def light(self, normals: np.ndarray, R_cam_obj: np.ndarray) -> np.ndarray:
        """Return linear light (N, 3) float32 on a surface with normals (N, 3), 1 where it shows its own colours."""
        log = _harmonics(normals) @ self.around + _harmonics(normals @ R_cam_obj.T) @ self.before
        return np.exp(np.clip(log, -_MOST_LOG, _MOST_LOG)).astype(np.float32)

    @classmethod
    def of(
        cls, linear: np.ndarray, weight: np.ndarray, points: Points, normals: np.ndarray, R_cam_obj: np.ndarray
    ) -> "Illumination":
        """Find the light in linear values (views, N, 3) of points and normals (N, 3), seen with weights (views, N).

        What changes between views of one point gives the exposures and the light that goes with the camera. Light that
        stands around the object is found as most points of one hue have one colour (Land and McCann 1971): what sets
        their brightness apart and goes with the normal is light.
        """
        log = np.log(np.maximum(linear, 1e-4))
        harmonics = _harmonics(normals @ R_cam_obj.transpose(0, 2, 1))  # (views, N, 9)
        exposure, before = _between_views(log, _usable(linear, weight, _DARK), harmonics)
        left = log - exposure[:, None] - harmonics @ before
        seen = _usable(linear, weight, _DARKEST, shared=False)
        total = seen.sum(axis=0)
        known = np.flatnonzero(total)
        own = np.einsum("kn,knc->nc", seen[:, known], left[:, known]) / total[known, None]
        around = _among_points(own, points[known], _harmonics(normals[known]))
        return cls(np.exp(-np.clip(exposure, -2, 2)).astype(np.float32), around, before)


@dataclass(frozen=True, eq=False)
class LitSurface:
    """A surface, and the light that was divided out of its colours."""

    surface: ReconstructedSurface
    shading: Illumination

    def lit(self, rgb: np.ndarray, view: ReferenceView) -> np.ndarray:
        """Put own colours (H, W, 3) in 0..1, as rendered, into the light of a view: float32, 0..255."""
        surface, camera = self.surface, view.frame.camera
        light = self.shading.light(surface.normals, view.pose[:3, :3])
        brightest = light.max()
        colours = CornerColours(light[surface.faces] / brightest)
        renderer = EmbreeRenderer(ObjectModel("light", surface.vertices, surface.faces, colours))
        rendering = renderer.render(view.pose[None], camera.K, (camera.height, camera.width), colour=True)
        assert rendering.rgb is not None
        return 255 * srgb_from_linear(linear_from_srgb(rgb) * rendering.rgb[0] * brightest)


def _harmonics(normals: np.ndarray) -> np.ndarray:
    """(..., 9): first and second order of unit normals (..., 3), and 1."""
    x, y, z = np.moveaxis(normals, -1, 0)
    return np.stack([x, y, z, x * y, y * z, z * x, x * x - y * y, 3 * z * z - 1, np.ones_like(x)], axis=-1)


def _usable(linear: np.ndarray, weight: np.ndarray, dark: float, shared: bool = True) -> np.ndarray:
    """Weights (views, N) of values that aren't at the ends of the scale, of points that several views share."""
    usable = ((linear > dark) & (linear < _BRIGHT)).all(axis=2) * weight
    return usable * ((usable > 0).sum(axis=0) > 1) if shared else usable


def _between_views(log: np.ndarray, usable: np.ndarray, harmonics: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Exposures (views, 3) with mean 0 and coefficients (9, 3), by which views of one point agree best.

    Least squares that forget what is far off, each point's own colour eliminated.
    """
    views, count = usable.shape
    terms = np.concatenate([np.broadcast_to(np.eye(views)[:, None], (views, count, views)), harmonics[..., :8]], axis=2)
    found = np.zeros((views + 8, 3))
    weight = usable
    for _ in range(_ROUNDS):
        total = np.maximum(weight.sum(axis=0), 1e-9)[:, None]
        apart = (terms - np.einsum("kn,kni->ni", weight, terms) / total).reshape(-1, views + 8)
        weighed = weight.reshape(-1, 1) * apart
        # Views that share no points stay as they are.
        even = _EVEN * max(float(weight.sum()), 1e-9) * np.r_[np.full(views, 0.01 / views), np.ones(8)]
        # Not by BLAS: of so long and narrow matrices some make a hundred times the work.
        normal = np.einsum("ni,nj->ij", weighed, apart) + np.diag(even)
        found = np.linalg.solve(normal, np.einsum("ni,nc->ic", weighed, log.reshape(-1, 3)))
        rest = log - terms @ found
        off = rest - np.einsum("kn,knc->nc", usable, rest) / np.maximum(usable.sum(axis=0), 1e-9)[:, None]
        weight = usable * np.exp(-0.5 * np.square(off.mean(axis=2) / _EXPOSURE_SIGMA))
    exposure = found[:views] - found[:views].mean(axis=0)
    return exposure, np.vstack([found[views:], np.zeros((1, 3))])


def _among_points(own: np.ndarray, points: Points, harmonics: np.ndarray) -> np.ndarray:
    """Coefficients (9, 3) that make points (N, 3) of one hue, with logarithms of colours `own` (N, 3), most alike.

    Brightness is allowed to be far off at first and ever less then: print and paint are outliers.
    """
    a, b = _pairs(points, harmonics[:, :3])
    if len(a) == 0:
        return np.zeros((9, 3))
    terms, apart = (harmonics[a] - harmonics[b])[:, :8], own[a] - own[b]
    darkest = np.minimum(own[a], own[b]).min(axis=1)
    chroma_variance = _CHROMA_SIGMA**2 + np.square(_CHROMA_LIGHT * np.exp(-darkest))
    found = np.zeros((8, 3))
    for sigma in np.geomspace(*_BRIGHTNESS_SIGMA, _ROUNDS):
        off = apart - terms @ found
        brightness = off.mean(axis=1)
        chroma = np.square(off - brightness[:, None]).sum(axis=1)
        weight = np.exp(-0.5 * (chroma / chroma_variance + np.square(brightness / sigma)))
        weighed = weight[:, None] * terms
        evidence = max(float(weight.sum()), _LEAST_EVIDENCE * len(a)) * np.eye(8)
        normal, right = weighed.T @ terms + _EVEN * evidence, weighed.T @ apart
        white = right.mean(axis=1, keepdims=True)
        found = np.linalg.solve(normal, white) + np.linalg.solve(normal + _WHITE * evidence, right - white)
    # The object's own colours are those in the best light that it was seen in: of the dark ones more is left.
    light = harmonics[:, :8] @ found
    hue = light.mean(axis=0) - light.mean()
    return np.vstack([found, -hue - np.quantile(light.mean(axis=1), _BEST_LIGHT)])


def _pairs(points: Points, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of two points each that face different ways: some from anywhere, some neighbours."""
    count = len(points)
    if count <= _NEIGHBOURS:
        return (np.zeros(0, int),) * 2
    rng = np.random.default_rng(0)
    near = cKDTree(points).query(points, k=_NEIGHBOURS + 1)[1][:, 1:]
    a = np.r_[rng.integers(count, size=_PAIRS), np.repeat(np.arange(count), _NEIGHBOURS)]
    b = np.r_[rng.integers(count, size=_PAIRS), near.ravel()]
    turned = np.linalg.norm(normals[a] - normals[b], axis=1) > _LEAST_TURN
    return a[turned], b[turned]
