"""A registration whose last choice a compact network has a word in."""

from dataclasses import replace

from ..arrays import Mask
from ..frame import Frame
from ..selection.compact_scorer import CompactScorer
from .candidates import Candidates
from .prepared_object import RegistrationStrategy


class CompactChoice:
    """Puts the candidates of a registration in the order that their evidence and a network give together."""

    def __init__(self, registration: RegistrationStrategy, scorer: CompactScorer) -> None:
        self._registration, self._scorer = registration, scorer

    def __call__(self, frame: Frame, mask: Mask, possible: Mask | None = None) -> Candidates:
        """Find the object as a `RegistrationStrategy` does."""
        candidates = self._registration(frame, mask, possible)
        ranks = self._scorer.ranks(frame, candidates.refined.T_cam_obj, candidates.evidence.rank)
        candidates = replace(candidates, evidence=replace(candidates.evidence, rank=ranks))
        return candidates.picked(candidates.ranked)
