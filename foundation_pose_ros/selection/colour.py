"""Do rendered and observed colours agree? Compared so that light, white balance and exposure don't matter."""

from functools import lru_cache

import cv2
import numpy as np

# Brightness varies by shading over this share of the crop; only finer detail is compared.
_SHADING_SHARE = 0.25
# Contrast (standard deviation of log colour) below which a surface counts as plain.
_PLAIN_CONTRAST = 0.08
# Dark pixels are mostly noise: their logarithms are held back by this much of full scale.
_DARK = 0.06
_FEWEST_PIXELS = 8.0


class ColourComparison:
    """One observed crop (n, n, 3) float32 in 0..1 against many renderings of it.

    Compared are the logarithms of red and blue over green, which a change of light or white balance shifts as a whole,
    and the logarithm of brightness less its local mean, which divides shading and exposure out.
    """

    def __init__(self, observed_rgb: np.ndarray) -> None:
        self._observed = _log_colour(cv2.GaussianBlur(observed_rgb, (3, 3), 0.8))  # (n, n, 3)

    def correlation(self, rendered_rgb: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(B,) in -1..1 for rendered_rgb (B, n, n, 3) over pixels weighted by `weight` (B, n, n), and what it would be
        (B,) if the observed colours were the rendered ones.

        Both tend to 0 as the model's own contrast falls below that of a plain surface under uneven light, and so does
        their influence on the choice.
        """
        total = np.maximum(weight.sum(axis=(1, 2)), _FEWEST_PIXELS)  # (B,)
        blur = _blur_matrix(weight.shape[1])
        rendered = _features(_log_colour(rendered_rgb), weight, blur)
        observed = _features(self._observed, weight, blur)
        both = np.einsum("bij,bijc,bijc->b", weight, rendered, observed) / total
        own = np.einsum("bij,bijc,bijc->b", weight, rendered, rendered) / total
        other = np.einsum("bij,bijc,bijc->b", weight, observed, observed) / total
        plain = 3 * _PLAIN_CONTRAST**2
        return both / np.sqrt((own + plain) * (other + plain)), own / (own + plain)


def _log_colour(rgb: np.ndarray) -> np.ndarray:
    """(..., 3): log red/green, log blue/green, log brightness."""
    log = np.log(rgb + np.float32(_DARK))
    return np.stack([log[..., 0] - log[..., 1], log[..., 2] - log[..., 1], log.mean(axis=-1)], axis=-1)


def _features(log_colour: np.ndarray, weight: np.ndarray, blur: np.ndarray) -> np.ndarray:
    """Chroma less its mean, brightness less its local mean, over pixels weighted by (B, n, n): (B, n, n, 3)."""
    total = np.maximum(weight.sum(axis=(1, 2)), 1e-6)
    mean = np.einsum("bij,bijc->bc", weight, np.broadcast_to(log_colour, (*weight.shape, 3)))
    result = log_colour - (mean / total[:, None])[:, None, None]
    brightness = result[..., 2]
    local = blur @ (weight * brightness) @ blur.T
    brightness -= local / np.maximum(blur @ weight @ blur.T, 1e-3)
    return result


@lru_cache(maxsize=8)
def _blur_matrix(size: int) -> np.ndarray:
    """(n, n): a row blurred by a Gaussian as wide as shading; blurring an image is one product from either side."""
    distance = np.arange(size)[:, None] - np.arange(size)
    kernel = np.exp(-0.5 * np.square(distance / (_SHADING_SHARE * size / 2)))
    return (kernel / kernel.sum(axis=1, keepdims=True)).astype(np.float32)
