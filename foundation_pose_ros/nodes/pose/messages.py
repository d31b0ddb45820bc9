"""Poses and tracked objects to messages: header of the image, covariance in REP-103 order."""

from typing import Any

import numpy as np
from builtin_interfaces.msg import Duration, Time
from foundation_perception.msg import AmbiguousTurn as AmbiguousTurnMessage
from foundation_perception.msg import TrackedObject as TrackedObjectMessage
from geometry_msgs.msg import Pose, PoseWithCovariance, Transform
from std_msgs.msg import Header
from vision_msgs.msg import BoundingBox3D, Detection3D, ObjectHypothesisWithPose

from ... import se3
from ...frame import Frame
from ...object_model.model import ObjectModel
from ...pose_result import AmbiguousTurn, PoseResult
from ...tracking import TrackedObject
from .found import Found


def to_stamp(stamp_ns: int) -> Time:
    """Convert nanoseconds to builtin_interfaces/Time."""
    return Time(sec=int(stamp_ns // 1_000_000_000), nanosec=int(stamp_ns % 1_000_000_000))


def to_header(frame: Frame) -> Header:
    """Return the header of the image that a frame was made from."""
    return Header(stamp=to_stamp(frame.stamp_ns), frame_id=frame.frame_id)


def to_duration(seconds: float | None) -> Duration:
    """Convert seconds to a duration; None, which is "never", to 0."""
    ns = 0 if seconds is None else round(seconds * 1e9)
    return Duration(sec=ns // 1_000_000_000, nanosec=ns % 1_000_000_000)


class QuaternionSigns:
    """Keeps the sign of each object's quaternion as in its last message, since q and -q are the same rotation."""

    def __init__(self) -> None:
        self._last: dict[str, np.ndarray] = {}

    def continuous(self, key: str, quaternion: np.ndarray) -> np.ndarray:
        """Return the quaternion or its negative, whichever is nearer to the last of this key."""
        last = self._last.get(key)
        if last is not None and float(last @ quaternion) < 0:
            quaternion = -quaternion
        self._last[key] = quaternion
        return quaternion

    def forget(self, key: str) -> None:
        """Start anew with this key."""
        self._last.pop(key, None)


def to_pose(T_cam_obj: np.ndarray, quaternion: np.ndarray | None = None) -> Pose:
    """Convert T (4, 4) to a Pose; `quaternion` (x, y, z, w) overrides the sign that the matrix would give."""
    pose = Pose()
    pose.position.x, pose.position.y, pose.position.z = (float(v) for v in T_cam_obj[:3, 3])
    x, y, z, w = se3.to_quaternion_xyzw(T_cam_obj) if quaternion is None else quaternion
    pose.orientation.x, pose.orientation.y, pose.orientation.z, pose.orientation.w = (
        float(x),
        float(y),
        float(z),
        float(w),
    )
    return pose


def from_pose(pose: Any) -> np.ndarray:
    """Convert a Pose to T (4, 4) float32."""
    q, p = pose.orientation, pose.position
    return se3.from_quaternion_xyzw(np.array([q.x, q.y, q.z, q.w]), np.array([p.x, p.y, p.z]))


def sound_pose(pose: Any) -> np.ndarray | None:
    """Convert a Pose that anybody may have sent; None where it isn't finite, or its quaternion has no direction."""
    q = pose.orientation
    if not np.linalg.norm([q.x, q.y, q.z, q.w]) > 1e-6:
        return None
    T = from_pose(pose)
    return T if np.isfinite(T).all() else None


def to_transform(pose: Pose) -> Transform:
    """Convert a Pose to a Transform."""
    transform = Transform(rotation=pose.orientation)
    transform.translation.x, transform.translation.y, transform.translation.z = (
        pose.position.x,
        pose.position.y,
        pose.position.z,
    )
    return transform


def to_pose_with_covariance(result: PoseResult, pose: Pose) -> PoseWithCovariance:
    """Give a pose the result's covariance (6, 6): row-major, x, y, z, then rotations about the fixed axes x, y, z."""
    return PoseWithCovariance(pose=pose, covariance=np.asarray(result.covariance, np.float64).ravel())


def to_detection(
    tracked: TrackedObject, result: PoseResult, pose: PoseWithCovariance, model: ObjectModel, header: Header
) -> Detection3D:
    """Make a Detection3D; its box is the mesh's own, whose centre need not be the object's origin."""
    detection = Detection3D(header=header, id=tracked.id)
    hypothesis = ObjectHypothesisWithPose(pose=pose)
    hypothesis.hypothesis.class_id = tracked.class_id
    hypothesis.hypothesis.score = float(result.score)
    detection.results = [hypothesis]
    middle_m = result.T_cam_obj[:3, :3] @ model.centre_m + result.T_cam_obj[:3, 3]
    detection.bbox = BoundingBox3D(center=Pose(orientation=pose.pose.orientation))
    centre = detection.bbox.center.position
    centre.x, centre.y, centre.z = (float(v) for v in middle_m)
    detection.bbox.size.x, detection.bbox.size.y, detection.bbox.size.z = (float(v) for v in model.extents_m)
    return detection


def to_ambiguous_turn(turn: AmbiguousTurn) -> AmbiguousTurnMessage:
    """Convert turns that can't be told from a pose; axis and point are in the mesh's frame."""
    message = AmbiguousTurnMessage(
        from_deg=float(turn.from_deg), to_deg=float(turn.to_deg), probability=float(turn.probability)
    )
    message.axis.x, message.axis.y, message.axis.z = (float(v) for v in turn.axis_obj)
    message.point.x, message.point.y, message.point.z = (float(v) for v in turn.point_obj)
    return message


def to_tracked_object(tracked: TrackedObject, pose: PoseWithCovariance | None, header: Header) -> TrackedObjectMessage:
    """Fill in state, age, score and reason; scores stay zero where the object has no pose in this frame.

    pose: that of this frame, else the last one that was believed; None stands for "never".
    """
    message = TrackedObjectMessage(
        header=header,
        id=tracked.id,
        class_id=tracked.class_id,
        state=int(tracked.state),
        age=to_duration(tracked.age_s),
        since_seen=to_duration(tracked.since_seen_s),
        reason=tracked.reason,
        in_doubt=tracked.in_doubt,
    )
    if pose is not None:
        message.pose = pose
    result = tracked.result
    if result is None:
        return message
    message.score = float(result.score)
    message.translation_error_mm = [float(value) for value in result.translation_error_mm]
    message.rotation_error_deg = [float(value) for value in result.rotation_error_deg]
    message.ambiguous = [to_ambiguous_turn(turn) for turn in result.ambiguous]
    message.visible_fraction = float(result.visible_fraction)
    message.depth_inlier_fraction = float(result.depth_inlier_fraction)
    message.colour_agreement = float(result.colour_agreement)
    message.silhouette_agreement = float(result.silhouette_agreement)
    message.margin = float(result.margin)
    alternatives = [a for a in result.alternatives if np.all(np.isfinite(a.T_cam_obj)) and np.isfinite(a.score)]
    message.alternatives = [to_pose(a.T_cam_obj) for a in alternatives]
    message.alternative_scores = [float(a.score) for a in alternatives]
    return message


def found_message(found: Found) -> TrackedObjectMessage:
    """Make the message of one object as of its image."""
    header = Header(stamp=to_stamp(found.stamp_ns), frame_id=found.frame_id)
    result = found.tracked.result
    pose = None if result is None else to_pose_with_covariance(result, to_pose(result.T_cam_obj))
    return to_tracked_object(found.tracked, pose, header)
