"""What pose_node says of itself in /diagnostics once a second."""

from collections.abc import Callable

from ...tracking import TrackState
from ..diagnostics import ERROR, OK, STALE, WARN, Report, refusal_values, worst_recent
from ..lifecycle_node import WorkingNode
from .inputs import image_topics
from .session import PoseSession

LOG_PERIOD_S = 10.0
# Working on the latest only is how the node is meant to run: worth a count, not a warning.
EXPECTED = ("frame_replaced", "mask_replaced", "not_found")


class PoseReport:
    """The sections of a node's diagnostics; session: what there is between configure and cleanup."""

    def __init__(self, node: WorkingNode, session: Callable[[], PoseSession | None]) -> None:
        self._node, self._session = node, session
        self._received = 0

    def input(self) -> Report:
        """Say what comes in: STALE without frames, WARN while something is refused."""
        node, session = self._node, self._session()
        refusals = node.refusals.look()
        values = refusal_values(refusals)
        inputs = None if session is None else session.inputs
        if inputs is None:
            return Report(WARN, "not active: configure and activate the node", values)
        received = inputs.guardian.received
        values["images"] = str(received)
        ceased, self._received = received == self._received, received
        values |= {f"unmatched.{topic}": str(count) for topic, count in inputs.guardian.unmatched.items()}
        worst = worst_recent(refusals, EXPECTED)
        silent = node.now_s() - inputs.last_frame_s > node.value("stale_after_s")
        if not silent and not worst:
            return Report(OK, "frames come in", values)
        message = worst or f"no frames: {self._missing(ceased)}"
        node.get_logger().warning(message, throttle_duration_sec=LOG_PERIOD_S)
        return Report(WARN if worst else STALE, message, values)

    def objects(self) -> Report:
        """Say what is tracked: ERROR where a mesh can't be used or there is no object, WARN while one is lost."""
        session = self._session()
        if session is None:
            return Report(WARN, "not active")
        unusable = "; ".join(f"{name}: {why}" for name, why in session.unusable.items())
        values = dict(session.unusable)
        if session.inputs is None:
            return Report(ERROR if unusable else WARN, unusable or "not active", values)
        states = session.pipeline.tracker.states()
        values |= {id: state.name for id, state in states.items()}
        values["step_ms"] = f"{session.pipeline.step_s * 1000:.1f}"
        if unusable:
            return Report(ERROR, unusable, values)
        if not states:
            return Report(ERROR, "no objects: set the parameter objects, or call ~/add_object", values)
        lost = [id for id, state in states.items() if state is TrackState.LOST]
        if lost:
            return Report(WARN, f"lost: {', '.join(lost)}", values)
        waiting = [id for id, state in states.items() if state is TrackState.SEARCHING]
        return Report(
            OK, f"waiting for a mask of {', '.join(waiting)}" if waiting else "all objects are tracked", values
        )

    def output(self) -> Report:
        """Say in which frame poses are published; WARN where TF lacks what that needs."""
        session = self._session()
        output_frame = None if session is None else session.output_frame
        if output_frame is None:
            return Report(OK, "poses in the image's frame")
        values = {"output_frame": output_frame.settings.frame_id}
        if fault := output_frame.fault:
            self._node.get_logger().warning(fault, throttle_duration_sec=LOG_PERIOD_S)
            return Report(WARN, fault, values)
        return Report(OK, f"poses in {output_frame.settings.frame_id}", values)

    def onboarding(self) -> Report:
        """Say how far the node is with an object that it is shown."""
        session = self._session()
        return Report(OK, "not configured") if session is None else session.onboarding.report()

    def _missing(self, ceased: bool) -> str:
        """ceased: no image has come since the last report."""
        node = self._node
        topics = (*image_topics(node, node.value("rgb_transport"), node.value("depth_transport")), "rgb/camera_info")
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
