"""The search for rivals of a chosen pose: poses that would put the object's surface elsewhere."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from ..arrays import Pose, Poses
from ..object_model.confusable_turns import ConfusableTurns, confusable_turns
from ..object_model.surface_distance import RIGHT_SHARE, SurfaceDistance
from ..object_model.telling_parts import shows_turns
from ..observation.observation import Observation
from ..selection.rivals import Rivals, RivalTurn
from .candidates import DISTINCT_RAD, Candidates, Stage
from .open_turns import OpenTurns
from .render_and_compare import RenderAndCompare

_COARSE_STEP = 2
_POLISH = Stage(64, 4, 1, (0.04, 0.02))
_MOST_SWITCHES = 2
_DRAWN, _REFINED = Stage(32, 3, 6, (0.15, 0.04)), Stage(64, 2, 6, (0.04, 0.02))
# Turns that aren't refined are off by what the axis is.
_LOOSE = 2.0


@dataclass(frozen=True)
class RivalSettings:
    """How rivals are looked for.

    indistinct: turns next to each other that are behind by no more than this are one range.
    about: likewise of rivals in the end, beside the likeliest of them.
    most: turns that are looked at closely, one of each range first, then others of wide ranges, `turn_deg` apart.
    runners_up: poses besides.
    switch: by so much more has to speak for a rival that takes the pose's place.
    told: a pose that leads by more is told from all turns about an axis.
    """

    indistinct: float = 0.35
    most: int = 5
    turn_deg: float = 30.0
    about: float = 0.5
    runners_up: int = 3
    switch: float = 0.05
    told: float = 0.3


class RivalSearch:
    """Turns a chosen pose every way in which views of the object are easily mistaken for each other.

    All turns are looked at on a coarse grid as they are; the best of each range, and runners-up, are refined there, and
    compared with the chosen pose on its own grid by what sets them apart.
    """

    def __init__(self, compare: RenderAndCompare, near: np.ndarray, settings: RivalSettings | None = None) -> None:
        """near (T, 4, 4): turns that noisy depth may mistake for the identity, which comes first."""
        self.settings = settings or RivalSettings()
        self._compare = compare
        self._turns = confusable_turns(compare.model, near)
        # Coarse steps of a continuous symmetry do: what is nearly as far as a right pose may be is no rival.
        self._distance = SurfaceDistance(compare.model.vertices, compare.model.symmetries, step_deg=3.0)
        around = (turns for turns in self._turns if turns.step_deg > 0 and shows_turns(compare.model, turns.axis))
        first = next(around, None)
        self._open = None if first is None else OpenTurns(first, self._distance, compare.model.diameter_m)

    def __call__(self, candidates: Candidates) -> Rivals:
        """Find the rivals of the first candidate."""
        return self._found(candidates)[0]

    def _found(self, candidates: Candidates) -> tuple[Rivals, np.ndarray]:
        """Find rivals, and the same turns (n, 4, 4) as refinement leaves them."""
        first = candidates.refined.T_cam_obj[0].astype(np.float64)
        ranges, poses = self._ranges(candidates, first)
        others = candidates.refined.T_cam_obj[1:]
        poses = np.concatenate([poses, others[self._apart(others, first)][: self.settings.runners_up]])
        if not len(poses):
            return Rivals(np.zeros((0, 4, 4)), np.zeros(0)), np.zeros((0, 4, 4))
        poses, refined, behind = self._compared(candidates, first, poses)
        rivals = np.isfinite(behind)
        # Where a range is that of all turns about an axis, its rivals are whatever was turned about that.
        turns = [replace(one, behind=float(behind[k])) for k, one in enumerate(ranges) if one.single and rivals[k]]
        around = [one for one in ranges if not one.single]
        if around:
            turns += _turned_about(around, first, poses, behind, self.settings.about)
        kept = np.flatnonzero(rivals)
        kept = kept[np.argsort(behind[kept])]
        found = Rivals(poses[kept], behind[kept], tuple(sorted(turns, key=lambda turn: turn.behind)))
        return self._with_open(candidates, first, found), refined[kept]

    def settled(self, candidates: Candidates) -> tuple[Candidates, Rivals]:
        """Put a rival first for which clearly more speaks; return it with its own rivals."""
        rivals, refined = self._found(candidates)
        for _ in range(_MOST_SWITCHES):
            challenger = self._challenger(candidates, refined)
            if challenger is None:
                break
            better = self._compare.refine(candidates.observation, challenger, _POLISH)
            candidates = (better + candidates).led_by(0, self.settings.switch)
            rivals, refined = self._found(candidates)
        # Where each beats another none is better than the rest.
        level = tuple(replace(one, behind=max(one.behind, 0.0)) for one in rivals.turns)
        return candidates, replace(rivals, behind=np.maximum(rivals.behind, 0.0), turns=level)

    def turned_lead(self, observation: Observation, T_cam_obj: Pose) -> float:
        """Return by how much more speaks for the best of all turns of a pose (4, 4) than for that; 0 for none."""
        if not self._turns:
            return 0.0
        poses = (T_cam_obj @ np.concatenate([turns.transforms for turns in self._turns])).astype(np.float32)
        coarse, error_m = observation.downsampled(_COARSE_STEP), _DRAWN.error_m(self._compare.model.diameter_m)
        refined = self._compare.refiner.refine(coarse, poses, _DRAWN.iterations, error_m).T_cam_obj
        shown = np.concatenate([T_cam_obj[None].astype(np.float32), refined])
        return max(0.0, -float(self._compare.scorer.duels(observation, shown).min()))

    def _with_open(self, candidates: Candidates, first: np.ndarray, rivals: Rivals) -> Rivals:
        """Add in how many ways the first candidate may be turned about an axis, where rivals leave that open."""
        if self._open is None or rivals.lead > self.settings.told:
            return rivals
        turns = self._open.turns
        poses = (first @ np.concatenate([np.eye(4)[None], turns.transforms])).astype(np.float32)
        behind = self._compare.scorer.duels(candidates.observation.downsampled(_COARSE_STEP), poses)
        left = self._open(behind, rivals.lead)
        if left.ways == 1:
            return rivals
        about = min([rivals.lead, *(one.behind for one in rivals.turns if not one.single)])
        one = RivalTurn(turns.axis, left.from_deg, left.to_deg, about, single=False)
        return replace(rivals, turns=(one, *(turn for turn in rivals.turns if turn.single)), ways=left.ways)

    def _challenger(self, candidates: Candidates, refined: np.ndarray) -> Pose | None:
        """Return that of refined poses (n, 4, 4) for which clearly more speaks where all are compared at once, if any.

        A turn that isn't refined, a coarse step from what it could be, may judge the pose but not take its place.
        """
        if not len(refined):
            return None
        shown = np.concatenate([candidates.refined.T_cam_obj[:1], refined]).astype(np.float32)
        behind = self._compare.scorer.contest(candidates.observation, shown)
        best = int(behind.argmin())
        return refined[best : best + 1] if behind[best] < -self.settings.switch else None

    def _ranges(self, candidates: Candidates, first: np.ndarray) -> tuple[list[RivalTurn], np.ndarray]:
        """Return ranges of turns, the likeliest first, and poses (n, 4, 4): the best of each, then more of wide ones.

        Which turn of a range is the best one a coarse grid hardly tells: the right one may be any.
        """
        if not self._turns:
            return [], np.zeros((0, 4, 4), np.float32)
        transforms = np.concatenate([np.eye(4)[None], *(turns.transforms for turns in self._turns)])
        poses = (first @ transforms).astype(np.float32)
        behind = self._compare.scorer.contest(candidates.observation.downsampled(_COARSE_STEP), poses, _LOOSE)
        apart = self._apart(poses[1:], first)
        found: list[RivalTurn] = []
        bests: list[int] = []
        others: list[int] = []
        at = 0
        for turns in self._turns:
            own = slice(at, at + len(turns.angles_deg))
            at = own.stop
            for members, lowest, highest in _runs(turns, behind[own], self.settings.indistinct):
                there = [at_k for k in members if apart[at_k := own.start + k]]
                if there:
                    picked = self._spread(there, behind, turns, own.start)
                    single = turns.step_deg == 0
                    found.append(RivalTurn(turns.axis, lowest, highest, float(behind[picked[0]]), single))
                    bests.append(picked[0])
                    others += picked[1:]
        order = np.argsort([one.behind for one in found], kind="stable")[: self.settings.most]
        others = sorted(others, key=lambda k: behind[k])[: self.settings.most - len(order)]
        return [found[k] for k in order], poses[1:][[*(bests[k] for k in order), *others]]

    def _spread(self, members: list[int], behind: np.ndarray, turns: ConfusableTurns, start: int) -> list[int]:
        """Pick members of a range, the likeliest first, each turned by `turn_deg` at least from those before."""
        picked: list[int] = []
        for k in sorted(members, key=lambda k: behind[k]):
            off_deg = np.abs([turns.angles_deg[k - start] - turns.angles_deg[one - start] for one in picked])
            if (np.minimum(off_deg, 360 - off_deg) >= self.settings.turn_deg).all():
                picked.append(k)
        return picked

    def _compared(
        self, candidates: Candidates, first: np.ndarray, turned: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return poses (n, 4, 4) as they are or refined, refined, and how far each is behind the first (n,).

        Infinitely far what goes back to the first. Where refinement leads away from a turn that is as good as the pose,
        as between sides of a box, the turn itself stands.
        """
        observation, coarse = candidates.observation, candidates.observation.downsampled(_COARSE_STEP)
        diameter_m, turned = self._compare.model.diameter_m, turned.astype(np.float32)
        refined = turned
        # From as far off as the next turn, so that what isn't an optimum of its own goes back to the pose.
        for grid, stage in ((coarse, _DRAWN), (observation, _REFINED)):
            refined = self._compare.refiner.refine(grid, refined, stage.iterations, stage.error_m(diameter_m)).T_cam_obj
        shown = np.concatenate([first[None].astype(np.float32), refined, turned])
        by_refined, by_turned = self._compare.scorer.duels(observation, shown).reshape(2, -1)
        poses = np.where((by_turned < by_refined)[:, None, None], turned, refined)
        own = self._apart(refined, first)
        return poses, refined, np.where(own, np.minimum(by_refined, by_turned), np.inf)

    def _apart(self, T_cam_obj: Poses, first: np.ndarray) -> np.ndarray:
        """Tell (n,) which poses are so far from the first that not both can be right."""
        if not len(T_cam_obj):
            return np.zeros(0, bool)
        return self._distance(T_cam_obj, first) > RIGHT_SHARE * self._compare.model.diameter_m


