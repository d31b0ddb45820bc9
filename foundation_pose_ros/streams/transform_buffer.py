"""Transforms as /tf and /tf_static give them, to be asked for one between two frames at a stamp. Needs no ROS."""

import threading
from bisect import bisect_right
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np

from .. import se3
from ..arrays import Pose
from .time_synchronizer import stamp_to_ns

# Stamps that go back by more are those of another time; less is a message that comes late.
_JUMP_BACK_NS = 2_000_000_000
# So many frames are named where one isn't found.
_MOST_NAMED = 8

# T_parent_child (4, 4), or its x, y, z in metres and its quaternion's x, y, z, w.
_Place = Pose | tuple[float, float, float, float, float, float, float]


@dataclass
class _Link:
    """A frame's parent, and where it is in it: T_parent_child at stamps in order, or for ever.

    places: as they came, since robots send far more of them than anybody asks for.
    """

    parent: str
    static: bool
    stamps_ns: list[int] = field(default_factory=list)
    places: list[_Place] = field(default_factory=list)


class TransformBuffer:
    """The last kept_s seconds of a tree of frames. Safe to use from several threads."""

    def __init__(self, kept_s: float = 10.0) -> None:
        self._kept_ns = round(kept_s * 1e9)
        self._links: dict[str, _Link] = {}
        self._lock = threading.Lock()

    def add(self, parent: str, child: str, T_parent_child: _Place, stamp_ns: int, static: bool = False) -> None:
        """Take in one transform: (4, 4), or seven finite numbers.

        One that isn't newer than the last of its frame is left out; one far older means that time was set back (a
        recording loops), and the frame's track begins anew.
        """
        with self._lock:
            link = self._links.get(child)
            if link is None or link.parent != parent or static:
                link = self._links[child] = _Link(parent, static)
            if link.stamps_ns and stamp_ns < link.stamps_ns[-1] - _JUMP_BACK_NS:
                link = self._links[child] = _Link(parent, static)
            if link.stamps_ns and stamp_ns <= link.stamps_ns[-1]:
                return
            link.stamps_ns.append(stamp_ns)
            link.places.append(T_parent_child)
            old = bisect_right(link.stamps_ns, stamp_ns - self._kept_ns)
            del link.stamps_ns[:old], link.places[:old]

    def add_message(self, message: Any, static: bool = False) -> None:
        """Take in a TFMessage; transforms that aren't finite, or no rotations, are left out."""
        for stamped in message.transforms:
            p, q = stamped.transform.translation, stamped.transform.rotation
            place = (p.x, p.y, p.z, q.x, q.y, q.z, q.w)
            if all(map(isfinite, place)) and any(place[3:]):
                stamp_ns = stamp_to_ns(stamped.header.stamp)
                frames = (stamped.header.frame_id.lstrip("/"), stamped.child_frame_id.lstrip("/"))
                self.add(*frames, place, stamp_ns, static)

    def lookup(self, target: str, source: str, stamp_ns: int) -> Pose | None:
        """Return T_target_source (4, 4) at a stamp, interpolated; None where it isn't known (yet)."""
        return self._between(target, source, stamp_ns)

    def newest(self, target: str, source: str) -> Pose | None:
        """Return T_target_source (4, 4) of the newest that is known of each frame; None where they aren't connected."""
        return self._between(target, source, None)

    def fault(self, target: str, source: str, stamp_ns: int) -> str:
        """Say in words why there is no transform between two frames at a stamp, and the fix; '' where there is one."""
        if self.lookup(target, source, stamp_ns) is not None:
            return ""
        with self._lock:
            known = set(self._links) | {link.parent for link in self._links.values()}
            roots = {frame: list(self._ancestors(frame, None))[-1] for frame in (target, source)}
            late = [
                (frame, link)
                for frame, link in self._links.items()
                if not link.static and any(frame in self._ancestors(end, None) for end in (target, source))
            ]
            if not known:
                return f"TF is silent: nobody publishes /tf or /tf_static, so {source} can't be told in {target}"
            for frame in (target, source):
                if frame not in known:
                    return (
                        f"TF has no frame {frame} (it has {', '.join(sorted(known)[:_MOST_NAMED])}): check its name, "
                        "and that who publishes it runs"
                    )
            if roots[target] != roots[source]:
                return (
                    f"TF has {source} below {roots[source]} and {target} below {roots[target]}, and nothing between: "
                    "publish a transform that connects them (the camera's place on the robot, as hand-eye calibration "
                    "gives it)"
                )
            for frame, link in late:
                behind_s, ahead_s = (stamp_ns - link.stamps_ns[-1]) * 1e-9, (link.stamps_ns[0] - stamp_ns) * 1e-9
                if behind_s > 0:
                    return (
                        f"TF of {frame} ends {behind_s:.3f} s before the image: wait longer (transform_wait_s), "
                        "publish it more often, or hold the last one (without_transform:=hold); where it is seconds, "
                        "the clocks of camera and robot differ"
                    )
                if ahead_s > 0:
                    return f"TF of {frame} begins {ahead_s:.3f} s after the image: the first images come too early"
        return f"TF has nothing between {source} and {target} at the image's stamp"

    def _between(self, target: str, source: str, stamp_ns: int | None) -> Pose | None:
        with self._lock:
            to_target, to_source = self._ancestors(target, stamp_ns), self._ancestors(source, stamp_ns)
        common = next((frame for frame in to_target if frame in to_source), None)
        if common is None:
            return None
        T = se3.inverse(to_target[common]) @ to_source[common]
        return np.asarray(T, np.float32)

    def _ancestors(self, frame: str, stamp_ns: int | None) -> dict[str, Pose]:
        """T_ancestor_frame of the frame itself and of all above it that are known at the stamp; None: the newest."""
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


def _at(link: _Link, stamp_ns: int | None) -> Pose | None:
    if link.static or stamp_ns is None:
        return _pose(link.places[-1])
    after = bisect_right(link.stamps_ns, stamp_ns)
    if after and link.stamps_ns[after - 1] == stamp_ns:
        return _pose(link.places[after - 1])
    if after in (0, len(link.stamps_ns)):
        return None
    before_ns, after_ns = link.stamps_ns[after - 1], link.stamps_ns[after]
    share = (stamp_ns - before_ns) / (after_ns - before_ns)
    T = _pose(link.places[after - 1])
    return se3.apply_twist(T, share * se3.twist_between(T, _pose(link.places[after])))


def _pose(place: _Place) -> Pose:
    return se3.from_quaternion_xyzw(np.array(place[3:]), np.array(place[:3])) if isinstance(place, tuple) else place
