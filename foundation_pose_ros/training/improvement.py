"""How much nearer to the truth a refiner brings poses on renderings that it hasn't seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from .. import se3
from ..learned.pose_update import stepped
from ..networks import RefineNet
from .pairs import PairRenderer, Surroundings
from .pose_sampling import ViewDistribution, moved_by
from .reduced_resolution import steps_per_token

# No batch of a training run has this number.
_HELD_OUT = 1 << 62
_MODEL_POINTS = 256


@dataclass(frozen=True)
class PoseErrors:
    """Of N poses (N,): mean distance of model points and of the centre, both in diameters, and the angle in degrees."""

    add: np.ndarray
    centre: np.ndarray
    angle_deg: np.ndarray

    def medians(self) -> dict[str, float]:
        """Return medians by name, for a report."""
        return {name: round(float(np.median(values)), 4) for name, values in vars(self).items()}


@dataclass(frozen=True)
class Improvement:
    """Errors of the same poses before, and after each iteration."""

    errors: tuple[PoseErrors, ...]

    def remaining(self) -> dict[str, float]:
        """Return median error after the last iteration as a share of that before, by name."""
        before, after = self.errors[0].medians(), self.errors[-1].medians()
        return {name: round(after[name] / before[name], 3) for name in before}

    def of(self, which: int, count: int) -> "Improvement":
        """Return that of one object alone, where `count` poses of each were refined."""
        part = slice(which * count, (which + 1) * count)
        return Improvement(tuple(PoseErrors(*(values[part] for values in vars(step).values())) for step in self.errors))


@dataclass(frozen=True)
class PushedPoses:
    """Poses to refine, all exactly so far from the truth, in views held out from training.

    count: of each object, at least 1.
    push_diameters: how far the centre is moved, from 0.
    turn_rad: how far the object is turned, 0 to pi.
    seed: chooses views and directions.
    """

    count: int
    push_diameters: float = 0.1
    turn_rad: float = float(np.deg2rad(10.0))
    seed: int = 0


@torch.no_grad()
def measure_improvement(
    network: RefineNet,
    objects: Sequence[PairRenderer],
    views: ViewDistribution,
    surroundings: Surroundings,
    size: int,
    pushed: PushedPoses,
    iterations: int = 5,
) -> Improvement:
    """Refine poses of each object in crops of `size` pixels, and return their errors after each iteration."""
    network.eval()
    errors: list[list[PoseErrors]] = []
    for which, shown in enumerate(objects):
        model = shown.model
        for k in range(pushed.count):
            rng = np.random.default_rng([pushed.seed, _HELD_OUT, which, k])
            true = views.drawn(rng, 1, model.centre_m)
            start = moved_by(rng, true, model.centre_m, pushed.push_diameters * model.diameter_m, pushed.turn_rad)
            T_true, T = torch.from_numpy(true), torch.from_numpy(start)
            course = [_errors(shown, T, T_true)]
            picture_seed = int(rng.integers(1 << 32))
            for _ in range(iterations):
                rendered = shown.rendered(T, size)
                picture = np.random.default_rng(picture_seed)  # the same light and wall in every crop of it
                observed = shown.observed(picture, T_true, T, size, surroundings)
                translation, rotation = (said.mean(dim=1) for said in steps_per_token(network, rendered, observed))
                T = stepped(T, translation, rotation, shown.centre_obj, shown.radius_m, shown.settings.turn_rad)
                course.append(_errors(shown, T, T_true))
            errors.append(course)
    return Improvement(tuple(_joined(step) for step in zip(*errors, strict=True)))


def _errors(shown: PairRenderer, T: torch.Tensor, T_true: torch.Tensor) -> PoseErrors:
    found, true, model = T.numpy(), T_true.numpy(), shown.model
    points = np.concatenate([model.centre_m[None], model.surface_points(_MODEL_POINTS)])
    off = np.linalg.norm(se3.transform_points(found, points) - se3.transform_points(true, points), axis=-1)
    angle = np.rad2deg(se3.rotation_angle_rad(found[:, :3, :3], true[:, :3, :3]))
    return PoseErrors(off[:, 1:].mean(axis=1) / model.diameter_m, off[:, 0] / model.diameter_m, angle)


def _joined(parts: Sequence[PoseErrors]) -> PoseErrors:
    return PoseErrors(*(np.concatenate(values) for values in zip(*(vars(p).values() for p in parts), strict=True)))
