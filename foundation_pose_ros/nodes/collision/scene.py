"""Which objects a planner knows as obstacles, and what it has to be told of an image. Needs no ROS."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from ... import se3
from ...arrays import Pose
from ...errors import InputRefused
from ...frame import period_over


@dataclass(frozen=True)
class CollisionSettings:
    """When a planner is told of an object: each time costs it a new scene.

    move_mm, move_deg: it moves by as much before that is said. period_s: and no oftener than this.
    remove_after_s: seconds unseen, in stamps, after which it is no obstacle any more; 0: it stays.
    """

    move_mm: float = 2.0
    move_deg: float = 1.0
    period_s: float = 0.2
    remove_after_s: float = 10.0


@dataclass(frozen=True)
class Seen:
    """An object as of an image. T (4, 4): in the message's frame, None in doubt or where it isn't tracked.

    unseen_s: since it was tracked last.
    """

    id: str
    T: Pose | None
    unseen_s: float = 0.0


class Operation(Enum):
    """What becomes of an obstacle."""

    ADD = "add"
    MOVE = "move"
    REMOVE = "remove"


@dataclass(frozen=True)
class Change:
    """What a planner is to be told; T (4, 4) in frame_id, the last one known where the object is removed."""

    operation: Operation
    id: str
    frame_id: str
    stamp_ns: int
    T: Pose


@dataclass(frozen=True)
class _Obstacle:
    """An object as the planner knows it; settled: it stands where it was told to."""

    frame_id: str
    stamp_ns: int
    T: Pose
    settled: bool = True


class CollisionScene:
    """The obstacles of a planner, as it was told. What the robot holds is none: it moves with a link."""

    def __init__(self, settings: CollisionSettings) -> None:
        self.settings = settings
        self._obstacles: dict[str, _Obstacle] = {}
        self._held: set[str] = set()

    @property
    def held(self) -> tuple[str, ...]:
        """Return the ids of what the robot holds."""
        return tuple(sorted(self._held))

    def seen(self, objects: Iterable[Seen], known: Collection[str], frame_id: str, stamp_ns: int) -> list[Change]:
        """Take in all objects as of an image; `known` are the ids of those whose meshes are."""
        changes = []
        for one in objects:
            if one.id in known and one.id not in self._held:
                change = self._changed(one, frame_id, stamp_ns)
                if change is not None:
                    changes.append(change)
        return changes + self.unknown(known)

    def unknown(self, known: Collection[str]) -> list[Change]:
        """Take away what nobody looks for any more, but for what is held."""
        gone = [id for id in self._obstacles if id not in known and id not in self._held]
        return [self._removed(id) for id in gone]

    def again(self) -> list[Change]:
        """Say all once more, for a planner that came late; what is held it has to be told by whoever holds it."""
        return [self._change(Operation.ADD, id) for id in self._obstacles if id not in self._held]

    def attach(self, id: str) -> None:
        """Let the robot hold an obstacle; raises InputRefused where it is none, or is held."""
        if id in self._held:
            raise InputRefused("already_held", f"{id} is held already: detach it first")
        if id not in self._obstacles:
            known = ", ".join(self._obstacles.keys() - self._held) or "none"
            raise InputRefused(
                "unknown_object", f"{id!r} isn't in the scene (there are: {known}): it has to be seen before it is held"
            )
        self._held.add(id)

    def detach(self, id: str = "") -> list[str]:
        """Let go of what is held, of all where the id is empty; return ids. Raises InputRefused where it isn't held."""
        released = [id] if id else list(self.held)
        if id and id not in self._held:
            raise InputRefused("not_held", f"{id!r} isn't held (held: {', '.join(self.held) or 'nothing'})")
        for one in released:
            self._held.discard(one)
            before = self._obstacles[one]
            self._obstacles[one] = _Obstacle(before.frame_id, before.stamp_ns, before.T, settled=False)
        return released

    def _changed(self, one: Seen, frame_id: str, stamp_ns: int) -> Change | None:
        before = self._obstacles.get(one.id)
        if one.T is None:
            gone = before is not None and 0 < self.settings.remove_after_s < one.unseen_s
            return self._removed(one.id) if gone else None
        # A planner that has just let go of it may put it back before this, or after: a new one replaces it either way.
        operation = Operation.MOVE if before is not None and before.settled else Operation.ADD
        if operation is Operation.MOVE and before is not None and not self._moved(before, one.T, frame_id, stamp_ns):
            return None
        self._obstacles[one.id] = _Obstacle(frame_id, stamp_ns, one.T)
        return self._change(operation, one.id)

    def _moved(self, before: _Obstacle, T: Pose, frame_id: str, stamp_ns: int) -> bool:
        if not period_over(before.stamp_ns, stamp_ns, self.settings.period_s):
            return False
        apart_mm = 1000 * float(np.linalg.norm(T[:3, 3] - before.T[:3, 3]))
        turned_deg = float(np.rad2deg(se3.rotation_angle_rad(T[:3, :3], before.T[:3, :3])))
        return before.frame_id != frame_id or apart_mm > self.settings.move_mm or turned_deg > self.settings.move_deg

    def _removed(self, id: str) -> Change:
        change = self._change(Operation.REMOVE, id)
        del self._obstacles[id]
        return change

    def _change(self, operation: Operation, id: str) -> Change:
        known = self._obstacles[id]
        return Change(operation, id, known.frame_id, known.stamp_ns, known.T)
