"""The node of pose_node."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rcl_interfaces.msg import SetParametersResult

from ..diagnostics import DiagnosticsPublisher
from ..image_transport import transported
from ..lifecycle_node import WorkingNode
from .parameters import POSE_NODE
from .session import MESH_READER, PoseSession
from .settings import contradiction
from .status_report import PoseReport

if TYPE_CHECKING:
    from rclpy.parameter import Parameter


class PoseNode(WorkingNode):
    """Configure loads meshes and makes outputs and services; activate subscribes and starts the worker.

    A mesh that can't be used is reported in /diagnostics and left out; the other objects are tracked all the same.
    session: None before configure and after cleanup.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("pose_node", POSE_NODE, **node_arguments)
        MESH_READER.start()
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

    # Humble has no callback after parameters were set, and one before would come too early: with the old values.
    def set_parameters(self, parameter_list: "list[Parameter[Any]]") -> list[SetParametersResult]:
        """Set one after the other, and have them taken up before the next frame."""
        results = super().set_parameters(parameter_list)
        self._take_up(results)
        return results

    def set_parameters_atomically(self, parameter_list: "list[Parameter[Any]]") -> SetParametersResult:
        """Set all or none, and have them taken up before the next frame."""
        result = super().set_parameters_atomically(parameter_list)
        self._take_up([result])
        return result

    def _take_up(self, results: list[SetParametersResult]) -> None:
        if self.session is not None and any(result.successful for result in results):
            self.session.settings_changed = True
