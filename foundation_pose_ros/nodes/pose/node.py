"""The node of pose_node."""

from collections.abc import Mapping
from typing import Any

from ..diagnostics import DiagnosticsPublisher
from ..image_transport import transported
from ..lifecycle_node import WorkingNode
from .parameters import POSE_NODE
from .session import MESH_READER, PoseSession
from .settings import contradiction
from .status_report import PoseReport


class PoseNode(WorkingNode):
    """Configure loads meshes and makes outputs and services; activate subscribes and starts the worker.

    A mesh that can't be used is reported in /diagnostics and left out; the other objects are tracked all the same.
    session: None before configure and after cleanup.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("pose_node", POSE_NODE, **node_arguments)
        MESH_READER.start()
        self.add_post_set_parameters_callback(self._take_up)
        self.session: PoseSession | None = None
        report = PoseReport(self, lambda: self.session)
        self._diagnostics = DiagnosticsPublisher(
            self,
            {
                "input": report.input,
                "objects": report.objects,
                "output": report.output,
                "onboarding": report.onboarding,
            },
        )

    def setup(self) -> None:
        """Make the session."""
        self.session = PoseSession(self)

    def input_topic(self) -> str:
        """Return the topic of the colour images."""
        return self.resolve_topic_name(transported(self, "rgb/image", self.value("rgb_transport")))

    def contradiction(self, values: Mapping[str, Any]) -> str:
        """Say in words which values can't be true together."""
        return contradiction(values)

    def _take_up(self, _changed: list[Any]) -> None:
        if self.session is not None:
            self.session.settings_changed = True
