"""Do rendered and observed colours agree? Compared so that light, white balance and exposure don't matter."""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from ..jit import compiled
from ..srgb import DARK

# Brightness varies by shading over this share of the crop; only finer detail is compared.
_SHADING_SHARE = 0.25
# Turns of one object differ by their shading as well, over less than this.
_DETAIL_SHARE = 0.12
# Contrast (standard deviation of log colour) below which a surface counts as plain.
_PLAIN_CONTRAST = 0.08
# The same of what sets renderings apart; and fewer shared pixels than this tell nothing of it.
_ALIKE_CONTRAST, _FEWEST_SHARED = 0.06, 40.0
# Contrast of a picture beside that of a rendering.
_CONTRASTS = (0.3, 1.0)
_DARK = np.float32(DARK)
_FEWEST_PIXELS = np.float32(8.0)


class ColourComparison:
    """One observed crop (n, n, 3) float32 in 0..1 against many renderings of it.

    Compared are the logarithms of red and blue over green, which a change of light or white balance shifts as a whole,
    and the logarithm of brightness less its local mean, which divides shading and exposure out.
    """

    def __init__(self, observed_rgb: np.ndarray) -> None:
        self._observed = cv2.GaussianBlur(observed_rgb, (3, 3), 0.8)

    def correlation(self, rendered_rgb: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Correlate renderings (B, n, n, 3) with the picture over pixels weighted by `weight` (B, n, n): (B,) in -1..1.

        Also returns what that would be, (B,), if the observed colours were the rendered ones.

        Both tend to 0 as the model's own contrast falls below that of a plain surface under uneven light, and so does
        their influence on the choice.
        """
        features = _levelled(rendered_rgb, np.arange(len(weight)), self._observed, weight, _SHADING_SHARE)
        return _correlated(*features, weight, _PLAIN_CONTRAST)

    def distinguishable(self, rendered_rgb: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Tell which rendering shows what sets the picture apart from their mean: (B,), at most 1.

        Over pixels that have a weight (B, n, n) in all of them, where those are enough. 0 where they don't differ. Half
        is a correlation, which knows the faintest differences, half how much nearer to the picture each rendering is
        than the mean is: the correlation of one near the mean is chance.
        """
        shared = weight.mean(axis=0) * (weight > 0).all(axis=0)
        if shared.sum() < _FEWEST_SHARED:
            shared = weight.mean(axis=0)
        shared = np.ascontiguousarray(np.broadcast_to(shared, weight.shape))
        each = np.arange(len(weight))
        rendered, observed = _levelled(rendered_rgb, each, self._observed, shared, _DETAIL_SHARE)
        mean = rendered.mean(axis=0)
        apart = rendered - mean
        alike, _ = _correlated(apart, observed - mean, shared, _ALIKE_CONTRAST)
        own, both, other = _products(rendered, observed, shared)
        contrast = _contrast(own, both)[np.argmax(_correlation(own, both, other, 3 * _PLAIN_CONTRAST**2))]
        own, both, other = _products(contrast * apart, observed - contrast * mean, shared)
        nearer = (2 * both - own) / (other + own.mean() + 3 * _ALIKE_CONTRAST**2)
        return np.asarray((alike + nearer) / 2)

    def preferred(self, rendered_rgb: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Tell by how much likelier the first of renderings (B, n, n, 3) looks than each other one: (B - 1,) in -2..2.

        Each pair is compared by itself as in `distinguishable`, over what both explain: which others are asked about
        changes nothing.
        """
        others = np.arange(1, len(weight))
        both_weigh = (weight[:1] > 0) & (weight[1:] > 0)
        shared = (weight[:1] + weight[1:]) / 2
        enough = (shared * both_weigh).sum(axis=(1, 2), keepdims=True) >= _FEWEST_SHARED
        shared = shared * (both_weigh | ~enough)
        first, observed = _levelled(rendered_rgb, 0 * others, self._observed, shared, _DETAIL_SHARE)
        second, _ = _levelled(rendered_rgb, others, self._observed, shared, _DETAIL_SHARE)
        mean, half = (first + second) / 2, (first - second) / 2
        alike, _ = _correlated(half, observed - mean, shared, _ALIKE_CONTRAST)
        contrasts, likenesses = [], []
        for one in (first, second):
            own, both, other = _products(one, observed, shared)
            contrasts.append(_contrast(own, both))
            likenesses.append(_correlation(own, both, other, 3 * _PLAIN_CONTRAST**2))
        contrast = np.where(likenesses[0] >= likenesses[1], *contrasts)[:, None, None, None]
        own, both, other = _products(contrast * half, observed - contrast * mean, shared)
        return np.asarray(alike + 2 * both / (other + own + 3 * _ALIKE_CONTRAST**2))


def _levelled(
    rendered_rgb: np.ndarray, which: np.ndarray, observed_rgb: np.ndarray, weight: np.ndarray, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Features (B, 3, n, n) of renderings and picture: log chroma less its mean, brightness less its local mean.

    which (B,): of the renderings (R, n, n, 3), beside the picture at pixels weighted by (B, n, n).
    """
    features = _centred(rendered_rgb, which, observed_rgb, weight)
    blur = _blur_matrix(weight.shape[1], share)
    mean_weight = np.maximum(blur @ weight @ blur.T, 1e-3)
    for of_one in features:
        of_one[:, 2] -= (blur @ (weight * of_one[:, 2]) @ blur.T) / mean_weight
    return features


@compiled
def _log_colour(red: Any, green: Any, blue: Any) -> Any:
    """Log red/green, log blue/green, log brightness."""
    red, green, blue = np.log(red + _DARK), np.log(green + _DARK), np.log(blue + _DARK)
    return red - green, blue - green, (red + green + blue) * np.float32(1 / 3)


@compiled
def _centred(rendered_rgb: Any, which: Any, observed_rgb: Any, weight: Any) -> Any:
    """Log colours (B, 3, n, n) of renderings which (B,) of (R, n, n, 3) and of what was observed (n, n, 3).

    Each less its mean over pixels weighted by (B, n, n); 0 where that is 0.
    """
    batch, size, _ = weight.shape
    both = np.zeros((2, batch, 3, size, size), np.float32)
    seen = np.empty((size, size, 3), np.float32)
    for v in range(size):
        for u in range(size):
            red, green, blue = observed_rgb[v, u, 0], observed_rgb[v, u, 1], observed_rgb[v, u, 2]
            seen[v, u, 0], seen[v, u, 1], seen[v, u, 2] = _log_colour(red, green, blue)
    for b in range(batch):
        total, image = np.float32(1e-6), which[b]
        means = np.zeros((2, 3), np.float32)
        for v in range(size):
            for u in range(size):
                w = weight[b, v, u]
                if w == 0:
                    continue
                total += w
                red, green, blue = (
                    rendered_rgb[image, v, u, 0],
                    rendered_rgb[image, v, u, 1],
                    rendered_rgb[image, v, u, 2],
                )
                rendered = _log_colour(red, green, blue)
                for c in range(3):
                    both[0, b, c, v, u], both[1, b, c, v, u] = rendered[c], seen[v, u, c]
                    means[0, c] += w * rendered[c]
                    means[1, c] += w * seen[v, u, c]
        for side in range(2):
            for c in range(3):
                for v in range(size):
                    for u in range(size):
                        if weight[b, v, u] > 0:
                            both[side, b, c, v, u] -= means[side, c] / total
    return both[0], both[1]


def _correlated(
    rendered: np.ndarray, observed: np.ndarray, weight: np.ndarray, plain_contrast: float
) -> tuple[np.ndarray, np.ndarray]:
    """Correlation of features (B, 3, n, n) of pixels weighted by (B, n, n), and the one to expect: (B,)."""
    own, both, other = _products(rendered, observed, weight)
    plain = 3 * plain_contrast**2
    return _correlation(own, both, other, plain), own / (own + plain)


def _correlation(own: np.ndarray, both: np.ndarray, other: np.ndarray, plain: float) -> np.ndarray:
    return np.asarray(both / np.sqrt((own + plain) * (other + plain)))


def _contrast(own: np.ndarray, both: np.ndarray) -> np.ndarray:
    """Contrast of the picture beside that of renderings (B,): haze and weak prints lower it."""
    return np.asarray(np.clip(both / (own + 3 * _PLAIN_CONTRAST**2), *_CONTRASTS), np.float32)


@compiled
def _products(rendered: Any, observed: Any, weight: Any) -> Any:
    """Mean products of features (B, 3, n, n) with themselves, each other, and of the others with themselves: (B,) each.

    Of pixels weighted by (B, n, n).
    """
    found = np.empty((3, len(weight)))
    for b in range(len(weight)):
        total = products = own = other = np.float32(0)
        for v in range(weight.shape[1]):
            for u in range(weight.shape[2]):
                w = weight[b, v, u]
                if w == 0:
                    continue
                total += w
                for c in range(3):
                    one, two = rendered[b, c, v, u], observed[b, c, v, u]
                    products += w * one * two
                    own += w * one * one
                    other += w * two * two
        total = max(total, _FEWEST_PIXELS)
        found[0, b], found[1, b], found[2, b] = own / total, products / total, other / total
    return found[0], found[1], found[2]


@lru_cache(maxsize=8)
def _blur_matrix(size: int, share: float) -> np.ndarray:
    """(n, n): a row blurred by a Gaussian, share of it wide; blurring an image is one product from either side."""
    distance = np.arange(size)[:, None] - np.arange(size)
    kernel = np.exp(-0.5 * np.square(distance / (share * size / 2)))
    return (kernel / kernel.sum(axis=1, keepdims=True)).astype(np.float32)
