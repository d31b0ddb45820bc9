"""Registration with networks: refine all hypotheses with RefineNet, choose with ScoreNet, polish what is left."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ..estimation.candidates import Candidates, Stage
from ..estimation.prepared_object import PreparedObject
from ..estimation.registration import Registration, RegistrationSettings
from ..frame import Frame
from ..observation.observation import crop_box, observe
from .observed_image import ObservedImage
from .refiner import LearnedRefiner
from .scorer import LearnedScorer
from .start_poses import masked_translation, start_poses

Start = Literal["grid", "pruned", "geometric"]
_FINAL = Stage(64, 3, 6, (0.04, 0.02))


@dataclass(frozen=True)
class LearnedRegistrationSettings:
    """start: from the grid of rotations at the mask's place, as published; from the same, of which fewer go into each
    step; or from what the geometric registration finds, six poses instead of 252. iterations: of RefineNet. entering:
    the share of the grid that goes into each step where it is pruned. most: at most so many of the grid, evenly picked.
    final: rays of the evidence, and how many distinct poses are kept.
    """

    start: Start = "grid"
    iterations: int = 5
    entering: tuple[float, ...] = (1.0, 1.0, 0.5, 0.25, 0.125)
    most: int | None = None
    final: Stage = _FINAL


class LearnedRegistration(Registration):
    """For objects conditioned with a LearnedRefiner."""

    def __init__(self, learned: LearnedRegistrationSettings | None = None) -> None:
        super().__init__(RegistrationSettings())
        self.learned = learned or LearnedRegistrationSettings()

    def __call__(self, prepared: PreparedObject, frame: Frame, mask: np.ndarray) -> Candidates:
        refiner, final = prepared.refiner, self.learned.final
        assert isinstance(refiner, LearnedRefiner)
        observation = observe(frame, crop_box(frame, mask, prepared.model.diameter_m), final.size, mask)
        image = refiner.images.of(frame)
        shared = self.learned.start != "geometric"
        starts = self._grid(prepared, image, mask) if shared else self._found(prepared, frame, mask)
        centred = refiner.moved(image, starts, self.learned.iterations, shared, self._entering(len(starts)))

        poses = refiner.pairs.uncentred(centred).cpu().numpy()
        if isinstance(prepared.judge, LearnedScorer):
            ranks = prepared.judge.logits(image, centred).cpu().numpy()
        else:
            ranks = prepared.scorer.score(prepared.renderer, observation, poses).rank
        order = np.argsort(-ranks)
        kept = order[self._unique_poses(poses[order], prepared, final.keep)]

        error_m = final.error_m(prepared.model.diameter_m)
        refined = refiner.polished(prepared.renderer, observation, poses[kept], error_m)
        evidence = prepared.scorer.score(prepared.renderer, observation, refined.T_cam_obj)
        if prepared.judge is not None:
            evidence = replace(evidence, rank=ranks[kept])
        candidates = Candidates(refined, evidence, observation)
        return candidates.picked(candidates.ranked)

    def _grid(self, prepared: PreparedObject, image: ObservedImage, mask: np.ndarray) -> Tensor:
        rotations = prepared.rotations
        if self.learned.most is not None:
            rotations = rotations[:: -(-len(rotations) // self.learned.most)]
        return start_poses(rotations, masked_translation(image, mask))

    def _entering(self, count: int) -> tuple[int, ...] | None:
        """How many of so many hypotheses go into each step; None: all. More than the final choice keeps stay."""
        if self.learned.start != "pruned":
            return None
        shares = (*self.learned.entering, *self.learned.entering[-1:] * self.learned.iterations)
        return tuple(max(self.learned.final.keep, round(share * count)) for share in shares)

    def _found(self, prepared: PreparedObject, frame: Frame, mask: np.ndarray) -> Tensor:
        refiner = prepared.refiner
        assert isinstance(refiner, LearnedRefiner)
        found = super().__call__(replace(prepared, refiner=refiner.geometric), frame, mask)
        device = refiner.images.of(frame).rgb.device
        return refiner.pairs.centred(torch.from_numpy(found.refined.T_cam_obj).to(device))


class JudgedRegistration(Registration):
    """The geometric registration, whose last candidates ScoreNet puts in order."""

    def __call__(self, prepared: PreparedObject, frame: Frame, mask: np.ndarray) -> Candidates:
        candidates = super().__call__(prepared, frame, mask)
        judge = prepared.judge
        assert isinstance(judge, LearnedScorer)
        ranks = judge.ranks(candidates.observation, candidates.refined.T_cam_obj)
        candidates = replace(candidates, evidence=replace(candidates.evidence, rank=ranks))
        return candidates.picked(candidates.ranked)
