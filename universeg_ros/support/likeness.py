"""Where a picture looks like what the support marks: a map per picture, learned from the support in closed form.

A network that sees gray can't tell a red mug from a green one. Here ridge regression (Hoerl and Kennard 1970) on
random Fourier features (Rahimi and Recht 2007) of what is about each pixel, its colours, or in gray pictures its
brightness and place, says how much it looks marked, and the network is shown that, of query and support alike: what
looks leave open, shapes decide. An example's own map comes from all others, or it would look clearer than any query's;
for one alone, itself in other light is the others.
"""

from collections.abc import Iterable

import cv2
import numpy as np

# Colours and brightness are averaged over so many pixels about each, and the spread of brightness is taken over these.
_AVERAGED_PX, _SPREAD_PX = (1.0, 2.0, 4.0), (1.5, 3.0)
_GRAY_AVERAGED_PX, _GRAY_SPREAD_PX = (1.0, 2.0, 4.0, 8.0), (1.5, 3.0, 6.0)
_LOOKS = 3 * (1 + len(_AVERAGED_PX)) + len(_SPREAD_PX)
# In gray pictures, where a pixel is counts too: much of what is alike there is told apart by its place alone.
_GRAY_LOOKS = 1 + len(_GRAY_AVERAGED_PX) + len(_GRAY_SPREAD_PX) + 2
# Random features, and how far apart looks are that have nothing in common: half of the features see shades, for which
# many examples are needed, half see what few show.
_FEATURES, _WIDTHS = 256, (0.4, 0.12)
_RIDGE = 5e-3
# Of an example so many pixels are enough. Marked ones count for this share, however few they are.
_PIXELS, _MARKED_SHARE = 3000, 0.3
# Regression aims at -1 and 1 and overshoots a little; beyond this it is cut.
_MOST = 1.2
_KEPT = 16
# Other lights, by standard deviations of the logarithm: brightness, each colour's own, gamma.
_LIGHTS = 4
_BRIGHTNESS, _TINT, _GAMMA = 0.2, 0.05, 0.12

_DRAWN = np.random.default_rng(0)


