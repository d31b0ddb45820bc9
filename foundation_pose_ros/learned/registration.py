"""Registration with networks: refine all hypotheses with RefineNet, choose with ScoreNet, polish what is left."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ..arrays import Mask
from ..estimation.candidates import DISTINCT_RAD, DISTINCT_SHARE, Candidates, Stage
from ..estimation.prepared_object import RegistrationStrategy
from ..estimation.render_and_compare import RenderAndCompare
from ..frame import Frame
from ..observation.crop import Crop
from ..selection.scorer import Scorer
from .observed_image import ObservedImage
from .refiner import LearnedRefiner
from .start_poses import masked_translation, start_poses

Start = Literal["grid", "pruned", "geometric"]
_FINAL = Stage(64, 3, 6, (0.04, 0.02))


@dataclass(frozen=True)
class LearnedRegistrationSettings:
    """Where RefineNet starts, and what is left in the end.

    start: the grid of rotations at the mask's place, as published; the same, of which fewer go into each step (pruned);
        or what the geometric registration finds, six poses instead of 252.
    iterations: of RefineNet.
    entering: the share of the grid that goes into each step where it is pruned, 0..1.
    most: at most so many of the grid, evenly picked; None: all.
    final: rays of the evidence, and how many distinct poses are kept.
    """

    start: Start = "grid"
    iterations: int = 5
    entering: tuple[float, ...] = (1.0, 1.0, 0.5, 0.25, 0.125)
    most: int | None = None
    final: Stage = _FINAL


class LearnedRegistration:
    """Finds one object by networks in the part of a frame that a mask marks."""

    def __init__(
        self,
        compare: RenderAndCompare,
        refiner: LearnedRefiner,
        starts: np.ndarray | RegistrationStrategy,
        scorer: Scorer | None = None,
        settings: LearnedRegistrationSettings | None = None,
    ) -> None:
        """Bind the search to an object.

        compare: geometric, gives the evidence. starts: rotations (R, 3, 3) at the mask's place, or a registration whose
        poses they are. scorer: has the last word on the order; None: the evidence.
        """
        self.settings = settings or LearnedRegistrationSettings()
        self.refiner, self.scorer = refiner, scorer
        self._compare, self._starts = compare, starts

    def __call__(self, frame: Frame, mask: Mask, possible: Mask | None = None) -> Candidates:
        """Find the object as a `RegistrationStrategy` does."""
        refiner, compare, final = self.refiner, self._compare, self.settings.final
        observation = Crop.around_mask(frame, mask, compare.model.diameter_m, possible).observe(final.size)
        image = refiner.images.of(frame)
        starts, shared = self._first_poses(image, frame, mask, possible)
        centred = refiner.moved(image, starts, self.settings.iterations, shared, self._entering(len(starts)))
        poses = refiner.pairs.uncentred(centred).cpu().numpy()

        ranks = (self.scorer or compare.scorer).score(observation, poses).rank
        order = np.argsort(-ranks)
        kept = order[compare.unique_poses(poses[order], DISTINCT_SHARE, final.keep, DISTINCT_RAD)]

        refined = refiner.polish(observation, poses[kept], final.error_m(compare.model.diameter_m))
        evidence = compare.scorer.score(observation, refined.T_cam_obj)
        if self.scorer is not None:
            evidence = replace(evidence, rank=ranks[kept])
        candidates = Candidates(refined, evidence, observation)
        return candidates.picked(candidates.ranked)

    def _first_poses(
        self, image: ObservedImage, frame: Frame, mask: Mask, possible: Mask | None
    ) -> tuple[Tensor, bool]:
        """Return poses (B, 4, 4) of the centred object, and whether they share one translation."""
        if not isinstance(self._starts, np.ndarray):
            found = self._starts(frame, mask, possible).refined.T_cam_obj
            return self.refiner.pairs.centred(torch.from_numpy(found).to(image.rgb.device)), False
        rotations = self._starts
        if self.settings.most is not None:
            rotations = rotations[:: -(-len(rotations) // self.settings.most)]
        return start_poses(rotations, masked_translation(image, mask)), True

    def _entering(self, count: int) -> tuple[int, ...] | None:
        """Return how many of so many hypotheses go into each step; None: all. More than the final choice keeps stay."""
        if self.settings.start != "pruned":
            return None
        shares = (*self.settings.entering, *self.settings.entering[-1:] * self.settings.iterations)
        return tuple(max(self.settings.final.keep, round(share * count)) for share in shares)


class ReorderedRegistration:
    """A registration whose last candidates another scorer puts in order."""

    def __init__(self, registration: RegistrationStrategy, scorer: Scorer) -> None:
        self._registration, self._scorer = registration, scorer

    def __call__(self, frame: Frame, mask: Mask, possible: Mask | None = None) -> Candidates:
        """Find the object as a `RegistrationStrategy` does."""
        candidates = self._registration(frame, mask, possible)
        ranks = self._scorer.score(candidates.observation, candidates.refined.T_cam_obj).rank
        candidates = replace(candidates, evidence=replace(candidates.evidence, rank=ranks))
        return candidates.picked(candidates.ranked)
