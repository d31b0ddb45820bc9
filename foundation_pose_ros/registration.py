"""Registration: from a mask to a pose, many hypotheses on few rays first, few hypotheses on many rays last."""

from dataclasses import dataclass, replace

import numpy as np

from . import se3
from .candidates import DISTINCT_RAD, DISTINCT_SHARE, Candidates, Stage, distinct
from .colour_alignment import colours_aligned
from .conditioned import ConditionedObject
from .errors import InputRefused
from .frame import Frame
from .hypotheses import initial_poses
from .observation import CropBox, Observation, observe
from .selection.turns import ranked_turns

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
    """close: side of the grid on which prints are compared in the end, fine enough for what is narrow in its crop.
    surer: by so much a turn has to outrank the best pose there, or plain objects would be turned by their shading.

    distinct_rad, distinct_share: poses closer than this in angle, and in shares of the diameter, are one pose.
    together: as are, before they are refined, those that differ by less than this share of the diameter at the rim.
    """

    stages: tuple[Stage, ...] = _STAGES
    turned: int = 3
    final: Stage = _FINAL
    polish: Stage = _POLISH
    close: int = 128
    surer: float = 0.05
    distinct_rad: float = DISTINCT_RAD
    distinct_share: float = DISTINCT_SHARE
    together: float = 0.05


