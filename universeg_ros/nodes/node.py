"""The node of segmentation_node."""

from typing import Any

from foundation_pose_ros.nodes.diagnostics import DiagnosticsPublisher
from foundation_pose_ros.nodes.image_transport import transported
from foundation_pose_ros.nodes.lifecycle_node import WorkingNode

from ..network.model import UniverSeg
from .parameters import SEGMENTATION_NODE
from .session import SegmentationSession
from .status_report import SegmentationReport


class SegmentationNode(WorkingNode):
    """Configure reads the weights and the configured sets and offers the services; activate starts to work.

    A set that can't be read is reported in /diagnostics and left out. model: a network in place of the one whose
    weights are configured. session: None before configure and after cleanup.
    """

    def __init__(self, model: UniverSeg | None = None, **node_arguments: Any) -> None:
        super().__init__("segmentation_node", SEGMENTATION_NODE, **node_arguments)
        self.session: SegmentationSession | None = None
        self._model = model
        report = SegmentationReport(self, lambda: self.session)
        self._diagnostics = DiagnosticsPublisher(self, {"segmentation": report.segmentation, "live": report.live})

    def setup(self) -> None:
        """Make the session."""
        self.session = SegmentationSession(self, self._model)

    def input_topic(self) -> str:
        """Return the topic of the live images."""
        return self.resolve_topic_name(transported(self, "image", self.value("image_transport")))
