"""Several objects in one picture, each with a track of its own, and the mask image that starts them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

from ..arrays import Mask
from ..errors import InputRefused
from ..frame import Frame
from ..pose_result import PoseResult
from ..uncertainty.comparison import longest_due
from .estimator_protocol import Followed, TrackingEstimator, followed, searched
from .instances import assigned
from .object_tracker import ObjectTracker, Refused
from .state_machine import TrackState
from .tracked_object import TrackedObject
from .tracker_settings import TrackerSettings

# Poses, each followed into the frame.
Follow = Callable[[Frame, Sequence[PoseResult]], list[Followed]]

# The reason that is given while an object is registered elsewhere.
BEING_REGISTERED = "being registered"
# Two poses that share more than this of the pixels which they explain can't both be right.
_SAME_SURFACE = 0.5


class MultiObjectTracker:
    """Tracks by id, in the order in which they were added. Not safe to use from several threads at once.

    follow: follows poses into a frame, in place of the estimator's `track` for one after the other.
    """

    def __init__(
        self, estimator: TrackingEstimator, settings: TrackerSettings | None = None, follow: Follow | None = None
    ) -> None:
        self.estimator = estimator
        self._follow = follow or partial(_one_by_one, estimator)
        self._settings = settings or TrackerSettings()
        self._tracks: dict[str, ObjectTracker] = {}
        self._begun: dict[str, ObjectTracker] = {}
        self._searched_for: set[str] = set()  # some of those begun: no mask shows them

    @property
    def ids(self) -> tuple[str, ...]:
        """Return ids in order: the first is label 1 of a label image."""
        return tuple(self._tracks)

    @property
    def objects(self) -> dict[str, str]:
        """Return the estimator's names by id, in order; may be asked from any thread."""
        return {id: track.class_id for id, track in self._tracks.copy().items()}

    def add(self, id: str, class_id: str | None = None) -> None:
        """Start looking for an object; `class_id` is the estimator's name for it, the id where not given."""
        if id in self._tracks:
            raise InputRefused(
                "object_exists", f"object {id} is there already: remove it first, or choose another name"
            )
        self._tracks[id] = ObjectTracker(id, class_id or id, self.estimator, self._settings)

    def remove(self, id: str) -> None:
        """Stop looking for an object."""
        self._known(id)
        self._begun.pop(id, None)
        del self._tracks[id]

    def reset(self, id: str | None = None, reason: str = "reset: waiting for a mask") -> None:
        """Forget one track, or all."""
        for each in self.ids if id is None else (id,):
            self._known(each).reset(reason)
            self._begun.pop(each, None)

    def lose(self, stamp_ns: int, reason: str) -> None:
        """Give up all tracks as of a stamp, which may be of another clock than that of the last frames."""
        self._begun.clear()
        for track in self._tracks.values():
            track.lose(stamp_ns, reason)

    def set_settings(self, settings: TrackerSettings) -> None:
        """Take new thresholds from the next frame on."""
        self._settings = settings
        for track in (*self._tracks.values(), *self._begun.values()):
            track.settings = settings

    def wanting_mask(self, stamp_ns: int) -> tuple[str, ...]:
        """Return the ids for which a mask of a frame at this time would be used."""
        wanting = (id for id, track in self._tracks.items() if track.wants_mask(stamp_ns))
        return tuple(id for id in wanting if id not in self._begun or id in self._searched_for)

    def wanting_search(self, stamp_ns: int) -> tuple[str, ...]:
        """Return the ids of those not found yet that may be looked for without a mask in a frame at this time."""
        wanting = (id for id, track in self._tracks.items() if track.wants_mask(stamp_ns))
        return tuple(id for id in wanting if id not in self._begun and id in self._searching)

    @property
    def searches(self) -> set[str]:
        """Return the ids of those that are looked for elsewhere."""
        return self._searched_for & self._begun.keys()

    @property
    def _searching(self) -> list[str]:
        return [id for id, track in self._tracks.items() if track.state is TrackState.SEARCHING]

    @property
    def poses(self) -> list[PoseResult]:
        """Return where the objects are that are tracked, as of the last frame of each."""
        return list(self._poses.values())

    @property
    def _poses(self) -> dict[str, PoseResult]:
        return {id: pose for id, track in self._tracks.items() if (pose := track.following) is not None}

    def assigned(self, frame: Frame, masks: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        """Give masks of a frame, each of an object's id or of a model's name, to the objects that they show, by id."""
        wanting = self.wanting_mask(frame.stamp_ns)
        return assigned(self.estimator, frame, masks, self.objects, wanting, self._poses)

    def start(self, id: str, frame: Frame, result: PoseResult) -> None:
        """Begin a track at a pose in this frame that is known from elsewhere; in doubt where it scores low."""
        self._begun.pop(id, None)
        self._known(id).start(frame, result)

    def begin(self, id: str, search: bool = False) -> ObjectTracker:
        """Return a new track of an object, to be registered elsewhere; meanwhile the old one is as it was.

        No other mask is wanted until it is taken; in place of a `search`, which may take longer, one is. Raises
        InputRefused where another has begun.
        """
        old = self._known(id)
        if id in self._begun and id not in self._searched_for:
            raise InputRefused("busy", f"{id} is being registered already: wait until that is done")
        (self._searched_for.add if search else self._searched_for.discard)(id)
        new = self._begun[id] = ObjectTracker(id, old.class_id, self.estimator, self._settings)
        return new

    def seekers(self) -> list[ObjectTracker]:
        """Return a track for each lost object, to look for it elsewhere until it is taken; a mask goes before.

        They stay the same from one call to the next. Meanwhile the old ones look for nothing.
        """
        lost = [id for id, track in self._tracks.items() if track.state is TrackState.LOST]
        for id in lost:
            if id not in self._begun:
                self._begun[id] = self._tracks[id].seeker()
                self._searched_for.add(id)
        return [self._begun[id] for id in lost if id in self._searched_for]

    def claimed(self, frame: Frame, others: Sequence[PoseResult], pose: PoseResult) -> bool:
        """Tell whether others explain the pixels of a frame which a pose explains; may be asked from any thread."""
        return any(self.estimator.overlap_ratio(frame, pose, other) > _SAME_SURFACE for other in others)

    def take(self, new: ObjectTracker, frame: Frame, found: Followed, newest: Frame | None = None) -> Followed | None:
        """Let a track that was begun take the old one's place, if the registration on this frame found the object.

        newest: the frame that all tracks are at. Returns what was found; a refusal where that is another instance of
        its model, which is tracked already; None where there is no such track any more, as after a reset.
        """
        if self._begun.get(new.id) is not new:
            return None
        del self._begun[new.id]
        if new.registered and (twin := self._twin(newest or frame, new)) is not None:
            found = InputRefused("same_surface", f"what was found is {twin}, which is tracked already")
        if new.registered and not isinstance(found, InputRefused):
            self._tracks[new.id] = new
        else:
            self._tracks[new.id].conclude_registration(frame, found)
        return found

    def _twin(self, frame: Frame, new: ObjectTracker) -> str | None:
        """Return the other instance of its model that is tracked where a new track is, if there is one."""
        twins = {id: pose for id, pose in self._poses.items() if id != new.id and self.objects[id] == new.class_id}
        pose = new.following
        return None if pose is None or not twins else self._rival(frame, pose, twins)

    def search(self, frame: Frame) -> dict[str, InputRefused]:
        """Look in a frame for what was never found, whatever its back-off; return why there is no pose, by id."""
        ids = self._searching
        if not ids:
            return {}
        found = searched(self.estimator, frame, [self._tracks[id].class_id for id in ids], self.poses)
        for id, one in zip(ids, found, strict=True):
            self._tracks[id].conclude_registration(frame, one)
        return {id: one for id, one in zip(ids, found, strict=True) if isinstance(one, InputRefused)}

    def register(
        self,
        frame: Frame,
        masks: Mapping[str, Mask],
        later_frames: Iterable[Frame] = (),
        refused: Refused | None = None,
        force: bool = False,
    ) -> list[TrackedObject]:
        """Register the objects that have a mask (H, W) bool of this frame and want one; bring all tracks up to date.

        `later_frames` are those since `frame`, oldest first; each track takes up the frames that are new to it, `frame`
        included. With `force` an object is registered though it is tracking, or its back-off isn't over. Refusals go to
        `refused(id, error)`; without it, those of masks are raised.
        """
        for id, mask in masks.items():
            track = self._known(id)
            if not (force or track.wants_mask(frame.stamp_ns)):
                continue
            try:
                track.register(frame, mask)
            except InputRefused as error:
                if refused is None:
                    raise
                refused(id, error)
        return self.catch_up(chain([frame], later_frames), refused)

    def catch_up(self, frames: Iterable[Frame], refused: Refused | None = None) -> list[TrackedObject]:
        """Bring tracks that are behind up to date, frames oldest first; return all objects as of the last."""
        newest_ns = 0
        for newer in frames:
            newest_ns = newer.stamp_ns
            behind = {id: track for id, track in self._tracks.items() if track.is_behind(newest_ns)}
            if behind:
                self._advance(newer, behind, refused)
        return self._snapshots(newest_ns)

    def track(self, frame: Frame, refused: Refused | None = None) -> list[TrackedObject]:
        """Follow all tracks into a frame; refusals go to `refused(id, error)`, and count as no pose.

        No two of them end up explaining the same pixels.
        """
        self._advance(frame, self._tracks, refused)
        return self._snapshots(frame.stamp_ns)

    def compare(self, frame: Frame) -> None:
        """Compare one pose that was found in this frame with its rivals, where that is due and no step has done so.

        It takes longer than a step: one object in a frame, whichever wasn't compared for longest.
        """
        found = {id: pose for id, pose in self._poses.items() if pose.stamp_ns == frame.stamp_ns}
        if any(pose.compared_ns == frame.stamp_ns for pose in found.values()):
            return
        due = longest_due(list(found.values()), frame.stamp_ns)
        if due is not None:
            self._tracks[list(found)[due]].compare(frame)

    def _advance(self, frame: Frame, tracks: Mapping[str, ObjectTracker], refused: Refused | None) -> None:
        found = self._followed(frame, tracks)
        # One a frame is compared with its surroundings while all is well: of tracks that began together none waits for
        # the others.
        in_turn = min(found, key=lambda id: tracks[id].checked_ns, default=None)
        reconsidered = {id: tracks[id].reconsider(frame, one, id == in_turn) for id, one in found.items()}
        found = {id: one for id, (one, _) in reconsidered.items()}
        poses = {id: one for id, one in found.items() if isinstance(one, PoseResult)}
        kept: dict[str, PoseResult] = {}
        # Whoever had the pixels keeps them: two equal scores would take turns, and neither be lost.
        for id in sorted(poses, key=lambda id: (tracks[id].doubted, -poses[id].presence)):
            other = self._rival(frame, poses[id], kept)
            if other is None:
                kept[id] = poses[id]
            else:
                found[id] = InputRefused("same_surface", f"{other} is seen there, and is surer")
        for id, one in found.items():
            tracks[id].conclude(frame, one, refused, switched=reconsidered[id][1])
        for id, track in tracks.items():
            if id not in found:
                regained = track.relocalize(frame, lambda pose: self._rival(frame, pose, kept) is not None).result
                if regained is not None:
                    kept[id] = regained

    def _followed(self, frame: Frame, tracks: Mapping[str, ObjectTracker]) -> dict[str, Followed]:
        poses = {id: pose for id, pose in self._poses.items() if id in tracks}
        return dict(zip(poses, self._follow(frame, list(poses.values())), strict=True))

    def _rival(self, frame: Frame, pose: PoseResult, others: Mapping[str, PoseResult]) -> str | None:
        """Return the object that explains the pixels which the pose explains, if there is one."""
        return next(
            (id for id, other in others.items() if self.estimator.overlap_ratio(frame, pose, other) > _SAME_SURFACE),
            None,
        )

    def states(self) -> dict[str, TrackState]:
        """Return states by id; may be asked from any thread."""
        return {id: track.state for id, track in self._tracks.copy().items()}

    def snapshot(self, id: str, stamp_ns: int) -> TrackedObject:
        """Return one object as of a stamp."""
        seen = self._known(id).snapshot(stamp_ns)
        looked_for = seen.state is TrackState.LOST and id in self._searched_for
        waits = id in self._begun and seen.state is not TrackState.TRACKING and not looked_for
        return replace(seen, reason=BEING_REGISTERED) if waits else seen

    def _snapshots(self, stamp_ns: int) -> list[TrackedObject]:
        return [self.snapshot(id, stamp_ns) for id in self._tracks]

    def _known(self, id: str) -> ObjectTracker:
        if id not in self._tracks:
            known = ", ".join(self._tracks) or "none"
            raise InputRefused("unknown_object", f"no object {id!r} here (known: {known}): add it first")
        return self._tracks[id]


def _one_by_one(estimator: TrackingEstimator, frame: Frame, previous: Sequence[PoseResult]) -> list[Followed]:
    return [followed(estimator, frame, pose) for pose in previous]
