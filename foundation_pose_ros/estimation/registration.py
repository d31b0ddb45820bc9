"""Registration: from a mask to a pose, many hypotheses on few rays first, few hypotheses on many rays last."""

from dataclasses import dataclass, replace

import numpy as np

from .. import se3
from ..errors import InputRefused
from ..frame import Frame
from ..observation.observation import CropBox, Observation, crop_box, observe
from ..selection.geometric import ranked_turns
from .candidates import DISTINCT_RAD, DISTINCT_SHARE, Candidates, Stage, unique_poses
from .hypotheses import initial_poses
from .prepared_object import PreparedObject, colours_aligned

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
    score_margin: float = 0.05
    distinct_rad: float = DISTINCT_RAD
    distinct_share: float = DISTINCT_SHARE
    together: float = 0.05


class Registration:
    """Finds an object in the part of a frame that a mask marks."""

    def __init__(self, settings: RegistrationSettings | None = None) -> None:
        self.settings = settings or RegistrationSettings()

    def __call__(self, prepared: PreparedObject, frame: Frame, mask: np.ndarray) -> Candidates:
        """mask (H, W) bool. Raises InputRefused where mask and frame can't hold the object."""
        box = crop_box(frame, mask, prepared.model.diameter_m)
        model = prepared.model
        observation = observe(frame, box, self.settings.stages[0].size, mask)
        marked = _marked(observation)
        poses = initial_poses(
            prepared.rotations, observation, marked, prepared.renderer, model.centre_m, model.diameter_m
        )
        *stages, last = self.settings.stages
        for stage in stages:
            observation = observe(frame, box, stage.size, mask)
            poses = self._stage(prepared, observation, poses, stage, observation).refined.T_cam_obj
        # Prints are compared on a finer grid than depth needs.
        judged = observe(frame, box, self.settings.polish.size, mask)
        for stage in (last, self.settings.final):
            observation = observe(frame, box, stage.size, mask)
            poses = poses if stage is last else self._turned(prepared, poses)
            candidates = self._stage(prepared, observation, poses, stage, judged)
            poses = candidates.refined.T_cam_obj
        # Steps along coarse or glancing surfaces may end worse than they began: what was better stays.
        candidates = self._with(prepared, candidates, self._polished(prepared, candidates))
        candidates = self._with_print_in_place(prepared, frame, box, mask, candidates)
        aligned = colours_aligned(prepared, frame, box, candidates, self.settings.polish)
        return candidates if aligned is None else self._with(prepared, candidates, aligned)

    def _polished(self, prepared: PreparedObject, candidates: Candidates) -> Candidates:
        return prepared.refined(candidates.observation, candidates.refined.T_cam_obj, self.settings.polish)

    def _with_print_in_place(
        self, prepared: PreparedObject, frame: Frame, box: CropBox, mask: np.ndarray, candidates: Candidates
    ) -> Candidates:
        """The best pose, or what depth may mistake for it and shows more of its print, first.

        The turns of the best that aren't among the candidates are looked at as they are: none fits the depth worse.
        """
        best = candidates.refined.T_cam_obj[0]
        turned = best @ prepared.turns[:_MOST_TURNED].astype(np.float32)
        error_m = self.settings.polish.error_m(prepared.model.diameter_m)[1]
        looks = prepared.evaluate_unrefined(candidates.observation, turned, error_m, self.settings.polish.keep)
        candidates = self._with(prepared, candidates, looks)
        T_cam_obj, rank = candidates.refined.T_cam_obj, candidates.evidence.rank
        apart_rad = se3.rotation_angle_rad(turned[:, None, :3, :3], T_cam_obj[:, :3, :3]).min(axis=0)
        alike = np.flatnonzero(apart_rad < self.settings.distinct_rad)
        if not prepared.model.has_colour or len(alike) < 2:
            return candidates
        close = observe(frame, box, self.settings.close, mask)
        close_rank = ranked_turns(prepared.scorer, prepared.renderer, close, T_cam_obj[alike])
        first = alike[np.argmax(close_rank - self.settings.score_margin * (alike != 0))]
        if first == 0:
            return candidates
        outranked = np.minimum(rank, rank[first] - self.settings.score_margin)
        outranked[first] = rank[first]
        ranked = replace(candidates, evidence=replace(candidates.evidence, rank=outranked))
        return ranked.picked(ranked.ranked)

    def _with(self, prepared: PreparedObject, candidates: Candidates, more: Candidates) -> Candidates:
        """The best distinct ones of both."""
        return self._best(prepared, more + candidates, self.settings.polish.keep)

    def _stage(
        self,
        prepared: PreparedObject,
        observation: Observation,
        poses: np.ndarray,
        stage: Stage,
        judged: Observation,
    ) -> Candidates:
        return self._best(prepared, prepared.refined(observation, poses, stage, judged=judged), stage.keep)

    def _best(self, prepared: PreparedObject, candidates: Candidates, keep: int) -> Candidates:
        """The best distinct poses, in order."""
        order = candidates.ranked
        kept = order[self._unique_poses(candidates.refined.T_cam_obj[order], prepared, keep)]
        return candidates.picked(kept)

    def _unique_poses(self, poses: np.ndarray, prepared: PreparedObject, keep: int) -> np.ndarray:
        """Indices of at most `keep` poses, in order, each apart from the ones before."""
        model, settings = prepared.model, self.settings
        apart_m = settings.distinct_share * model.diameter_m
        return unique_poses(poses, model.centre_m, apart_m, settings.distinct_rad, keep)

    def _turned(self, prepared: PreparedObject, poses: np.ndarray) -> np.ndarray:
        """The best few in every turn that noisy depth may mistake for theirs, and the rest as they are."""
        # Of a ball one pose in all its turns is as good as three.
        count = max(1, min(self.settings.turned, _MOST_TURNED // len(prepared.turns)))
        best, rest = poses[:count], poses[count:]
        turned = best[:, None] @ prepared.turns.astype(np.float32)  # (k, S, 4, 4)
        turned = np.concatenate([turned.reshape(-1, 4, 4), rest])
        # The best are often turns of each other.
        return turned[prepared.unique_poses(turned, self.settings.together, len(turned))]


def _marked(observation: Observation) -> np.ndarray:
    """The mask (N,) on the grid; raises InputRefused where hardly any depth is left of what it marks."""
    mask = observation.mask
    if mask is None or not (mask & (observation.depth_m > 0)).any():
        raise InputRefused(
            "no_depth_under_mask",
            "hardly any depth under the mask: mark the whole object, or move the camera to where depth is measured",
        )
    return mask
