"""Listens to what pose_node publishes about a replayed recording, and keeps it frame by frame."""

import math
import statistics
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from foundation_perception.msg import TrackedObject, TrackedObjectArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection3DArray

from ...arrays import Pose
from ...evaluation.metrics import pose_error
from ...streams.time_synchronizer import stamp_to_ns
from ..pose.messages import from_pose

# Enough that nothing is lost while the process that listens is busy.
_DEPTH = 1000


@dataclass(frozen=True)
class PublishedPose:
    """One object of one frame as it was published; the errors are NaN where no true pose is known."""

    T_cam_obj: Pose
    score: float
    registered_ns: int
    in_doubt: bool = False
    error_m: float = np.nan
    error_deg: float = np.nan


@dataclass
class PlayedFrame:
    """What was heard of one frame: true poses (4, 4), poses and states by object, latency, TF frames."""

    stamp_ns: int
    truth: dict[str, np.ndarray]
    poses: dict[str, PublishedPose] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    latency_s: float | None = None
    transforms: set[str] = field(default_factory=set)

    @property
    def answered(self) -> bool:
        """Return whether all was heard: the message about the objects, and TF of those that have a pose for sure."""
        sure = {name for name, pose in self.poses.items() if not pose.in_doubt}
        return self.latency_s is not None and sure <= self.transforms


@dataclass(frozen=True)
class Summary:
    """Figures over all frames; medians are NaN where there is nothing to take them of.

    poses: published in messages; poses_in_tf: those of them that came in TF as well; scores_without_truth: lowest and
    highest of the poses of which nothing says how right they are, poses_without_truth: how many.
    """

    frames: int
    unanswered: int
    poses: int
    poses_in_tf: int
    poses_without_truth: int
    scores_without_truth: tuple[float, float]
    registrations: int
    median_error_mm: float
    median_error_deg: float
    median_latency_ms: float


class PoseCollector(Node):
    """Frames are those that replay_node says it played; symmetries (S, 4, 4) by object make errors fair."""

    def __init__(self, symmetries: dict[str, np.ndarray], **node_arguments: Any) -> None:
        super().__init__("pose_collector", **node_arguments)
        self.frames: dict[int, PlayedFrame] = {}
        self._symmetries = symmetries
        self._listen(Detection3DArray, "/replay_node/truth", self._on_truth)
        self._listen(TrackedObjectArray, "/pose_node/objects", self._on_objects)
        self._listen(TFMessage, "/tf", self._on_tf)

    def summary(self) -> Summary:
        """Return the figures so far."""
        frames = list(self.frames.values())
        poses = [(name, pose) for frame in frames for name, pose in frame.poses.items()]
        known = [pose for _, pose in poses if np.isfinite(pose.error_m)]
        unknown = [pose.score for _, pose in poses if not np.isfinite(pose.error_m)]
        return Summary(
            frames=len(frames),
            unanswered=sum(not frame.answered for frame in frames),
            poses=len(poses),
            poses_in_tf=sum(len(frame.poses.keys() & frame.transforms) for frame in frames),
            poses_without_truth=len(unknown),
            scores_without_truth=(min(unknown), max(unknown)) if unknown else (math.nan, math.nan),
            registrations=len({(name, pose.registered_ns) for name, pose in poses}),
            median_error_mm=1000 * _median([pose.error_m for pose in known]),
            median_error_deg=_median([pose.error_deg for pose in known]),
            median_latency_ms=1000 * _median([f.latency_s for f in frames if f.latency_s is not None and f.poses]),
        )

    def _listen(self, kind: type, topic: str, callback: Any) -> None:
        self.create_subscription(kind, topic, callback, QoSProfile(depth=_DEPTH))

    def _frame(self, stamp: Any) -> PlayedFrame:
        stamp_ns = stamp_to_ns(stamp)
        return self.frames.setdefault(stamp_ns, PlayedFrame(stamp_ns, {}))

    def _on_truth(self, message: Detection3DArray) -> None:
        frame = self._frame(message.header.stamp)
        frame.truth = {d.id: from_pose(d.results[0].pose.pose) for d in message.detections}

    def _on_objects(self, message: TrackedObjectArray) -> None:
        frame = self._frame(message.header.stamp)
        if frame.latency_s is None:
            frame.latency_s = (self.get_clock().now().nanoseconds - frame.stamp_ns) * 1e-9
        for tracked in message.objects:
            frame.states[tracked.id] = STATES[tracked.state]
            if tracked.state == TrackedObject.TRACKING and tracked.score > 0:
                frame.poses[tracked.id] = self._published(tracked, frame)

    def _published(self, tracked: TrackedObject, frame: PlayedFrame) -> PublishedPose:
        T_cam_obj = from_pose(tracked.pose.pose)
        registered_ns = frame.stamp_ns - stamp_to_ns(tracked.age)
        T_truth = frame.truth.get(tracked.id)
        if T_truth is None:
            return PublishedPose(T_cam_obj, tracked.score, registered_ns, tracked.in_doubt)
        error_m, error_deg = pose_error(T_cam_obj, T_truth, self._symmetries[tracked.id])
        return PublishedPose(T_cam_obj, tracked.score, registered_ns, tracked.in_doubt, error_m, error_deg)

    def _on_tf(self, message: TFMessage) -> None:
        for transform in message.transforms:
            self._frame(transform.header.stamp).transforms.add(transform.child_frame_id)


STATES = {TrackedObject.SEARCHING: "SEARCHING", TrackedObject.TRACKING: "TRACKING", TrackedObject.LOST: "LOST"}


def _median(values: list[Any]) -> float:
    return float(statistics.median(values)) if values else float("nan")