class Registration:
    """Finds an object in the part of a frame that a mask marks."""

    def __init__(self, settings: RegistrationSettings | None = None) -> None:
        self.settings = settings or RegistrationSettings()

    def __call__(self, conditioned: ConditionedObject, frame: Frame, mask: np.ndarray) -> Candidates:
        """mask (H, W) bool. Raises InputRefused where mask and frame can't hold the object."""
        box = crop_box(frame, mask, conditioned.model.diameter_m)
        model = conditioned.model
        observation = observe(frame, box, self.settings.stages[0].size, mask)
        marked = _marked(observation)
        poses = initial_poses(
            conditioned.rotations, observation, marked, conditioned.renderer, model.centre_m, model.diameter_m
        )
        *stages, last = self.settings.stages
        for stage in stages:
            observation = observe(frame, box, stage.size, mask)
            poses = self._stage(conditioned, observation, poses, stage, observation).refined.T_cam_obj
        # Prints are compared on a finer grid than depth needs.
        judged = observe(frame, box, self.settings.polish.size, mask)
        for stage in (last, self.settings.final):
            observation = observe(frame, box, stage.size, mask)
            poses = poses if stage is last else self._turned(conditioned, poses)
            candidates = self._stage(conditioned, observation, poses, stage, judged)
            poses = candidates.refined.T_cam_obj
        # Steps along coarse or glancing surfaces may end worse than they began: what was better stays.
        candidates = self._with(conditioned, candidates, self._polished(conditioned, candidates))
        candidates = self._with_print_in_place(conditioned, frame, box, mask, candidates)
        aligned = colours_aligned(conditioned, frame, box, candidates, self.settings.polish)
        return candidates if aligned is None else self._with(conditioned, candidates, aligned)

    def _polished(self, conditioned: ConditionedObject, candidates: Candidates) -> Candidates:
        return conditioned.refined(candidates.observation, candidates.refined.T_cam_obj, self.settings.polish)

    def _with_print_in_place(
        self, conditioned: ConditionedObject, frame: Frame, box: CropBox, mask: np.ndarray, candidates: Candidates
    ) -> Candidates:
        """The best pose, or what depth may mistake for it and shows more of its print, first.

        The turns of the best that aren't among the candidates are looked at as they are: none fits the depth worse.
        """
        best = candidates.refined.T_cam_obj[0]
        turned = best @ conditioned.turns[:_MOST_TURNED].astype(np.float32)
        error_m = self.settings.polish.error_m(conditioned.model.diameter_m)[1]
        looks = conditioned.as_they_are(candidates.observation, turned, error_m, self.settings.polish.keep)
        candidates = self._with(conditioned, candidates, looks)
        T_cam_obj, rank = candidates.refined.T_cam_obj, candidates.evidence.rank
        apart_rad = se3.rotation_angle_rad(turned[:, None, :3, :3], T_cam_obj[:, :3, :3]).min(axis=0)
        alike = np.flatnonzero(apart_rad < self.settings.distinct_rad)
        if not conditioned.model.has_colour or len(alike) < 2:
            return candidates
        close = observe(frame, box, self.settings.close, mask)
        close_rank = ranked_turns(conditioned.scorer, conditioned.renderer, close, T_cam_obj[alike])
        first = alike[np.argmax(close_rank - self.settings.surer * (alike != 0))]
        if first == 0:
            return candidates
        outranked = np.minimum(rank, rank[first] - self.settings.surer)
        outranked[first] = rank[first]
        ranked = replace(candidates, evidence=replace(candidates.evidence, rank=outranked))
        return ranked.picked(ranked.ranked)

    def _with(self, conditioned: ConditionedObject, candidates: Candidates, more: Candidates) -> Candidates:
        """The best distinct ones of both."""
        return self._best(conditioned, more + candidates, self.settings.polish.keep)

    def _stage(
        self,
        conditioned: ConditionedObject,
        observation: Observation,
        poses: np.ndarray,
        stage: Stage,
        judged: Observation,
    ) -> Candidates:
        return self._best(conditioned, conditioned.refined(observation, poses, stage, judged=judged), stage.keep)

    def _best(self, conditioned: ConditionedObject, candidates: Candidates, keep: int) -> Candidates:
        """The best distinct poses, in order."""
        order = candidates.ranked
        kept = order[self._distinct(candidates.refined.T_cam_obj[order], conditioned, keep)]
        return candidates.picked(kept)

    def _distinct(self, poses: np.ndarray, conditioned: ConditionedObject, keep: int) -> np.ndarray:
        """Indices of at most `keep` poses, in order, each apart from the ones before."""
        model, settings = conditioned.model, self.settings
        apart_m = settings.distinct_share * model.diameter_m
        return distinct(poses, model.centre_m, apart_m, settings.distinct_rad, keep)

    def _turned(self, conditioned: ConditionedObject, poses: np.ndarray) -> np.ndarray:
        """The best few in every turn that noisy depth may mistake for theirs, and the rest as they are."""
        # Of a ball one pose in all its turns is as good as three.
        count = max(1, min(self.settings.turned, _MOST_TURNED // len(conditioned.turns)))
        best, rest = poses[:count], poses[count:]
        turned = best[:, None] @ conditioned.turns.astype(np.float32)  # (k, S, 4, 4)
        turned = np.concatenate([turned.reshape(-1, 4, 4), rest])
        # The best are often turns of each other.
        return turned[conditioned.apart(turned, self.settings.together, len(turned))]


def crop_box(frame: Frame, mask: np.ndarray, diameter_m: float) -> CropBox:
    """A square around a mask (H, W) bool, with room for the object to stick out of it.

    Raises InputRefused for an empty mask, one without depth, and one whose size in metres is not the object's.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        raise InputRefused("empty_mask", "the mask is empty: mark the object's pixels with a value other than 0")
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    part = (slice(top, bottom), slice(left, right))
    depth_m = frame.depth_m[part][mask[part] & (frame.depth_m[part] > 0)]
    if len(depth_m) == 0:
        raise InputRefused(
            "no_depth_under_mask",
            "no depth under the mask: the object is too near, too dark or shiny, or depth is not aligned to colour",
        )
    extent_px = float(max(bottom - top, right - left))
    full_px = diameter_m * frame.camera.fx / float(np.median(depth_m))
    _check_unit(extent_px / full_px, diameter_m, float(np.median(depth_m)))
    side = max(1.3 * extent_px, min(1.2 * full_px, 2.0 * extent_px))
    return CropBox((left + right - side) / 2, (top + bottom - side) / 2, side)


def _marked(observation: Observation) -> np.ndarray:
    """The mask (N,) on the grid; raises InputRefused where hardly any depth is left of what it marks."""
    mask = observation.mask
    if mask is None or not (mask & (observation.depth_m > 0)).any():
        raise InputRefused(
            "no_depth_under_mask",
            "hardly any depth under the mask: mark the whole object, or move the camera to where depth is measured",
        )
    return mask


def _check_unit(extent_share: float, diameter_m: float, depth_m: float) -> None:
    """A mask can be smaller than the object, where that is hidden, and a little larger; not a hundred times."""
    if extent_share > 8 or extent_share < 0.02:
        raise InputRefused(
            "depth_unit",
            f"at its depth of {depth_m:.4g} m the mask is {extent_share * diameter_m:.3g} m across, but the model "
            f"is {diameter_m:.3g} m: check the depth's unit (32FC1 holds metres, 16UC1 millimetres) and the mesh's",
        )
