"""Power laws through measured losses, with what chance leaves open."""

from dataclasses import dataclass

import numpy as np

_DRAWS = 2000
# Of the fits to resampled sets lie within what is called an interval.
_WITHIN = (0.025, 0.975)


@dataclass(frozen=True)
class PowerLaw:
    """loss = factor * n ** -exponent; interval (2,): of the exponent, 95 %. fits (D, 2): logarithm of the factor and
    exponent, once per resampling.
    """

    factor: float
    exponent: float
    interval: tuple[float, float]
    fits: np.ndarray

    @classmethod
    def through(cls, n: np.ndarray, losses: np.ndarray, seed: int = 0) -> "PowerLaw":
        """Fit to losses (P, N) of the same N sets at points n (P,), by least squares of logarithms.

        The interval comes from sets drawn with replacement (Efron 1979), the same ones for all points: it says what
        other sets would have given, and nothing of what another run would have.
        """
        rng = np.random.default_rng(seed)
        draws = rng.integers(losses.shape[1], size=(_DRAWS, losses.shape[1]))
        means = np.log(np.stack([losses[:, drawn].mean(axis=1) for drawn in draws]))  # (D, P)
        fits = _lines(np.log(n), means)
        whole = _lines(np.log(n), np.log(losses.mean(axis=1))[None])[0]
        low, high = np.quantile(fits[:, 1], _WITHIN)
        return cls(float(np.exp(whole[0])), float(whole[1]), (float(low), float(high)), fits)

    def at(self, n: float) -> tuple[float, float, float]:
        """Return the loss that is foretold at n, and the ends of its 95 % interval."""
        low, high = np.quantile(np.exp(self.fits[:, 0] - self.fits[:, 1] * np.log(n)), _WITHIN)
        return self.factor * n**-self.exponent, float(low), float(high)


def _lines(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(D, 2): where lines through points x (P,), y (D, P) begin, and how fast they fall."""
    centred = x - x.mean()
    falls = -(y @ centred) / (centred @ centred)
    return np.stack([y.mean(axis=1) + falls * x.mean(), falls], axis=1)
