"""What a client is told of an object."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import se3
from ...arrays import Covariance, Pose
from ...streams.time_synchronizer import stamp_to_ns


class NotFound(RuntimeError):
    """There is no such pose, or the request was refused; the message says why, and the fix."""


class NoAnswer(NotFound):
    """Nobody answered: pose_node doesn't run, or has another name."""


@dataclass(frozen=True)
class ObjectPose:
    """Where an object is in one image.

    T_frame_obj (4, 4) maps points of its mesh to the frame `frame_id`, metres. stamp_ns: of the image. score: 0..1, how
    likely the pose is right. covariance (6, 6): x, y, z in m^2, then rotations about that frame's axes in rad^2.
    message: all that was said, a foundation_perception/TrackedObject.
    """

    name: str
    T_frame_obj: Pose
    frame_id: str
    stamp_ns: int
    score: float
    covariance: Covariance
    message: Any

    @classmethod
    def of_message(cls, message: Any) -> "ObjectPose":
        """Take the pose from a TrackedObject."""
        p, q = message.pose.pose.position, message.pose.pose.orientation
        T = se3.from_quaternion_xyzw(np.array([q.x, q.y, q.z, q.w]), np.array([p.x, p.y, p.z]))
        covariance = np.asarray(message.pose.covariance, np.float64).reshape(6, 6)
        stamp_ns = stamp_to_ns(message.header.stamp)
        return cls(message.id, T, message.header.frame_id, stamp_ns, float(message.score), covariance, message)

    @property
    def position_m(self) -> np.ndarray:
        """Return where the mesh's origin is, (3,) in metres."""
        return self.T_frame_obj[:3, 3]

    @property
    def quaternion_xyzw(self) -> np.ndarray:
        """Return the rotation as a unit quaternion (4,), x, y, z, w."""
        return se3.to_quaternion_xyzw(self.T_frame_obj)
