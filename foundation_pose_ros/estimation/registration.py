"""Registration: from a mask to a pose, many hypotheses on few rays first, few hypotheses on many rays last."""

from dataclasses import dataclass

import numpy as np

from .. import se3
from ..arrays import Mask, Poses
from ..errors import InputRefused
from ..frame import Frame
from ..observation.crop import Crop
from ..observation.observation import Observation
from .candidates import DISTINCT_RAD, DISTINCT_SHARE, Candidates, Stage
from .hypotheses import initial_poses
from .render_and_compare import RenderAndCompare

# So many hypotheses on many rays are half a registration.
_MOST_TURNED = 48

_STAGES = (
    Stage(24, 4, 64, (0.5, 0.15)),
    Stage(32, 4, 16, (0.25, 0.08)),
    Stage(40, 5, 6, (0.12, 0.03)),
)
_FINAL = Stage(40, 4, 6, (0.06, 0.02))
_POLISH = Stage(64, 4, 6, (0.04, 0.02))


@dataclass(frozen=True)
class RegistrationSettings:
    """How hypotheses become few.

    stages: rays, steps and how many poses go on, coarse to fine.
    turned: how many of the best are tried in every turn that depth may mistake for theirs.
    final: the stage after that.
    polish: the last steps, and how many distinct poses are kept.
    close: side of the grid on which prints are compared in the end, fine enough for what is narrow in its crop, px.
    score_margin: by so much a turn has to outrank the best pose there, or plain objects would be turned by their
        shading.
    distinct_rad, distinct_share: poses closer than this in angle, and in shares of the diameter, are one pose.
    together: as are, before they are refined, those that differ by less than this share of the diameter at the rim.
    """

    stages: tuple[Stage, ...] = _STAGES
    turned: int = 3
    final: Stage = _FINAL
    polish: Stage = _POLISH
    close: int = 128
    score_margin: float = 0.05
    distinct_rad: float = DISTINCT_RAD
    distinct_share: float = DISTINCT_SHARE
    together: float = 0.05


class Registration:
    """Finds one object in the part of a frame that a mask marks."""

    def __init__(
        self,
        compare: RenderAndCompare,
        rotations: np.ndarray,
        turns: np.ndarray,
        settings: RegistrationSettings | None = None,
    ) -> None:
        """Bind the search to an object.

        rotations (R, 3, 3): first ones, without those that the shape's symmetries repeat. turns (S, 4, 4): what noisy
        depth may mistake for the identity, which comes first, but colour or a closer look tells apart.
        """
        self.settings = settings or RegistrationSettings()
        self._compare = compare
        self.rotations = rotations
        self.turns = turns

    def __call__(self, frame: Frame, mask: Mask, possible: Mask | None = None) -> Candidates:
        """Find the object as a `RegistrationStrategy` does."""
        crop = Crop.around_mask(frame, mask, self._compare.model.diameter_m, possible)
        candidates = self._turned_and_refined(crop, self._few_hypotheses(crop))
        # Steps along coarse or glancing surfaces may end worse than they began: what was better stays.
        polished = self._compare.refine(candidates.observation, candidates.refined.T_cam_obj, self.settings.polish)
        candidates = self._best_of(polished, candidates)
        candidates = self._with_print_in_place(crop, candidates)
        aligned = self._compare.align_print(crop, candidates, self.settings.polish)
        return candidates if aligned is None else self._best_of(aligned, candidates)

    def _few_hypotheses(self, crop: Crop) -> Poses:
        """Return the poses (B, 4, 4) that all stages but the last leave of the first rotations."""
        first = crop.observe(self.settings.stages[0].size)
        poses = initial_poses(self.rotations, first, _marked(first), self._compare.renderer, self._compare.model)
        for stage in self.settings.stages[:-1]:
            observation = crop.observe(stage.size)
            poses = self._best(self._compare.refine(observation, poses, stage), stage.keep).refined.T_cam_obj
        return poses

    def _turned_and_refined(self, crop: Crop, poses: Poses) -> Candidates:
        """Refine poses once more, and then the best in all their turns."""
        # Prints are compared on a finer grid than depth needs.
        judged_on = crop.observe(self.settings.polish.size)
        last, final = self.settings.stages[-1], self.settings.final
        found = self._compare.refine(crop.observe(last.size), poses, last, judged_on=judged_on)
        turned = self._turned(self._best(found, last.keep).refined.T_cam_obj)
        found = self._compare.refine(crop.observe(final.size), turned, final, judged_on=judged_on)
        return self._best(found, final.keep)

    def _turned(self, poses: Poses) -> Poses:
        """Return the best few in every turn that noisy depth may mistake for theirs, and the rest as they are."""
        # Of a ball one pose in all its turns is as good as three.
        count = max(1, min(self.settings.turned, _MOST_TURNED // len(self.turns)))
        best, rest = poses[:count], poses[count:]
        turned = best[:, None] @ self.turns.astype(np.float32)  # (k, S, 4, 4)
        turned = np.concatenate([turned.reshape(-1, 4, 4), rest])
        # The best are often turns of each other.
        return turned[self._compare.unique_poses(turned, self.settings.together, len(turned))]

    def _with_print_in_place(self, crop: Crop, candidates: Candidates) -> Candidates:
        """Put the best pose first, or what depth may mistake for it and shows more of its print.

        The turns of the best that aren't among the candidates are looked at as they are: none fits the depth worse.
        """
        settings, model = self.settings, self._compare.model
        turned = candidates.refined.T_cam_obj[0] @ self.turns[:_MOST_TURNED].astype(np.float32)
        error_m = settings.polish.error_m(model.diameter_m)[1]
        unrefined = self._compare.evaluate_unrefined(candidates.observation, turned, error_m, settings.polish.keep)
        candidates = self._best_of(unrefined, candidates)
        T_cam_obj = candidates.refined.T_cam_obj
        apart_rad = se3.rotation_angle_rad(turned[:, None, :3, :3], T_cam_obj[:, :3, :3]).min(axis=0)
        alike = np.flatnonzero(apart_rad < settings.distinct_rad)
        if not model.has_colour or len(alike) < 2:
            return candidates
        close_rank = self._compare.scorer.score_apart(crop.observe(settings.close), T_cam_obj[alike]).rank
        first = int(alike[np.argmax(close_rank - settings.score_margin * (alike != 0))])
        return candidates if first == 0 else candidates.led_by(first, settings.score_margin)

    def _best_of(self, one: Candidates, other: Candidates) -> Candidates:
        """Return the best distinct ones of both, in order."""
        return self._best(one + other, self.settings.polish.keep)

    def _best(self, candidates: Candidates, keep: int) -> Candidates:
        """Return the best distinct ones, in order."""
        order, settings = candidates.ranked, self.settings
        poses = candidates.refined.T_cam_obj[order]
        kept = self._compare.unique_poses(poses, settings.distinct_share, keep, settings.distinct_rad)
        return candidates.picked(order[kept])


def _marked(observation: Observation) -> np.ndarray:
    """Return the mask (N,) on the grid; raises InputRefused where hardly any depth is left of what it marks."""
    mask = observation.mask
    if mask is None or not (mask & (observation.depth_m > 0)).any():
        raise InputRefused(
            "no_depth_under_mask",
            "hardly any depth under the mask: mark the whole object, or move the camera to where depth is measured",
        )
    return mask
