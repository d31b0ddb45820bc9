"""The final refinement: weighs depth, colour and outline together, whatever methods found a pose. Needs PyTorch."""

from dataclasses import dataclass, replace

import numpy as np

from ..object_model.model import ObjectModel
from ..refinement.differentiable import DifferentiableRefiner
from ..refinement.refiner import Refinement, Refiner
from ..rendering import make_tensor_renderer
from ..rendering.factory import check_device
from ..selection.geometric import GeometricScorer
from ..selection.scorer import Scorer
from .candidates import Candidates, Stage
from .methods import Methods
from .prepared_object import PreparedObject

_STAGE = Stage(64, 6, 6, (0.04, 0.02))


@dataclass(frozen=True, eq=False)
class FinalRefinement:
    """Moves the poses that are left, and keeps each where it was if the evidence there was better.

    refiner: moves them.
    scorer: weighs them before and after.
    iterations: of the refiner.
    error_m: how far surfaces may be off in the first and last iteration, m.
    reorder: put them in the order of their new ranks; False where another scorer had the last word.
    """

    refiner: Refiner
    scorer: Scorer
    iterations: int
    error_m: tuple[float, float]
    reorder: bool = True

    def __call__(self, candidates: Candidates) -> Candidates:
        """Return the same candidates, moved; evidence is that of the poses as they are then."""
        observation, before = candidates.observation, candidates.refined
        moved = self.refiner.refine(observation, before.T_cam_obj, self.iterations, self.error_m)
        stood, found = (self.scorer.score(observation, poses) for poses in (before.T_cam_obj, moved.T_cam_obj))
        better = found.rank > stood.rank
        refined = Refinement(**{name: _chosen(better, vars(moved)[name], old) for name, old in vars(before).items()})
        evidence = replace(
            stood, **{name: _chosen(better, vars(found)[name], old) for name, old in vars(stood).items()}
        )
        if not self.reorder:
            return Candidates(refined, replace(evidence, rank=candidates.evidence.rank), observation)
        ended = Candidates(refined, evidence, observation)
        return ended.picked(ended.ranked)


class FinalRefinementMethods:
    """Any methods, ended by differentiable refinement (`refinement.differentiable`)."""

    def __init__(self, methods: Methods, device: str = "cpu", threads: int = 2, stage: Stage = _STAGE) -> None:
        """device: of its renderings, cpu, cuda or cuda:N; threads: of ray casting on the CPU.

        Raises InputRefused where the device isn't there.
        """
        check_device(device)
        self._methods, self._device, self._threads, self._stage = methods, device, threads, stage

    def prepare(self, model: ObjectModel) -> PreparedObject:
        """Make an object ready by the other methods, and bind the refinement to it."""
        prepared = self._methods.prepare(model)
        step = FinalRefinement(
            refiner=DifferentiableRefiner(model, make_tensor_renderer(model, self._device, threads=self._threads)),
            scorer=GeometricScorer(model, prepared.renderer),
            iterations=self._stage.iterations,
            error_m=self._stage.error_m(model.diameter_m),
            reorder=isinstance(prepared.scorer, GeometricScorer),
        )
        return replace(prepared, final_refinement=step)


def _chosen(first: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return `one` of arrays (B, ...) where first (B,) is true, and the other elsewhere."""
    return np.where(first.reshape(-1, *(1,) * (one.ndim - 1)), one, other)
