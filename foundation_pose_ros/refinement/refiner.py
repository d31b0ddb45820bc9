"""What a refiner gives: one of the two places where geometric and learned methods meet."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..arrays import Poses
from ..observation.keyframe import PointMatches
from ..observation.observation import Observation


@dataclass(frozen=True)
class Refinement:
    """Moved poses (B, 4, 4), and how sure they are.

    information (B, 6, 6): the last step's normal matrix, of twists about each object's centre in camera axes, but for
    matched points. variance_m2 (B,): of the residuals that it was made from, so that variance_m2 * inverse(information)
    is the covariance of the twist if residuals were independent. points_information (B, 6, 6): what matched points say
    of the twist, per m^2 and rad^2, zero where there were none.
    """

    T_cam_obj: Poses
    information: np.ndarray
    variance_m2: np.ndarray
    points_information: np.ndarray

    def at(self, index: int) -> "Refinement":
        """Return that of one pose, without the axis B."""
        return Refinement(**{name: values[index] for name, values in vars(self).items()})


class Refiner(Protocol):
    """Moves hypotheses of one object towards what was observed."""

    def refine(
        self,
        observation: Observation,
        T_cam_obj: Poses,
        iterations: int,
        error_m: tuple[float, float],
        matches: PointMatches | None = None,
    ) -> Refinement:
        """Move poses (B, 4, 4), all at once.

        error_m: how far surfaces may be off in the first and last step. matches: where points of the surface are seen,
        if that is known.
        """
        ...
