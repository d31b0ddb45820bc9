"""A first, short look at things in a frame: how well the object may fit them, before a registration is spent on one."""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Pose, Poses
from ..errors import InputRefused
from ..frame import Frame
from ..observation.crop import Crop
from ..selection.plausibility import UNKNOWN_SEPARATION, plausibility
from ..selection.scorer import Evidence
from .candidates import DISTINCT_RAD, DISTINCT_SHARE, Candidates, Stage
from .hypotheses import initial_poses
from .object_proposals import Proposal
from .render_and_compare import RenderAndCompare

_STAGES = (Stage(24, 3, 8, (0.5, 0.12)), Stage(32, 4, 1, (0.25, 0.08)))
_COMPARED = Stage(64, 1, 6, (0.04, 0.02))


@dataclass(frozen=True)
class FirstLookSettings:
    """How things are thinned.

    stages: of the few hypotheses, on few rays; so many distinct ones go on.
    glanced: so many things are glanced at, the likeliest ones: hypotheses are weighed as they are.
    most: of those so many are looked at in each stage, the most promising ones.
    compared: the grid on which poses are compared, and how many are kept.
    close: side of the grid on which prints are compared, px.
    alike: poses whose ranks differ by less are told apart by their prints.
    least_likeness: of a thing beside that of the likeliest, 0..1.
    convincing: a thing that promises so much is taken for the object, and no spots are looked at. Of the first things
        of scenes to fit to, those in the right pose promised 1.84 to 2.55, others up to 1.96.
    behind: things that promise so much less than the best aren't the object.
    visible_weight: of the visible share beside the rank of a hypothesis: most that stand behind something explain what
        little is left of them.
    border_weight: of the share of its outline beside which depth leaves its surface: tables and walls go on there.
    ends_weight: of the share of its outline beyond which depth and colours go on: it is amid something larger.
    separates_weight: of how well its outline separates the colours on either side: what is placed on clutter doesn't.
    likeness_weight: of the thing's likeness beside them.
    """

    stages: tuple[Stage, ...] = _STAGES
    compared: Stage = _COMPARED
    close: int = 128
    alike: float = 0.06
    glanced: int = 80
    most: tuple[int, ...] = (30, 9)
    least_likeness: float = 0.1
    convincing: float = 2.1
    behind: float = 0.2
    visible_weight: float = 0.5
    border_weight: float = 0.5
    ends_weight: float = 1.0
    separates_weight: float = 1.0
    likeness_weight: float = 0.3


@dataclass(frozen=True, eq=False)
class Start:
    """A thing with hypotheses (B, 4, 4), where they are compared, and a rank to compare things of one frame by."""

    proposal: Proposal
    crop: Crop
    poses: Poses
    promise: float


class FirstLook:
    """Orders things in a frame by how well the object may fit them."""

    def __init__(
        self, compare: RenderAndCompare, rotations: np.ndarray, settings: FirstLookSettings | None = None
    ) -> None:
        """rotations: (R, 3, 3), further apart than a registration's: where the object fits, one comes near enough."""
        self.settings = settings or FirstLookSettings()
        self.compare, self.rotations = compare, rotations

    def __call__(
        self, frame: Frame, things: list[Proposal], spots: Callable[[], list[Proposal]] | None = None
    ) -> list[Proposal]:
        """Return those of a frame's things, the likeliest first, that the object may fit, the best first.

        spots: asked for where no thing convinces; they are looked at then, too.
        """
        *_, starts = self.rounds(frame, things, spots)
        least = starts[0].promise - self.settings.behind if starts else 0.0
        starts = [start for start in starts if start.promise >= least]
        # Regions that lead to one place are one: a registration tries all rotations there.
        places = np.array([start.poses[0] for start in starts]).reshape(-1, 4, 4)
        kept = self.compare.unique_poses(places, DISTINCT_SHARE, len(starts), np.pi)
        return [starts[k].proposal for k in kept]

    def rounds(
        self, frame: Frame, things: list[Proposal], spots: Callable[[], list[Proposal]] | None = None
    ) -> Iterator[list[Start]]:
        """Yield what is left of a frame's things, the most promising first: as glanced at, then after each stage.

        Where none convinces, what is left of the spots comes with it last.
        """
        settings = self.settings
        likely = [one for one in things if one.likeness >= settings.least_likeness * things[0].likeness]
        starts = self._glanced(frame, likely[: settings.glanced])
        yield starts
        starts = yield from self._narrowed(starts)
        if spots is None or (starts and starts[0].promise >= settings.convincing):
            return
        # A glance says next to nothing of a spot: it isn't known where on the object that would be.
        *_, more = self._narrowed(self._glanced(frame, spots()))
        yield _by_promise([*starts, *more])

    def compared(self, frame: Frame, region: Proposal, T_cam_obj: Poses) -> Candidates:
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

    def _narrowed(self, starts: list[Start]) -> Generator[list[Start], None, list[Start]]:
        """Yield those that are left after each stage, the most promising first; return the last."""
        for stage, most in zip(self.settings.stages, self.settings.most, strict=True):
            starts = _by_promise(self._refined(start, stage) for start in starts[:most])
            yield starts
        return starts

    def _glanced(self, frame: Frame, regions: list[Proposal]) -> list[Start]:
        return _by_promise(start for one in regions if (start := self._glance(frame, one)))

    def _glance(self, frame: Frame, proposal: Proposal) -> Start | None:
        """Weigh a few hypotheses as they are; None where the object can't be there."""
        compare, settings = self.compare, self.settings
        try:
            crop = Crop.around_mask(frame, proposal.mask, compare.model.diameter_m, proposal.possible)
        except InputRefused:
            return None
        seen = crop.observe(settings.stages[0].size)
        if seen.mask is None or not (seen.mask & (seen.depth_m > 0)).any():
            return None
        poses = initial_poses(self.rotations, seen, seen.mask, compare.renderer, compare.model)
        promises = self.promises(compare.scorer.score(seen, poses), proposal)
        return Start(proposal, crop, poses, float(promises.max()))

    def _refined(self, start: Start, stage: Stage) -> Start:
        """Refine the hypotheses, keep the best ones, and promise what the first does."""
        found = self.compare.refine(start.crop.observe(stage.size), start.poses, stage)
        promises = self.promises(found.evidence, start.proposal)
        poses = found.refined.T_cam_obj[np.argsort(-promises)]
        kept = self.compare.unique_poses(poses, DISTINCT_SHARE, stage.keep, DISTINCT_RAD)
        promise = float(promises.max()) + self._around(start.crop.frame, poses[0])
        return replace(start, poses=poses[kept], promise=promise)

    def _around(self, frame: Frame, T_cam_obj: Pose) -> float:
        """Return how much speaks for a pose (4, 4) across its outline, beside one of which nothing is known."""
        settings, seen = self.settings, plausibility(self.compare.model, self.compare.renderer, frame, T_cam_obj)
        return settings.ends_weight * seen.ends + settings.separates_weight * (seen.separates - UNKNOWN_SEPARATION)

    def promises(self, evidence: Evidence, proposal: Proposal) -> np.ndarray:
        """Return (B,): how much speaks for hypotheses in a thing, to compare them with those in others."""
        settings = self.settings
        return np.asarray(
            evidence.rank
            + settings.visible_weight * evidence.visible
            + settings.border_weight * evidence.border
            + settings.likeness_weight * proposal.likeness
        )


def _by_promise(starts: Iterable[Start]) -> list[Start]:
    return sorted(starts, key=lambda start: -start.promise)
