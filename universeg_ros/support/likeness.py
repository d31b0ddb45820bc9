"""Where a picture looks like what the support marks: a map per picture, learned from the support in closed form.

A network that sees gray can't tell a red mug from a green one. Here ridge regression (Hoerl and Kennard 1970) on
random Fourier features (Rahimi and Recht 2007) of the colours about each pixel says how much it looks marked, and the
network is shown that, of query and support alike: what the colours leave open, shapes decide. An example's own map
comes from all others, or it would look clearer than any query's; for one alone, itself in other light is the others.
"""

from collections.abc import Iterable

import cv2
import numpy as np

# Colours are averaged over so many pixels about each, and the spread of brightness is taken over these.
_AVERAGED_PX, _SPREAD_PX = (1.0, 2.0, 4.0), (1.5, 3.0)
_LOOKS = 3 * (1 + len(_AVERAGED_PX)) + len(_SPREAD_PX)
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
_PROJECTION = (
    _DRAWN.normal(0, 1, (_LOOKS, _FEATURES)) / (np.repeat(_WIDTHS, _FEATURES // len(_WIDTHS)) * np.sqrt(_LOOKS))
).astype(np.float32)
_PHASE = _DRAWN.uniform(0, 2 * np.pi, _FEATURES).astype(np.float32)


class Likeness:
    """Maps of a label's examples and of queries; examples are given once, each time some of them are shown."""

    def __init__(self, colours: np.ndarray, masks: np.ndarray) -> None:
        """colours (N, size, size, 3) float32 RGB in 0..1; masks (N, size, size), 0 or 1."""
        self._colours, self._masks = colours, masks
        self._moments: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._shown: dict[tuple[int, ...], tuple[np.ndarray, np.ndarray]] = {}

    def maps(self, query: np.ndarray, indices: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return maps of a query (size, size, 3) and of the examples of these numbers: (size, size), (S, size, size).

        Both float32, 0 to 1; 0.5 says nothing.
        """
        key = tuple(int(i) for i in indices)
        if key not in self._shown:
            while len(self._shown) >= _KEPT:
                self._shown.pop(next(iter(self._shown)))
            self._shown[key] = self._of_examples(key)
        weights, examples = self._shown[key]
        return _judged(features(query), weights), examples

    def _of_examples(self, indices: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Weights from all, and maps of each by those from all others."""
        given = [self._moments_of(i) for i in indices]
        if len(indices) == 1:
            given += self._in_other_light(indices[0])
        moments, towards = (np.sum(parts, axis=0) for parts in zip(*given, strict=True))
        maps = []
        for i, (own, own_towards) in zip(indices, given, strict=False):
            weights = _solved(moments - own, towards - own_towards)
            maps.append(_judged(features(self._colours[i]), weights))
        return _solved(moments, towards), np.stack(maps)

    def _in_other_light(self, i: int) -> list[tuple[np.ndarray, np.ndarray]]:
        rng = np.random.default_rng(0)
        return [moments_of(features(in_other_light(rng, self._colours[i])), self._masks[i] > 0) for _ in range(_LIGHTS)]

    def _moments_of(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        if i not in self._moments:
            self._moments[i] = moments_of(features(self._colours[i]), self._masks[i] > 0)
        return self._moments[i]


def features(rgb: np.ndarray) -> np.ndarray:
    """Return random features (H, W, 257) float32 of the colours about each pixel of a picture (H, W, 3) in 0..1."""
    lab = cv2.cvtColor(np.ascontiguousarray(rgb, np.float32), cv2.COLOR_RGB2LAB) / np.float32(50)
    bright = lab[..., 0]
    looks = [lab, *(cv2.GaussianBlur(lab, (0, 0), sigma) for sigma in _AVERAGED_PX)]
    for sigma in _SPREAD_PX:
        mean, square = (cv2.GaussianBlur(values, (0, 0), sigma) for values in (bright, bright * bright))
        looks.append(3 * np.sqrt(np.maximum(square - mean * mean, 0))[..., None])
    result = np.ones((*bright.shape, _FEATURES + 1), np.float32)
    result[..., :-1] = np.cos(np.concatenate(looks, axis=-1) @ _PROJECTION + _PHASE)
    return result


def in_other_light(rng: np.random.Generator, rgb: np.ndarray) -> np.ndarray:
    """Return a picture (H, W, 3) in 0..1 as a camera might have given it with another lamp and exposure."""
    gains = np.exp(rng.normal(0, _BRIGHTNESS) + rng.normal(0, _TINT, 3))
    lit: np.ndarray = np.clip(rgb * gains.astype(np.float32), 0, 1) ** np.float32(np.exp(rng.normal(0, _GAMMA)))
    return lit


def moments_of(features: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what regression needs of an example: weighted sums (257, 257) and (257,) over its pixels."""
    rng = np.random.default_rng(0)
    chosen, weights, wanted = [], [], []
    for marked, share in ((True, _MARKED_SHARE), (False, 1 - _MARKED_SHARE)):
        pixels = np.flatnonzero(mask.ravel() == marked)
        pixels = rng.choice(pixels, min(len(pixels), _PIXELS // 2), replace=False)
        chosen.append(pixels)
        weights.append(np.full(len(pixels), share / max(len(pixels), 1), np.float32))
        wanted.append(np.full(len(pixels), 1.0 if marked else -1.0, np.float32))
    x = features.reshape(-1, features.shape[-1])[np.concatenate(chosen)]
    weighted = x * np.concatenate(weights)[:, None]
    return weighted.T @ x, weighted.T @ np.concatenate(wanted)


def _solved(moments: np.ndarray, towards: np.ndarray) -> np.ndarray:
    solution: np.ndarray = np.linalg.solve(moments + _RIDGE * np.eye(len(moments)), towards).astype(np.float32)
    return solution


def _judged(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    judged: np.ndarray = np.clip((features @ weights + _MOST) / (2 * _MOST), 0, 1).astype(np.float32)
    return judged
