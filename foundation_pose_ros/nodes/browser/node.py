"""The node of browser_node."""

from typing import Any

from ..overlay.live_node import LiveNode
from .parameters import BROWSER_NODE
from .session import BrowserSession


class BrowserNode(LiveNode):
    """Configure reads meshes and serves the page; activate subscribes and fills it.

    session: None before configure and after cleanup.
    """

    session: BrowserSession | None

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("browser_node", BROWSER_NODE, "page", **node_arguments)

    def setup(self) -> None:
        """Make the session."""
        self.session = BrowserSession(self)
