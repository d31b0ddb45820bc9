"""The node of overlay_node."""

from typing import Any

from ..diagnostics import ERROR, OK, STALE, WARN, DiagnosticsPublisher, Report, refusal_values, worst_recent
from ..lifecycle_node import WorkingNode
from ..parameters import declare, validator, values
from ..pose.inputs import image_topics
from .parameters import OVERLAY_NODE
from .session import MESH_READER, OverlaySession


class OverlayNode(WorkingNode):
    """Configure reads meshes and makes outputs and the service; activate subscribes and draws.

    session: None before configure and after cleanup.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("overlay_node", **node_arguments)
        declare(self, OVERLAY_NODE)
        MESH_READER.start()
        self.add_on_set_parameters_callback(validator(OVERLAY_NODE))
        self.session: OverlaySession | None = None
        self._diagnostics = DiagnosticsPublisher(self, {"overlay": self._report})
        if self.value("autostart"):
            self.start_by_itself()

    def setup(self) -> None:
        """Make the session."""
        self.session = OverlaySession(self)

    def input_topic(self) -> str:
        """Return the topic of the colour images."""
        return self.resolve_topic_name(image_topics(self, self.value("rgb_transport"), "raw")[0])

    def _report(self) -> Report:
        """ERROR where a mesh can't be used, STALE where nobody sends images, WARN where something is refused."""
        session, refusals = self.session, self.refusals.look()
        reported = refusal_values(refusals)
        if session is None or session.view.inputs is None:
            return Report(WARN, "not active: configure and activate the node", reported)
        reported |= session.unusable
        reported |= {"pictures": str(session.view.pictures), "drawing_ms": f"{1000 * session.view.drawing_s:.1f}"}
        if session.unusable:
            return Report(ERROR, "; ".join(f"{name}: {why}" for name, why in session.unusable.items()), reported)
        if worst := worst_recent(refusals):
            return Report(WARN, worst, reported)
        if not session.wanted:
            return Report(OK, "nobody listens, nothing is recorded: nothing is drawn", reported)
        if self.now_s() - session.view.last_image_s > values(self, OVERLAY_NODE)["oldest_pose_s"] + 1.0:
            return Report(STALE, f"no images on {self.input_topic()}, or none with depth and camera_info", reported)
        return Report(OK, "pictures are drawn", reported)
