"""Fits of what turns evidence into a probability, and normal equations into a covariance."""

from dataclasses import astuple, dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from benchmarks.calibration.reliability import balanced, in_another_optimum, normalised
from foundation_pose_ros.refinement.refiner import Refinement
from foundation_pose_ros.uncertainty.confidence import Confidence, Cues, Standing
from foundation_pose_ros.uncertainty.covariance import CovarianceModel
from foundation_pose_ros.uncertainty.expected_error import SHARES, ErrorModel, normal_limits

# Weights below and above a bend are held to what fits on more scenes found, straight lines for all tasks, as if by a
# normal distribution this wide; few scenes have few inexact meshes. Those of what is seen around a pose to what was
# chosen.
_HELD_TO = {
    "agreement": (8.8, 8.8),
    "inliers": (8.8, 8.8),
    "outline": (6.5, 6.5),
    "visible": (5.4, 5.4),
    "border": (7.1, 7.1),
    "likeness": (1.7, 1.7),
    "region": (8.0, 8.0),
    "hue": (20.0, 0.0),
    "ends": (30.0, 0.0),
    "flat": (0.0, 8.0),
    "separates": (10.0, 10.0),
}
_WEIGHT_SIGMA = 5.0
# What a lead is worth is held likewise to what pairs of poses and rivals gave, of which one was right.
_RATE, _RATE_SIGMA = 4.5, 2.0
# Beyond it, a pose that was told from its rivals before is surely right.
_MOST_EARLIER = 6.0
# A pose may be likelier than a rival for which as much speaks, but by no more than this: to be wrong and trusted is
# worse than to be right and doubted, which the likelihood of samples doesn't know.
_MOST_CHOSEN = 0.8
# Tails of errors are fatter than normal ones, by poses in a near-by optimum: as Student's t of so many degrees.
_TAIL_DEGREES = 5.0
# A turn that is known no better is about an axis of symmetry.
_UNKNOWN_RAD = 0.4
_START = CovarianceModel(repeat=12.0, shift_per_m=1e-3, rim_m=6e-4)
# Logarithms of constants are held to their starts as if by a normal distribution this wide.
_CONSTANT_SIGMA = 0.5


def fitted_confidence(cues: Cues, right: np.ndarray, names: list[str], earlier: bool = False) -> Confidence:
    """Find the likeliest probability of that form, right and wrong poses weighing the same.

    No cue may speak against a pose. earlier: earlier looks may have told a pose from its rivals; how far they are
    believed is found as well.
    """
    parts = np.stack([np.ones(len(right)), *(part for name in names for part in cues.bent(name))], axis=1)
    held_to = np.ravel([_HELD_TO[name] for name in names])
    weight, count = balanced(right) * len(right), 1 + len(held_to)

    def loss(values: np.ndarray) -> float:
        stands = Standing(*values[count:])
        p = np.clip(expit(parts @ values[:count]) * stands(cues), 1e-9, 1 - 1e-9)
        held = np.square((values[1:count] - held_to) / _WEIGHT_SIGMA).sum()
        held += np.square((stands.rate - _RATE) / _RATE_SIGMA)
        return float(held / 2 - (weight * np.where(right, np.log(p), np.log1p(-p))).sum())

    bounds: list[tuple[float | None, float | None]] = [(None, None), *[(0.0, None)] * len(held_to)]
    bounds += [(0.0, _MOST_CHOSEN), (0.0, _MOST_EARLIER * earlier), (0.0, None)]
    start, options = np.concatenate([[-10.0], held_to, [0.4, 1.0 * earlier, 4.0]]), {"maxiter": 2000, "maxfun": 10**6}
    found = minimize(loss, start, bounds=bounds, method="L-BFGS-B", options=options).x
    intercept, *weights = (round(float(value), 2) + 0.0 for value in found[:count])
    stands = Standing(*(round(float(value), 2) + 0.0 for value in found[count:]))
    return Confidence(intercept, tuple(zip(names, weights[::2], weights[1::2], strict=True)), stands)


@dataclass(frozen=True)
class Errors:
    """Of n poses: twists (n, 6) to the truth about the centre, and what a covariance is made from."""

    twists: np.ndarray
    information: np.ndarray  # (n, 6, 6)
    variance_m2: np.ndarray  # (n,)
    points_information: np.ndarray  # (n, 6, 6)
    diameter_m: np.ndarray  # (n,)
    distance_m: np.ndarray  # (n,)

    def covariances(self, model: CovarianceModel) -> np.ndarray:
        """Return covariances (n, 6, 6) of twists about the centres."""
        nowhere = np.empty((len(self.twists), 0))
        refined = Refinement(nowhere, self.information, self.variance_m2, self.points_information)
        return model.about_centre(refined, self.diameter_m, self.distance_m)

    def picked(self, which: np.ndarray) -> "Errors":
        """Return those at which (n,) bool is true."""
        return Errors(*(values[which] for values in vars(self).values()))


def fitted_errors(kinds: list[Errors], model: CovarianceModel) -> ErrorModel:
    """Find the factors at which stated limits hold the shares that they are said to, of each kind of objects.

    What fits all of them together states too little for those whose models are worse than others'.
    """
    factors = []
    for ratios in zip(*(stated_ratios(errors, model) for errors in kinds), strict=True):
        found = [np.quantile(of_kind, SHARES, axis=0).diagonal() for of_kind in ratios]
        low, high = np.max(found, axis=0)
        factors.append((round(float(low), 2), round(float(high), 2)))
    return ErrorModel(*factors)


def stated_ratios(errors: Errors, model: CovarianceModel) -> tuple[np.ndarray, np.ndarray]:
    """Return errors (n, 2) over the limits that normal ones of their covariances stay below in 68 and 95 %.

    Of the centre's place, and of the turn, where every turn is an error and known.
    """
    covariances = errors.covariances(model)
    known = np.sqrt(np.linalg.eigvalsh(covariances[:, 3:, 3:])[:, 2]) < _UNKNOWN_RAD
    moved, turned = (np.linalg.norm(errors.twists[:, part], axis=1)[:, None] for part in (slice(3), slice(3, 6)))
    return (
        moved / normal_limits(covariances[:, :3, :3]),
        (turned / normal_limits(covariances[:, 3:, 3:]))[known],
    )


def fitted_covariance(errors: Errors) -> CovarianceModel:
    """Find the likeliest constants where errors have Student's t distribution (Lange, Little and Taylor 1989).

    Of poses that aren't turned the wrong way.
    """
    errors = errors.picked(~in_another_optimum(errors.twists))
    first = np.log(astuple(_START))

    def loss(logs: np.ndarray) -> float:
        covariances = errors.covariances(CovarianceModel(*np.exp(logs)))
        nees = normalised(errors.twists, covariances)
        # The distribution's own matrix is smaller than its covariance, by (degrees - 2) / degrees.
        tails = (_TAIL_DEGREES + 6) * np.log1p(nees / (_TAIL_DEGREES - 2))
        held = np.square((logs - first) / _CONSTANT_SIGMA).sum() / len(nees)
        return float(np.mean(np.linalg.slogdet(covariances)[1] + tails) + held)

    found = minimize(loss, first, method="Nelder-Mead", options={"xatol": 0.01, "fatol": 1e-7}).x
    return CovarianceModel(*(float(f"{value:.2g}") for value in np.exp(found)))
