"""What pose_node logs when the state of an object changes. Needs no ROS."""

from ...tracking import TrackedObject, TrackState


class StateLog:
    """Says what changed since it was asked last."""

    def __init__(self) -> None:
        self._last: dict[str, TrackState] = {}

    def changes(self, objects: list[TrackedObject]) -> list[str]:
        """Return a line for each object whose state isn't that of the last call; before the first it is SEARCHING."""
        lines = []
        for tracked in objects:
            before = self._last.get(tracked.id, TrackState.SEARCHING)
            self._last[tracked.id] = tracked.state
            if before is tracked.state:
                continue
            what = tracked.reason if tracked.result is None else f"score {tracked.result.score:.2f}"
            lines.append(f"{tracked.id}: {before.name} -> {tracked.state.name} ({what})")
        return lines
