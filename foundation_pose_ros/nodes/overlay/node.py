"""The node of overlay_node."""

from typing import Any

from .live_node import LiveNode
from .parameters import OVERLAY_NODE
from .session import OverlaySession


class OverlayNode(LiveNode):
    """Configure reads meshes and makes outputs and the service; activate subscribes and draws.

    session: None before configure and after cleanup.
    """

    session: OverlaySession | None

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("overlay_node", OVERLAY_NODE, "overlay", **node_arguments)

    def setup(self) -> None:
        """Make the session."""
        self.session = OverlaySession(self)
