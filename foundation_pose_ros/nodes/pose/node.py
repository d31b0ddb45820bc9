"""The node of pose_node."""

from typing import Any

from rcl_interfaces.msg import SetParametersResult

from ..diagnostics import DiagnosticsPublisher
from ..lifecycle_node import WorkingNode
from ..parameters import declare, validator, values
from .inputs import image_topics
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
        super().__init__("pose_node", **node_arguments)
        declare(self, POSE_NODE)
        if fault := contradiction(values(self, POSE_NODE)):
            raise ValueError(fault)
        MESH_READER.start()
        self.add_on_set_parameters_callback(self._on_set_parameters)
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
        if self.value("autostart"):
            self.start_by_itself()

    def setup(self) -> None:
        """Make the session."""
        self.session = PoseSession(self)

    def input_topic(self) -> str:
        """Return the topic of the colour images."""
        return self.resolve_topic_name(image_topics(self, self.value("rgb_transport"), "raw")[0])

    def _on_set_parameters(self, changed: list[Any]) -> Any:
        result = validator(POSE_NODE)(changed)
        wanted = values(self, POSE_NODE) | {parameter.name: parameter.value for parameter in changed}
        if result.successful and (fault := contradiction(wanted)):
            return SetParametersResult(successful=False, reason=fault)
        if result.successful and self.session is not None:
            self.session.settings_changed = True
        return result
