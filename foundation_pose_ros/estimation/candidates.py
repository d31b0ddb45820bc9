"""Poses under way: refined, judged, and thinned from stage to stage."""

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from ..arrays import Poses
from ..jit import compiled
from ..observation.observation import Observation
from ..refinement.refiner import Refinement
from ..selection.scorer import Evidence

Batch = TypeVar("Batch", Refinement, Evidence)


@dataclass(frozen=True)
class Stage:
    """One round of refinement.

    size: size x size rays per hypothesis.
    iterations: steps.
    keep: how many distinct poses go on.
    error: how far surfaces may be off in the first and last step, as shares of the diameter.
    """

    size: int
    iterations: int
    keep: int
    error: tuple[float, float]

    def error_m(self, diameter_m: float) -> tuple[float, float]:
        """Return the error in metres, for an object of this diameter."""
        return self.error[0] * diameter_m, self.error[1] * diameter_m


@dataclass(frozen=True)
class Candidates:
    """Refined poses with what speaks for them, and the observation that they were refined on.

    rendered_m: depth (B, n, n) of the object on that observation's grid at these poses, where it is known.
    """

    refined: Refinement
    evidence: Evidence
    observation: Observation
    rendered_m: np.ndarray | None = None

    def picked(self, kept: np.ndarray) -> "Candidates":
        """Return those of the given indices."""
        rendered_m = None if self.rendered_m is None else self.rendered_m[kept]
        return Candidates(picked(self.refined, kept), picked(self.evidence, kept), self.observation, rendered_m)

    def __add__(self, other: "Candidates") -> "Candidates":
        """Join those of both, on this one's observation."""
        return Candidates(
            _joined(self.refined, other.refined), _joined(self.evidence, other.evidence), self.observation
        )

    @property
    def ranked(self) -> np.ndarray:
        """Indices, best first."""
        return np.argsort(-self.evidence.rank)

    def led_by(self, first: int, margin: float) -> "Candidates":
        """Put one candidate first: what outranked it is ranked below it, by the margin."""
        rank = self.evidence.rank
        behind = np.minimum(rank, rank[first] - margin)
        behind[first] = rank[first]
        led = replace(self, evidence=replace(self.evidence, rank=behind))
        return led.picked(led.ranked)


# Poses nearer to each other than this, in angle or in shares of the diameter, are one.
DISTINCT_RAD, DISTINCT_SHARE = np.deg2rad(12.0), 0.1


def unique_poses(T_cam_obj: Poses, centre_obj: np.ndarray, apart_m: float, apart_rad: float, most: int) -> np.ndarray:
    """Return indices of at most `most` poses (B, 4, 4), in order, each apart from the ones before in place or angle.

    Places are those of the point centre_obj (3,).
    """
    if len(T_cam_obj) == 1:
        return np.zeros(1, np.int64)
    # Copies: the loop would be compiled once more for arrays that mustn't be written to.
    poses = np.array(T_cam_obj, np.float64, order="C")
    return _unique_poses(poses, np.array(centre_obj, np.float64), apart_m, np.cos(apart_rad), most)


@compiled
def _unique_poses(T_cam_obj: Any, centre_obj: Any, apart_m: float, cosine_apart: float, most: int) -> Any:
    kept = np.empty(len(T_cam_obj), np.int64)
    count = 0
    for i in range(len(T_cam_obj)):
        repeated = False
        for j in kept[:count]:
            square, trace = 0.0, 0.0
            for row in range(3):
                off = T_cam_obj[i, row, 3] - T_cam_obj[j, row, 3]
                for column in range(3):
                    off += (T_cam_obj[i, row, column] - T_cam_obj[j, row, column]) * centre_obj[column]
                    trace += T_cam_obj[i, row, column] * T_cam_obj[j, row, column]
                square += off * off
            if square < apart_m * apart_m and (trace - 1) / 2 > cosine_apart:
                repeated = True
                break
        if not repeated:
            kept[count] = i
            count += 1
            if count == most:
                break
    return kept[:count]


def picked(batch: Batch, kept: np.ndarray) -> Batch:
    """Return those of a batch with these indices."""
    return replace(batch, **{field.name: getattr(batch, field.name)[kept] for field in fields(batch)})


def _joined(first: Batch, second: Batch) -> Batch:
    return replace(
        first, **{f.name: np.concatenate([getattr(first, f.name), getattr(second, f.name)]) for f in fields(first)}
    )
