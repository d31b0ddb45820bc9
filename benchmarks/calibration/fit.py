"""Fits of what turns evidence into a probability, and normal equations into a covariance."""

from dataclasses import astuple, dataclass

import numpy as np
from scipy.optimize import minimize

from benchmarks.calibration.reliability import balanced, in_another_optimum, normalised
from foundation_pose_ros.refinement.refiner import Refinement
from foundation_pose_ros.uncertainty.confidence import Confidence, Cues
from foundation_pose_ros.uncertainty.covariance import CovarianceModel

# Weights are held back as if they came from a normal distribution this wide.
_WEIGHT_SIGMA = 10.0
# Tails of errors are fatter than normal ones, by poses in a near-by optimum: as Student's t of so many degrees.
_TAIL_DEGREES = 5.0
_START = CovarianceModel(repeat=6.0, shift_per_m=1e-3, rim_m=5e-4)
# Logarithms of constants are held to their starts as if by a normal distribution this wide.
_CONSTANT_SIGMA = 2.0


def fitted_confidence(cues: Cues, right: np.ndarray, names: list[str]) -> Confidence:
    """Fit a logistic regression, right and wrong poses weighing the same; no cue may speak against a pose."""
    parts = np.stack([np.ones(len(right)), *(part for name in names for part in cues.bent(name))], axis=1)
    weight = balanced(right) * len(right)
    beta = np.zeros(parts.shape[1])
    used = np.arange(len(beta))
    while True:
        x = parts[:, used]
        held = np.diag([0.0, *[_WEIGHT_SIGMA**-2] * (len(used) - 1)])
        found = np.zeros(len(used))
        for _ in range(50):
            p = 1 / (1 + np.exp(-x @ found))
            gradient = x.T @ (weight * (right - p)) - held @ found
            step = np.linalg.solve((x * (weight * p * (1 - p))[:, None]).T @ x + held, gradient)
            found += step
            if np.abs(step).max() < 1e-6:
                break
        for_it = np.concatenate([[True], found[1:] >= 0])
        if for_it.all():
            break
        used = used[for_it]
    beta[used] = found
    intercept, *weights = (round(float(b), 2) + 0.0 for b in beta)
    return Confidence(intercept, tuple(zip(names, weights[::2], weights[1::2], strict=True)))


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