def _turned_about(
    around: list[RivalTurn], first: np.ndarray, poses: Poses, behind: np.ndarray, limit: float
) -> list[RivalTurn]:
    """Return the range of what rivals (n, 4, 4) are turned by about one axis, with what lies about the pose itself.

    around: ranges of turns about that axis. None where all that were turned about it are further behind than the limit.
    """
    axis, direction = around[0].axis, np.array(around[0].axis.direction)
    moved = np.linalg.inv(first) @ poses.astype(np.float64)
    rotations = Rotation.from_matrix(moved[:, :3, :3])
    x, y, z, w = rotations.as_quat(canonical=True).T
    angles_rad = 2 * np.arctan2(np.stack([x, y, z], axis=1) @ direction, w)
    rest_rad = (rotations * Rotation.from_rotvec(-angles_rad[:, None] * direction)).magnitude()
    kept = (behind < limit) & (rest_rad < DISTINCT_RAD)
    if not kept.any():
        return []
    angles_deg = np.rad2deg(angles_rad[kept])
    own = [one for one in around if one.from_deg <= 0 <= one.to_deg]
    low = min([angles_deg.min(), *(one.from_deg for one in own)])
    high = max([angles_deg.max(), *(one.to_deg for one in own)])
    return [RivalTurn(axis, float(low), float(high), float(behind[kept].min()), single=False)]


