"""What pose_node says of each object, and where it is at the stamp of an image."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from foundation_perception.msg import ObjectModelArray, TrackedObject, TrackedObjectArray

from ... import se3
from ...arrays import Pose
from ...errors import InputRefused
from ...frame import Frame
from ...object_model.model import ObjectModel
from ...overlay import PALETTE, LiveObject, PosePredictor, PredictionSettings, RunnerUp
from ...streams.time_synchronizer import stamp_to_ns
from ..pose.messages import from_pose
from .heard_models import HeardModels

# Gives T_target_source (4, 4) at a stamp; None where it isn't known.
Way = Callable[[str, str, int], Pose | None]


@dataclass
class _Heard:
    """An object in the frame of its poses, as of its last message."""

    message: TrackedObject
    frame_id: str
    predictor: PosePredictor


class OverlayObjects:
    """Objects of a pose_node by their id. Safe to use from several threads."""

    def __init__(self, models: Mapping[str, ObjectModel]) -> None:
        """models: by the name of the object; those that pose_node publishes come to them."""
        self._models = HeardModels(models)
        self._heard: dict[str, _Heard] = {}
        self._lock = threading.Lock()

    def take(self, message: TrackedObjectArray) -> None:
        """Note what pose_node says of an image."""
        stamp_ns, frame_id = stamp_to_ns(message.header.stamp), message.header.frame_id.lstrip("/")
        with self._lock:
            before, self._heard = self._heard, {}
            for tracked in message.objects:
                is_tracked = tracked.state == TrackedObject.TRACKING
                heard = before.get(tracked.id)
                if heard is None or heard.frame_id != frame_id or not is_tracked:
                    model = self._models[tracked.class_id]
                    centre_obj = np.zeros(3) if model is None else model.centre_m
                    heard = _Heard(tracked, frame_id, PosePredictor(centre_obj))
                heard.message = tracked
                # With score 0 the pose is an older one.
                if is_tracked and tracked.score > 0:
                    heard.predictor.add(stamp_ns, from_pose(tracked.pose.pose))
                self._heard[tracked.id] = heard

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
            return [
                self._live(id, heard, PALETTE[place % len(PALETTE)], frame, settings, oldest_s, way)
                for place, (id, heard) in enumerate(self._heard.items())
            ]

    def _live(
        self,
        id: str,
        heard: _Heard,
        colour: tuple[int, int, int],
        frame: Frame,
        settings: PredictionSettings,
        oldest_s: float,
        way: Way,
    ) -> LiveObject:
        message, last_ns = heard.message, heard.predictor.stamp_ns
        model = self._models[message.class_id]
        if model is None:
            return LiveObject(id, f"no mesh of {message.class_id} here", colour)
        if message.state != TrackedObject.TRACKING:
            state = "lost" if message.state == TrackedObject.LOST else "searching"
            return LiveObject(id, f"{state} ({message.reason})" if message.reason else state, colour)
        age_s = 0.0 if last_ns is None else (frame.stamp_ns - last_ns) * 1e-9
        heard.predictor.settings = settings
        pose = heard.predictor.at(frame.stamp_ns)
        if pose is None or age_s > oldest_s:
            return LiveObject(id, "no pose yet" if pose is None else f"no pose for {age_s:.1f} s", colour)
        if heard.frame_id != frame.frame_id:
            T_image_poses = way(frame.frame_id, heard.frame_id, frame.stamp_ns)
            if T_image_poses is None:
                return LiveObject(id, f"no TF from {heard.frame_id} to {frame.frame_id}", colour)
            pose = T_image_poses @ pose
        doubt = message.in_doubt or age_s > settings.longest_s
        state = "in doubt" if doubt else "tracked"
        return LiveObject(id, state, colour, model, pose, message.score, doubt, _runners_up(message, pose))


def _runners_up(message: TrackedObject, T_image_obj: Pose) -> tuple[RunnerUp, ...]:
    """Runners-up, moved as the chosen pose was from its message to the image."""
    moved = T_image_obj @ se3.inverse(from_pose(message.pose.pose))
    poses = zip(message.alternatives, message.alternative_scores, strict=False)
    return tuple(RunnerUp(moved @ from_pose(pose), float(score)) for pose, score in poses)
