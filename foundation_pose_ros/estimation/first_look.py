"""A first, short look at things in a frame: how well the object may fit them, before a registration is spent on one."""

from dataclasses import dataclass

import numpy as np

from ..errors import InputRefused
from ..frame import Frame
from ..observation.crop import Crop
from .candidates import DISTINCT_RAD, DISTINCT_SHARE, Candidates, Stage
from .hypotheses import initial_poses
from .object_proposals import Proposal
from .render_and_compare import RenderAndCompare

_STAGE = Stage(24, 3, 1, (0.5, 0.12))
_COMPARED = Stage(64, 1, 6, (0.04, 0.02))


@dataclass(frozen=True)
class FirstLookSettings:
    """How things are thinned.

    stage: of the few hypotheses, on few rays.
    compared: the grid on which poses are compared, and how many are kept.
    close: side of the grid on which prints are compared, px.
    alike: poses whose ranks differ by less are told apart by their prints.
    rotations: at most so many, further apart than those of a registration: where the object fits, some come near enough
        to show it.
    most: so many things are looked at, the likeliest ones.
    least_likeness: of a thing beside that of the likeliest, 0..1.
    likeness_weight: of likeness beside the rank of the best hypothesis.
    """

    stage: Stage = _STAGE
    compared: Stage = _COMPARED
    close: int = 128
    alike: float = 0.06
    rotations: int = 32
    most: int = 7
    least_likeness: float = 0.1
    likeness_weight: float = 0.5


class FirstLook:
    """Orders things in a frame by how well the object may fit them."""

    def __init__(
        self, compare: RenderAndCompare, rotations: np.ndarray, settings: FirstLookSettings | None = None
    ) -> None:
        """rotations: (R, 3, 3) as a registration has them."""
        self.settings = settings or FirstLookSettings()
        self.compare, self.rotations = compare, rotations

    def __call__(self, frame: Frame, proposals: list[Proposal]) -> list[Proposal]:
        """Return those of a frame's things, the likeliest first, that the object may fit, the best first."""
        settings = self.settings
        likely = [one for one in proposals if one.likeness >= settings.least_likeness * proposals[0].likeness]
        promise = {id(one): self._promise(frame, one) for one in likely[: settings.most]}
        kept = [one for one in likely[: settings.most] if promise[id(one)] > -np.inf]
        return sorted(kept, key=lambda one: -promise[id(one)])

    def compared(self, frame: Frame, region: Proposal, T_cam_obj: np.ndarray) -> Candidates:
        """Weigh poses (B, 4, 4) by what a region of a frame shows; the best distinct ones, in order."""
        compare, stage = self.compare, self.settings.compared
        crop = Crop.around_mask(frame, region.mask, compare.model.diameter_m, region.possible)
        error_m = stage.error_m(compare.model.diameter_m)[1]
        weighed = compare.evaluate_unrefined(crop.observe(stage.size), T_cam_obj, error_m)
        kept = compare.unique_poses(weighed.refined.T_cam_obj, DISTINCT_SHARE, stage.keep, DISTINCT_RAD)
        weighed = weighed.picked(kept)
        # Turns of one shape are told apart by what sets their prints apart, closely.
        rank, poses = weighed.evidence.rank, weighed.refined.T_cam_obj
        alike = np.flatnonzero(rank > rank[0] - self.settings.alike)
        if not compare.model.has_colour or len(alike) < 2:
            return weighed
        close_rank = compare.scorer.score_apart(crop.observe(self.settings.close), poses[alike]).rank
        first = int(alike[np.argmax(close_rank)])
        return weighed if first == 0 else weighed.led_by(first, self.settings.alike)

    def _promise(self, frame: Frame, proposal: Proposal) -> float:
        """Return a rank to compare things of one frame by; -inf where the object can't be there."""
        compare, stage = self.compare, self.settings.stage
        try:
            crop = Crop.around_mask(frame, proposal.mask, compare.model.diameter_m, proposal.possible)
        except InputRefused:
            return -np.inf
        seen = crop.observe(stage.size)
        if seen.mask is None or not (seen.mask & (seen.depth_m > 0)).any():
            return -np.inf
        every = -(-len(self.rotations) // self.settings.rotations)
        poses = initial_poses(self.rotations[::every], seen, seen.mask, compare.renderer, compare.model)
        rank = float(compare.refine(seen, poses, stage).evidence.rank.max())
        return rank + self.settings.likeness_weight * proposal.likeness