def _runs(turns: ConfusableTurns, behind: np.ndarray, indistinct: float) -> list[tuple[list[int], float, float]]:
    """List runs of turns that evidence hardly tells from the pose: their indices, and their least and largest angles.

    The pose itself, at 0 degrees, belongs to the run around it. Where none is that near, the best turn is a run.
    """
    count = len(behind)
    if turns.step_deg == 0:
        return [([k], float(turns.angles_deg[k]), float(turns.angles_deg[k])) for k in range(count)]
    near = (behind < indistinct) | (turns.angles_deg == 0)
    if near.all():
        return [(list(range(count)), -180.0, 180.0)]
    # Around the circle, from the first after one that isn't near.
    start = int(np.flatnonzero(~near)[0])
    runs: list[list[int]] = []
    for k in range(start, start + count):
        if near[k % count]:
            if not runs or runs[-1][-1] != k - 1:
                runs.append([])
            runs[-1].append(k)
    best = int(np.argmin(np.where(turns.angles_deg == 0, np.inf, behind)))
    if all(best not in [k % count for k in run] for run in runs):
        runs.append([best])
    found = []
    for run in runs:
        angles = turns.angles_deg[run[0] % count] + turns.step_deg * (np.array(run) - run[0])
        # Written about the middle, so that a run across the half turn doesn't reach all around.
        shift = 360.0 * np.round(angles.mean() / 360.0)
        found.append(([k % count for k in run], float(angles[0] - shift), float(angles[-1] - shift)))
    return found
