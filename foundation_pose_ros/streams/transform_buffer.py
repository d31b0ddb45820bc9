"""Transforms as /tf and /tf_static give them, to be asked for one between two frames at a stamp. Needs no ROS."""

import threading
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import se3
from ..arrays import Pose
from .time_synchronizer import stamp_to_ns


@dataclass
class _Link:
    """A frame's parent, and where it is in it: T_parent_child at stamps in order, or for ever."""

    parent: str
    static: bool
    stamps_ns: list[int] = field(default_factory=list)
    T_parent_child: list[Pose] = field(default_factory=list)


class TransformBuffer:
    """The last kept_s seconds of a tree of frames. Safe to use from several threads."""

    def __init__(self, kept_s: float = 10.0) -> None:
        self._kept_ns = round(kept_s * 1e9)
        self._links: dict[str, _Link] = {}
        self._lock = threading.Lock()

    def add(self, parent: str, child: str, T_parent_child: Pose, stamp_ns: int, static: bool = False) -> None:
        """Take in one transform (4, 4); those that aren't newer than the last of their frame are left out."""
        with self._lock:
            link = self._links.get(child)
            if link is None or link.parent != parent or static:
                link = self._links[child] = _Link(parent, static)
            if link.stamps_ns and stamp_ns <= link.stamps_ns[-1]:
                return
            link.stamps_ns.append(stamp_ns)
            link.T_parent_child.append(T_parent_child)
            old = bisect_right(link.stamps_ns, stamp_ns - self._kept_ns)
            del link.stamps_ns[:old], link.T_parent_child[:old]

    def add_message(self, message: Any, static: bool = False) -> None:
        """Take in a TFMessage; transforms that aren't finite, or no rotations, are left out."""
        for stamped in message.transforms:
            p, q = stamped.transform.translation, stamped.transform.rotation
            numbers = np.array([p.x, p.y, p.z, q.x, q.y, q.z, q.w])
            if np.isfinite(numbers).all() and np.any(numbers[3:]):
                T = se3.from_quaternion_xyzw(numbers[3:], numbers[:3])
                stamp_ns = stamp_to_ns(stamped.header.stamp)
                self.add(stamped.header.frame_id.lstrip("/"), stamped.child_frame_id.lstrip("/"), T, stamp_ns, static)

    def lookup(self, target: str, source: str, stamp_ns: int) -> Pose | None:
        """Return T_target_source (4, 4) at a stamp, interpolated; None where it isn't known (yet)."""
        with self._lock:
            to_target, to_source = self._ancestors(target, stamp_ns), self._ancestors(source, stamp_ns)
        common = next((frame for frame in to_target if frame in to_source), None)
        if common is None:
            return None
        T = se3.inverse(to_target[common]) @ to_source[common]
        return np.asarray(T, np.float32)

    def _ancestors(self, frame: str, stamp_ns: int) -> dict[str, Pose]:
        """T_ancestor_frame of the frame itself and of all above it that are known at the stamp."""
        T: Pose = np.eye(4)
        found = {frame: T}
        while (link := self._links.get(frame)) is not None and link.parent not in found:
            T_parent_child = _at(link, stamp_ns)
            if T_parent_child is None:
                break
            T = T_parent_child @ T
            frame = link.parent
            found[frame] = T
        return found


def _at(link: _Link, stamp_ns: int) -> Pose | None:
    if link.static:
        return link.T_parent_child[-1]
    after = bisect_right(link.stamps_ns, stamp_ns)
    if after and link.stamps_ns[after - 1] == stamp_ns:
        return link.T_parent_child[after - 1]
    if after in (0, len(link.stamps_ns)):
        return None
    before_ns, after_ns = link.stamps_ns[after - 1], link.stamps_ns[after]
    share = (stamp_ns - before_ns) / (after_ns - before_ns)
    T = link.T_parent_child[after - 1]
    return se3.apply_twist(T, share * se3.twist_between(T, link.T_parent_child[after]))