def _drawn_projection(looks: int) -> np.ndarray:
    """Directions (looks, _FEATURES + 1) of random features; the last looks nowhere and is 1 everywhere."""
    spread = np.repeat(_WIDTHS, _FEATURES // len(_WIDTHS)) * np.sqrt(looks)
    drawn = _DRAWN.normal(0, 1, (looks, _FEATURES)) / spread
    return np.pad(drawn, ((0, 0), (0, 1))).astype(np.float32)


_PROJECTION = _drawn_projection(_LOOKS)
_PHASE = np.append(_DRAWN.uniform(0, 2 * np.pi, _FEATURES), 0).astype(np.float32)
_GRAY_PROJECTION = _drawn_projection(_GRAY_LOOKS)


class Likeness:
    """Maps of a label's examples and of queries; examples are given once, each time some of them are shown."""

    def __init__(self, pictures: np.ndarray, masks: np.ndarray) -> None:
        """pictures (N, size, size, 3) RGB, or (N, size, size) gray, float32 in 0..1; masks (N, size, size), 0 or 1."""
        self._pictures, self._masks = pictures, masks
        self._moments: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._shown: dict[tuple[int, ...], tuple[np.ndarray, np.ndarray]] = {}

    def maps(self, looks: np.ndarray, indices: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return maps of a query and of the examples of these numbers: (size, size), (S, size, size).

        looks: the query's `features`. Both maps are float32, 0 to 1; 0.5 says nothing.
        """
        weights, examples = self._learned(indices)
        return _judged(looks, weights), examples

    def of_examples(self, indices: Iterable[int]) -> np.ndarray:
        """Return maps (S, size, size) of the examples of these numbers, each by all others."""
        return self._learned(indices)[1]

    def _learned(self, indices: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
        key = tuple(int(i) for i in indices)
        if key not in self._shown:
            while len(self._shown) >= _KEPT:
                self._shown.pop(next(iter(self._shown)))
            self._shown[key] = self._learned_of(key)
        return self._shown[key]

    def _learned_of(self, indices: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Weights from all, and maps of each by those from all others."""
        given = [self._own_moments(i) for i in indices]
        if len(indices) == 1:
            given += self._in_other_light(indices[0])
        moments, towards = (np.sum(parts, axis=0) for parts in zip(*given, strict=True))
        maps = []
        for i, (own, own_towards) in zip(indices, given, strict=False):
            weights = _solved(moments - own, towards - own_towards)
            maps.append(_judged(features(self._pictures[i]), weights))
        return _solved(moments, towards), np.stack(maps)

    def _in_other_light(self, i: int) -> list[tuple[np.ndarray, np.ndarray]]:
        rng = np.random.default_rng(0)
        lit = [in_other_light(rng, self._pictures[i]) for _ in range(_LIGHTS)]
        return [_moments_of(picture, self._masks[i] > 0) for picture in lit]

    def _own_moments(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        if i not in self._moments:
            self._moments[i] = _moments_of(self._pictures[i], self._masks[i] > 0)
        return self._moments[i]


def features(picture: np.ndarray) -> np.ndarray:
    """Return features (H, W, 257) float32 of what is about each pixel of RGB (H, W, 3) or gray (H, W) in 0..1."""
    return _features_of(_looks(picture))


def _looks(picture: np.ndarray) -> np.ndarray:
    """(H, W, _LOOKS) of RGB (H, W, 3), (H, W, _GRAY_LOOKS) of gray (H, W): colours or brightness, and place."""
    if picture.ndim == 2:
        bright = np.ascontiguousarray(picture, np.float32) * np.float32(2)
        place = (np.indices(bright.shape).transpose(1, 2, 0) / bright.shape).astype(np.float32)
        looks = [bright[..., None], *_averages(bright, _GRAY_AVERAGED_PX), *_spreads(bright, _GRAY_SPREAD_PX), place]
    else:
        lab = cv2.cvtColor(np.ascontiguousarray(picture, np.float32), cv2.COLOR_RGB2LAB) / np.float32(50)
        looks = [lab, *_averages(lab, _AVERAGED_PX), *_spreads(lab[..., 0], _SPREAD_PX)]
    return np.concatenate(looks, axis=-1)


def _features_of(looks: np.ndarray) -> np.ndarray:
    """(..., _LOOKS or _GRAY_LOOKS) -> (..., 257)."""
    angles: np.ndarray = looks @ (_PROJECTION if looks.shape[-1] == _LOOKS else _GRAY_PROJECTION)
    angles += _PHASE
    return np.cos(angles, out=angles)


def _averages(values: np.ndarray, sigmas_px: Iterable[float]) -> list[np.ndarray]:
    """(H, W, C) by each Gaussian."""
    return [cv2.GaussianBlur(values, (0, 0), sigma).reshape(*values.shape[:2], -1) for sigma in sigmas_px]


def _spreads(bright: np.ndarray, sigmas_px: Iterable[float]) -> list[np.ndarray]:
    """(H, W, 1) by each Gaussian: three standard deviations of brightness (H, W)."""
    means, squares = _averages(bright, sigmas_px), _averages(bright * bright, sigmas_px)
    return [3 * np.sqrt(np.maximum(square - mean * mean, 0)) for mean, square in zip(means, squares, strict=True)]


def in_other_light(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """Return RGB (H, W, 3) or gray (H, W) in 0..1 as a camera might have given it with another lamp and exposure."""
    gains = np.exp(rng.normal(0, _BRIGHTNESS) + rng.normal(0, _TINT, picture.shape[2:]))
    gamma = np.float32(np.exp(rng.normal(0, _GAMMA)))
    lit: np.ndarray = np.clip(picture * gains.astype(np.float32), 0, 1) ** gamma
    return lit


def _moments_of(picture: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What regression needs of an example: weighted sums (257, 257) and (257,) over some of its pixels."""
    rng = np.random.default_rng(0)
    chosen, weights, wanted = [], [], []
    for marked, share in ((True, _MARKED_SHARE), (False, 1 - _MARKED_SHARE)):
        pixels = np.flatnonzero(mask.ravel() == marked)
        pixels = rng.choice(pixels, min(len(pixels), _PIXELS // 2), replace=False)
        chosen.append(pixels)
        weights.append(np.full(len(pixels), share / max(len(pixels), 1), np.float32))
        wanted.append(np.full(len(pixels), 1.0 if marked else -1.0, np.float32))
    looks = _looks(picture)
    x = _features_of(looks.reshape(-1, looks.shape[-1])[np.concatenate(chosen)])
    weighted = x * np.concatenate(weights)[:, None]
    return weighted.T @ x, weighted.T @ np.concatenate(wanted)


def _solved(moments: np.ndarray, towards: np.ndarray) -> np.ndarray:
    solution: np.ndarray = np.linalg.solve(moments + _RIDGE * np.eye(len(moments)), towards).astype(np.float32)
    return solution


def _judged(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    judged: np.ndarray = np.clip((features @ weights + _MOST) / (2 * _MOST), 0, 1).astype(np.float32)
    return judged
