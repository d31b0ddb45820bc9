"""The node of prompt_node."""

from typing import Any

from ..diagnostics import OK, STALE, WARN, DiagnosticsPublisher, Report, refusal_values, worst_recent
from ..image_transport import transported
from ..lifecycle_node import WorkingNode
from .parameters import PROMPT_NODE
from .session import PromptSession

# Not everything that is asked for is there.
_EXPECTED = ("nothing_found", "not_found")


class PromptNode(WorkingNode):
    """Configure reads the models and offers the service; activate subscribes.

    session: None before configure and after cleanup.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("prompt_node", PROMPT_NODE, **node_arguments)
        self.session: PromptSession | None = None
        self._diagnostics = DiagnosticsPublisher(self, {"prompts": self._report})

    def setup(self) -> None:
        """Make the session."""
        self.session = PromptSession(self)

    def input_topic(self) -> str:
        """Return the topic of the colour images."""
        return self.resolve_topic_name(transported(self, "rgb/image", self.value("rgb_transport")))

    def _report(self) -> Report:
        """Report on images and requests: STALE without images, WARN while something is refused."""
        refusals = self.refusals.look()
        values, session = refusal_values(refusals), self.session
        if session is None or not self.active:
            return Report(WARN, worst_recent(refusals) or "not active: configure and activate the node", values)
        values |= {
            "images": str(session.last.count),
            "finder": session.finder.finder_name or "none: names alone are understood",
            "objects": ", ".join(session.known),
        }
        if session.last.message is None or self.now_s() - session.last.heard_s > self.value("stale_after_s"):
            return Report(STALE, f"no images on {self.input_topic()}: remap rgb/image to the camera's topic", values)
        worst = worst_recent(refusals, _EXPECTED)
        return Report(WARN, worst, values) if worst else Report(OK, "images come in", values)
