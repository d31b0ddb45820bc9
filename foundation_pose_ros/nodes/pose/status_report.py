"""What pose_node says of itself in /diagnostics."""

from typing import TYPE_CHECKING

from ...tracking import TrackedObject, TrackState
from ..diagnostics import ERROR, OK, STALE, WARN, Report, refusal_values, worst_recent

if TYPE_CHECKING:
    from ..pose_node import PoseNode

LOG_PERIOD_S = 10.0
# Working on the latest only is how the node is meant to run: worth a count, not a warning.
EXPECTED = ("frame_replaced", "mask_replaced")


class PoseReport:
    """The sections of a node's diagnostics."""

    def __init__(self, node: "PoseNode") -> None:
        self._node = node
        self._received = 0

    def input(self) -> Report:
        """What comes in: STALE without frames, WARN while something is refused."""
        node = self._node
        refusals = node.refusals.look()
        values = refusal_values(refusals)
        if not node.active or node.guardian is None:
            return Report(WARN, "not active: configure and activate the node", values)
        values["images"] = str(node.guardian.received)
        ceased, self._received = node.guardian.received == self._received, node.guardian.received
        values |= {f"unmatched.{topic}": str(count) for topic, count in node.guardian.unmatched.items()}
        worst = worst_recent(refusals, EXPECTED)
        now_s = node.get_clock().now().nanoseconds * 1e-9
        silent = now_s - node.last_frame_s > node.get_parameter("stale_after_s").value
        if not silent and not worst:
            return Report(OK, "frames come in", values)
        message = worst or f"no frames: {self._missing(ceased)}"
        node.get_logger().warning(message, throttle_duration_sec=LOG_PERIOD_S)
        return Report(WARN if worst else STALE, message, values)

    def objects(self) -> Report:
        """What is tracked: ERROR where a mesh can't be used or there is no object, WARN while one is lost."""
        node = self._node
        values = dict(node.unusable)
        if not node.active:
            return Report(ERROR if node.unusable else WARN, self._unusable() or "not active", values)
        states = node.pipeline.tracker.states()
        values |= {id: state.name for id, state in states.items()}
        values["step_ms"] = f"{node.pipeline.step_s * 1000:.1f}"
        if node.unusable:
            return Report(ERROR, self._unusable(), values)
        if not states:
            return Report(ERROR, "no objects: set the parameter objects, or call ~/add_object", values)
        lost = [id for id, state in states.items() if state is TrackState.LOST]
        if lost:
            return Report(WARN, f"lost: {', '.join(lost)}", values)
        waiting = [id for id, state in states.items() if state is TrackState.SEARCHING]
        return Report(
            OK, f"waiting for a mask of {', '.join(waiting)}" if waiting else "all objects are tracked", values
        )

    def onboarding(self) -> Report:
        """How far the node is with an object that it is shown."""
        return self._node.onboarding.report() if hasattr(self._node, "onboarding") else Report(OK, "not configured")

    def _unusable(self) -> str:
        return "; ".join(f"{name}: {why}" for name, why in self._node.unusable.items())

    def _missing(self, ceased: bool) -> str:
        """ceased: no image has come since the last report."""
        node = self._node
        topics = (
            node.image_topic("rgb/image", node.get_parameter("rgb_transport").value),
            node.image_topic("depth/image", node.get_parameter("depth_transport").value),
            "rgb/camera_info",
        )
        silent = [
            node.resolve_topic_name(topic)
            for topic in topics
            if not node.count_publishers(node.resolve_topic_name(topic))
        ]
        if silent:
            return f"nobody publishes {', '.join(silent)}: remap the inputs to the camera's topics"
        if ceased:
            return (
                "colour, depth and camera_info have publishers, but no images come: start the camera, or the recording "
                "once more; if they are sent, give the middleware room for them (config/fastdds.xml)"
            )
        return (
            "colour, depth and camera_info are published but give no pair: see unmatched, and raise match_tolerance_s"
        )


class StateLog:
    """Remembers the last state of each object."""

    def __init__(self) -> None:
        self._last: dict[str, TrackState] = {}

    def changes(self, objects: list[TrackedObject]) -> list[str]:
        """One line for each object whose state isn't that of the last call; before the first one it is SEARCHING."""
        lines = []
        for tracked in objects:
            before = self._last.get(tracked.id, TrackState.SEARCHING)
            self._last[tracked.id] = tracked.state
            if before is tracked.state:
                continue
            what = tracked.reason if tracked.result is None else f"score {tracked.result.score:.2f}"
            lines.append(f"{tracked.id}: {before.name} -> {tracked.state.name} ({what})")
        return lines
