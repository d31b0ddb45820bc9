"""The node of browser_node."""

from typing import Any

from ..diagnostics import ERROR, OK, STALE, WARN, DiagnosticsPublisher, Report, refusal_values, worst_recent
from ..lifecycle_node import WorkingNode
from ..overlay.session import MESH_READER
from ..parameters import declare, validator
from ..pose.inputs import image_topics
from .parameters import BROWSER_NODE
from .session import BrowserSession


class BrowserNode(WorkingNode):
    """Configure reads meshes and serves the page; activate subscribes and fills it.

    session: None before configure and after cleanup.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("browser_node", **node_arguments)
        declare(self, BROWSER_NODE)
        MESH_READER.start()
        self.add_on_set_parameters_callback(validator(BROWSER_NODE))
        self.session: BrowserSession | None = None
        self._diagnostics = DiagnosticsPublisher(self, {"page": self._report})
        if self.value("autostart"):
            self.start_by_itself()

    def setup(self) -> None:
        """Make the session."""
        self.session = BrowserSession(self)

    def input_topic(self) -> str:
        """Return the topic of the colour images."""
        return self.resolve_topic_name(image_topics(self, self.value("rgb_transport"), "raw")[0])

    def _report(self) -> Report:
        """ERROR where a mesh can't be used, STALE where somebody looks at no images, WARN where one is refused."""
        session, refusals = self.session, self.refusals.look()
        reported = refusal_values(refusals)
        if session is None or session.view.inputs is None:
            return Report(WARN, "not active: configure and activate the node", reported)
        reported |= session.unusable | {"viewers": str(session.page.viewers)}
        if session.unusable:
            return Report(ERROR, "; ".join(f"{name}: {why}" for name, why in session.unusable.items()), reported)
        if worst := worst_recent(refusals):
            return Report(WARN, worst, reported)
        if session.page.viewers and not session.has_images:
            return Report(STALE, f"no images on {self.input_topic()}, or none with depth and camera_info", reported)
        return Report(OK, "the page is served", reported)
