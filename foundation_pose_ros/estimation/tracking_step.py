"""Tracking: from the pose in the last frame to that in this one, with no mask."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from .. import se3
from ..arrays import Covariance, Pose, Poses
from ..errors import InputRefused
from ..frame import Frame
from ..observation.crop import Crop
from ..observation.keyframe import Keyframe, PointMatches
from ..observation.learned_colours import LearnedColours
from ..observation.track_memory import NOTHING_REMEMBERED, TrackMemory
from ..refinement.point_residuals import moved_to_points
from ..selection.region import colours_at
from .candidates import Candidates, Stage
from .compact_steps import ITERATIONS, Mover
from .render_and_compare import RenderAndCompare

# What a camera rate leaves of a motion that was foreseen, and what a jump or a lost frame may add.
_NEAR = (Stage(32, 3, 2, (0.1, 0.04)), Stage(48, 3, 1, (0.04, 0.015)))
_FAR = (Stage(40, 4, 2, (0.3, 0.1)), Stage(48, 4, 1, (0.1, 0.02)))
_ALONE = Stage(48, 1, 1, (0.06, 0.06))


@dataclass(frozen=True)
class TrackStepSettings:
    """How far a step looks.

    near: rays and steps, coarse to fine, of the usual step.
    far: of the one when that finds too little.
    doubt: agreement below which that is so, 0..1.
    margin: of the crop around the object's sphere, in diameters.
    motion: by this share of a foreseen motion the usual step's first gate is wider, up to that of the other.
    apart: poses that differ by less than this share of the diameter, in place or at the rim, are one.
    drawn_together: likewise of poses to start from, where enough points are seen that pull them to one place.
    region_drop: an outline that separates learned colours by so much less than it did before is doubted as well.
    turn_deg: of the turns, about the object's own axes, from which a doubted step is taken again.
    fast: from a foreseen motion of so many diameters on, and where none is foreseen, a doubted step is also tried by
        a network, which sees through blur.
    alone: the step without points that asks whether depth alone would lead away from a pose.
    led_aside: it does where that moves the pose by more than this share of the diameter.
    freed_lead: by so much more has to speak for where that ends.
    """

    near: tuple[Stage, ...] = _NEAR
    far: tuple[Stage, ...] = _FAR
    doubt: float = 0.6
    margin: float = 1.15
    motion: float = 0.15
    apart: float = 0.02
    drawn_together: float = 0.08
    region_drop: float = 0.1
    turn_deg: float = 25.0
    fast: float = 0.1
    alone: Stage = _ALONE
    led_aside: float = 0.03
    freed_lead: float = 0.15


class TrackStep:
    """Refines from where the object was, from where it was going, and from where its points are seen.

    Surfaces are matched only as near as a foreseen motion can leave them, so that what touches or covers the object
    isn't taken for it; farther away only when that finds too little, or no points say where to.
    """

    def __init__(
        self, compare: RenderAndCompare, settings: TrackStepSettings | None = None, mover: Mover | None = None
    ) -> None:
        """mover: steps of a network, tried beside its own where these are in doubt."""
        self.settings = settings or TrackStepSettings()
        self._compare, self._mover = compare, mover

    def __call__(self, frame: Frame, starts: Poses, memory: TrackMemory = NOTHING_REMEMBERED) -> Candidates:
        """Follow the object as a `TrackingStrategy` does."""
        model, settings = self._compare.model, self.settings
        keyframe, learned = memory.keyframe, memory.learned
        crop = self._crop(frame, starts[0], learned)
        motion, before = self._motion(starts), starts[-1]
        near = self._near(motion)
        off = motion if len(starts) > 1 else 1.0  # of an object that is seen for the first time nothing is foreseen
        matches = keyframe.follow(crop, starts[0], off) if keyframe is not None else None
        if matches is not None:
            drawn = moved_to_points(matches, starts[0], model.centre_m, model.diameter_m)
            starts = np.concatenate([drawn[None], starts])
            if matches.pull_fully:
                # What is near to where they are seen they pull there. Where that is all, no coarse steps are needed.
                near = near[-1:] if len(self._apart(starts, settings.apart)) == 1 else near
                starts = self._apart(starts, settings.drawn_together)
        found = self._staged(crop, starts, matches, near)
        if matches is None or found.evidence.agreement[0] < settings.doubt:
            found = _better(self._staged(crop, starts, matches, settings.far), found)
            if self._mover is not None and off > settings.fast and found.evidence.agreement[0] < settings.doubt:
                moved = self._mover.moved(frame, starts, ITERATIONS)
                found = _better(self._staged(crop, moved, matches, settings.near[-1:]), found)
        elif keyframe is not None and keyframe.outdated(found.refined.T_cam_obj[0]):
            # The next keyframe would take over what this one has drifted by.
            aligned = self._compare.align_print(crop, found, settings.near[-1])
            found = found if aligned is None else _better(aligned, found)
        if matches is not None:
            found = self._freed(found)
        if learned is None or not found.evidence.region[0] < learned.agreement - settings.region_drop:
            return found
        turned = self._turned(np.stack([found.refined.T_cam_obj[0], before]))
        return _better(self._staged(crop, turned, matches, settings.far), found)

    def _freed(self, found: Candidates) -> Candidates:
        """Return a step's pose, or where depth alone leads from it if clearly more speaks for that.

        What looks like a point of a plain surface may be light and shade, which stay while the object turns.
        """
        settings, first, seen = self.settings, found.refined.T_cam_obj[:1], found.observation
        led = self._compare.moved(seen, first, settings.alone).T_cam_obj
        if len(self._apart(np.concatenate([first, led]), settings.led_aside)) == 1:
            return found
        freed = self._compare.refine(seen, led, settings.near[-1])
        poses = np.concatenate([first, freed.refined.T_cam_obj])
        behind = float(self._compare.scorer.duels(seen, poses)[0])
        return freed if behind < -settings.freed_lead else found

    def assess(self, frame: Frame, T_cam_obj: Pose, learned: LearnedColours | None = None) -> Candidates:
        """Weigh one pose (4, 4) as a `TrackingStrategy` does."""
        stage = self.settings.near[-1]
        observation = self._crop(frame, T_cam_obj, learned).observe(stage.size)
        error_m = stage.error_m(self._compare.model.diameter_m)[1]
        return self._compare.evaluate_unrefined(observation, T_cam_obj[None], error_m)

    def keyframe(self, frame: Frame, T_cam_obj: Pose, covariance: Covariance) -> Keyframe | None:
        """Make the view at a pose (4, 4) one that points are followed from; None where the object isn't in view.

        covariance (6, 6): of that pose, as a twist about the object's centre, in camera axes.
        """
        try:
            crop = self._crop(frame, T_cam_obj)
        except InputRefused:
            return None
        return Keyframe.of(crop, T_cam_obj, self._compare.renderer, self._compare.model.diameter_m, covariance)

    def colours(self, candidates: Candidates) -> LearnedColours | None:
        """Return what the first candidate's frame shows of the colours on either side of its outline.

        None for a model that was seen in part, see `colours_at`.
        """
        seen, T_cam_obj = candidates.observation, candidates.refined.T_cam_obj[0]
        shape = (seen.size, seen.size)
        if candidates.rendered_m is not None:
            rendered_m = candidates.rendered_m[0]
        else:
            rendered_m = self._compare.renderer.render(T_cam_obj[None], seen.K, shape).depth_m[0]
        if seen.foreground is None:
            return colours_at(seen, self._compare.model, T_cam_obj, rendered_m, self.settings.margin)
        light = seen.foreground.light
        learned = LearnedColours.of(seen.frame, seen.K, seen.depth_m.reshape(shape), rendered_m, light)
        return learned and replace(learned, agreement=float(candidates.evidence.region[0]))

    def _crop(self, frame: Frame, T_cam_obj: Pose, learned: LearnedColours | None = None) -> Crop:
        return Crop.around_pose(frame, self._compare.model, T_cam_obj, self.settings.margin, learned)

    def _turned(self, T_cam_obj: Poses) -> Poses:
        """Return poses (B, 4, 4) and each of their turns about the object's own axes through its centre."""
        vectors = np.deg2rad(self.settings.turn_deg) * np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3)])
        turns = np.tile(np.eye(4), (len(vectors), 1, 1))
        turns[:, :3, :3] = Rotation.from_rotvec(vectors).as_matrix()
        centre_obj = self._compare.model.centre_m
        turns[:, :3, 3] = centre_obj - turns[:, :3, :3] @ centre_obj
        turned: np.ndarray = (T_cam_obj[:, None] @ turns).reshape(-1, 4, 4).astype(np.float32)
        return turned

    def _motion(self, starts: Poses) -> float:
        """Return how far the rim of the object is foreseen to move, in diameters."""
        model = self._compare.model
        step = se3.twist_between(starts[-1], starts[0], model.centre_m)
        # Rims turn by half of an angle.
        return float(np.linalg.norm(step[:3]) / model.diameter_m + np.linalg.norm(step[3:]) / 2)

    def _near(self, motion: float) -> tuple[Stage, ...]:
        """Widen the usual stages: the faster the object is, the farther off it may be from where it is expected."""
        settings = self.settings
        first, *others = settings.near
        widest = max(first.error[0], settings.far[0].error[0])
        gate = min(first.error[0] + settings.motion * motion, widest)
        return (replace(first, error=(gate, first.error[1])), *others)

    def _apart(self, T_cam_obj: Poses, share: float) -> Poses:
        """Return those of poses (B, 4, 4) that differ from the ones before, by this share of the diameter."""
        return T_cam_obj[self._compare.unique_poses(T_cam_obj, share, len(T_cam_obj))]

    def _staged(
        self, crop: Crop, T_cam_obj: Poses, matches: PointMatches | None, stages: tuple[Stage, ...]
    ) -> Candidates:
        apart = self.settings.apart
        T_cam_obj = self._apart(T_cam_obj, apart)
        for stage in stages:
            observation = crop.observe(stage.size)
            if len(T_cam_obj) == 1 and stage is not stages[-1]:
                # Alone it goes on, whatever speaks for it.
                T_cam_obj = self._compare.moved(observation, T_cam_obj, stage, matches).T_cam_obj
                continue
            candidates = self._compare.refine(observation, T_cam_obj, stage, matches)
            if len(T_cam_obj) > 1:
                ranked = candidates.ranked
                ranked = ranked[self._compare.unique_poses(candidates.refined.T_cam_obj[ranked], apart, stage.keep)]
                candidates = candidates.picked(ranked)
            T_cam_obj = candidates.refined.T_cam_obj
        return candidates


def _better(new: Candidates, found: Candidates) -> Candidates:
    return new if new.evidence.rank[0] > found.evidence.rank[0] else found
