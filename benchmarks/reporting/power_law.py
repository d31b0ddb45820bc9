"""Power laws above a floor through measured losses, with what chance leaves open."""

from dataclasses import dataclass

import numpy as np

_DRAWS = 1000
# Of the fits to resampled sets lie within what is called an interval.
_WITHIN = (0.025, 0.975)
# Floors that are tried, as shares of the least loss.
_FLOORS = np.append(np.linspace(0, 0.9, 19), 1 - np.geomspace(0.08, 0.002, 21))


@dataclass(frozen=True)
class PowerLaw:
    """loss = floor + factor * n ** -exponent. fits (D, 3): floor, logarithm of the factor and exponent, once for each
    resampling; that of all sets comes first.
    """

    fits: np.ndarray

    @classmethod
    def through(cls, n: np.ndarray, losses: np.ndarray, seed: int = 0) -> "PowerLaw":
        """Fit to losses (P, N) of the same N sets at points n (P,), P from 3.

        For each floor that may be, a line through logarithms of what lies above it; the floor that leaves least. What
        chance leaves open comes from sets drawn with replacement (Efron 1979), the same ones for all points: what other
        sets would have given, and nothing of what another run would have.
        """
        rng = np.random.default_rng(seed)
        draws = rng.integers(losses.shape[1], size=(_DRAWS, losses.shape[1]))
        means = np.stack([losses.mean(axis=1), *(losses[:, drawn].mean(axis=1) for drawn in draws)])  # (D, P)
        floors = means.min(axis=1) * _FLOORS[:, None]  # (F, D)
        x = np.log(n)
        logarithms = np.log(means - floors[..., None])  # (F, D, P)
        falls = -(logarithms @ (x - x.mean())) / np.square(x - x.mean()).sum()
        begins = logarithms.mean(axis=-1) + falls * x.mean()
        off = floors[..., None] + np.exp(begins[..., None] - falls[..., None] * x) - means
        best = np.square(off).sum(axis=-1).argmin(axis=0), np.arange(len(means))
        return cls(np.stack([floors[best], begins[best], falls[best]], axis=1))

    @property
    def floor(self) -> tuple[float, float, float]:
        """Return the floor and the ends of its 95 % interval."""
        return _with_interval(self.fits[:, 0])

    @property
    def exponent(self) -> tuple[float, float, float]:
        """Return the exponent and the ends of its 95 % interval."""
        return _with_interval(self.fits[:, 2])

    def at(self, n: float) -> tuple[float, float, float]:
        """Return the loss that is foretold at n, and the ends of its 95 % interval."""
        floor, begin, falls = self.fits.T
        return _with_interval(floor + np.exp(begin - falls * np.log(n)))


def _with_interval(values: np.ndarray) -> tuple[float, float, float]:
    low, high = np.quantile(values[1:], _WITHIN)
    return float(values[0]), float(low), float(high)
