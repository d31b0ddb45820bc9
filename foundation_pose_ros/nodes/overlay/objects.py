"""What pose_node says of each object, and where it is at the stamp of an image."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from foundation_perception.msg import ObjectModelArray, TrackedObject, TrackedObjectArray

from ... import se3
from ...arrays import Pose
from ...errors import InputRefused, shortened
from ...frame import Frame
from ...object_model.model import ObjectModel
from ...overlay import PALETTE, LiveObject, PosePredictor, PredictionSettings, RunnerUp
from ...streams.time_synchronizer import stamp_to_ns
from ..pose.messages import from_pose, sound_pose
from .heard_models import HeardModels

# A pose_node sends some tens at most. Each is drawn, and each runner-up is a mesh in the browser.
_MOST_OBJECTS, _MOST_RUNNERS_UP, _LONGEST_ID = 200, 8, 200
# Gives T_target_source (4, 4) at a stamp; None where it isn't known.
Way = Callable[[str, str, int], Pose | None]


@dataclass
class _HeardObject:
    """An object in the frame of its poses, as of its last message."""

    message: TrackedObject
    frame_id: str
    predictor: PosePredictor


class OverlayObjects:
    """Objects of a pose_node by their id. Safe to use from several threads."""

    def __init__(self, models: Mapping[str, ObjectModel]) -> None:
        """models: by the name of the object; those that pose_node publishes come to them."""
        self._models = HeardModels(models)
        self._heard: dict[str, _HeardObject] = {}
        self._lock = threading.Lock()

    def take(self, message: TrackedObjectArray) -> list[InputRefused]:
        """Note what pose_node says of an image; return what can't be used of it."""
        sound, refused = _sound(message.objects)
        stamp_ns, frame_id = stamp_to_ns(message.header.stamp), message.header.frame_id.lstrip("/")
        with self._lock:
            before, self._heard = self._heard, {}
            for tracked, pose in sound:
                is_tracked = tracked.state == TrackedObject.TRACKING
                heard = before.get(tracked.id)
                if heard is None or heard.frame_id != frame_id or not is_tracked:
                    model = self._models[tracked.class_id]
                    centre_obj = np.zeros(3) if model is None else model.centre_m
                    heard = _HeardObject(tracked, frame_id, PosePredictor(centre_obj))
                heard.message = tracked
                # With score 0 the pose is an older one.
                if pose is not None and tracked.score > 0:
                    heard.predictor.add(stamp_ns, pose)
                self._heard[tracked.id] = heard
        return refused

    def take_models(self, message: ObjectModelArray) -> list[InputRefused]:
        """Note which models pose_node has now; return what can't be used of them."""
        with self._lock:
            refused = self._models.take(message)
            # They turn about the middle of the model that they had.
            self._heard.clear()
        return refused

    def at(self, frame: Frame, settings: PredictionSettings, oldest_s: float, way: Way) -> list[LiveObject]:
        """Return the objects at an image's stamp; poses older than oldest_s count as none."""
        with self._lock:
            live = [
                (heard.frame_id, self._live(id, heard, place, frame.stamp_ns, settings, oldest_s))
                for place, (id, heard) in enumerate(self._heard.items())
            ]
        # TF may have to be listened to first: whoever hears poses doesn't wait for that.
        return [_in_frame_of(frame, each, frame_id, way) for frame_id, each in live]

    def _live(
        self,
        id: str,
        heard: _HeardObject,
        place: int,
        stamp_ns: int,
        settings: PredictionSettings,
        oldest_s: float,
    ) -> LiveObject:
        """An object at a stamp, in the frame of its poses; place: in the list of all."""
        message, last_ns, colour = heard.message, heard.predictor.stamp_ns, PALETTE[place % len(PALETTE)]
        model = self._models[message.class_id]
        if model is None:
            return LiveObject(id, f"no mesh of {message.class_id} here", colour)
        if message.state != TrackedObject.TRACKING:
            state = "lost" if message.state == TrackedObject.LOST else "searching"
            return LiveObject(id, f"{state} ({shortened(message.reason)})" if message.reason else state, colour)
        age_s = 0.0 if last_ns is None else (stamp_ns - last_ns) * 1e-9
        heard.predictor.settings = settings
        pose = heard.predictor.at(stamp_ns)
        if pose is None or age_s > oldest_s:
            return LiveObject(id, "no pose yet" if pose is None else f"no pose for {age_s:.1f} s", colour)
        doubt = message.in_doubt or age_s > settings.longest_s
        state = "in doubt" if doubt else "tracked"
        return LiveObject(id, state, colour, model, pose, message.score, doubt, _runners_up(message, pose))


def _in_frame_of(frame: Frame, live: LiveObject, frame_id: str, way: Way) -> LiveObject:
    """An object whose pose is in the frame of an id, in an image's own; without a pose where TF knows no way."""
    if live.T_cam_obj is None or frame_id == frame.frame_id:
        return live
    T_image_poses = way(frame.frame_id, frame_id, frame.stamp_ns)
    if T_image_poses is None:
        return LiveObject(live.id, f"no TF from {frame_id} to {frame.frame_id}", live.colour)
    runners_up = tuple(replace(one, T_cam_obj=T_image_poses @ one.T_cam_obj) for one in live.runners_up)
    return replace(live, T_cam_obj=T_image_poses @ live.T_cam_obj, runners_up=runners_up)


def _sound(objects: Sequence[TrackedObject]) -> tuple[list[tuple[TrackedObject, Pose | None]], list[InputRefused]]:
    """Objects that can be shown, with the poses of those that are tracked, and why others can't."""
    sound: list[tuple[TrackedObject, Pose | None]] = []
    refused: list[InputRefused] = []
    for tracked in objects[:_MOST_OBJECTS]:
        is_tracked = tracked.state == TrackedObject.TRACKING
        T = sound_pose(tracked.pose.pose) if is_tracked else None
        if len(tracked.id) > _LONGEST_ID or not np.isfinite(tracked.score):
            what = f"an id has at most {_LONGEST_ID} characters, and a score is a number"
            refused.append(InputRefused("bad_object", f"{shortened(tracked.id)}: {what}"))
        elif is_tracked and T is None:
            what = "its pose isn't finite, or its quaternion is 0"
            refused.append(InputRefused("bad_pose", f"{tracked.id}: {what}: see who publishes it"))
        else:
            sound.append((tracked, T))
    if len(objects) > _MOST_OBJECTS:
        refused.append(InputRefused("too_many_objects", f"{len(objects)} objects: {_MOST_OBJECTS} are shown"))
    return sound, refused


def _runners_up(message: TrackedObject, T_now_obj: Pose) -> tuple[RunnerUp, ...]:
    """Runners-up, moved as the chosen pose was since its message."""
    moved = T_now_obj @ se3.inverse(from_pose(message.pose.pose))
    poses = [sound_pose(pose) for pose in message.alternatives[:_MOST_RUNNERS_UP]]
    scored = zip(poses, message.alternative_scores, strict=False)
    return tuple(RunnerUp(moved @ T, float(score)) for T, score in scored if T is not None and np.isfinite(score))
