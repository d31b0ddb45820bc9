"""What nodes that draw live pictures share: parameters, the reading of meshes, their input, and what they report."""

from collections.abc import Sequence
from typing import Any, Protocol

from ..diagnostics import ERROR, OK, STALE, WARN, DiagnosticsPublisher, Report, refusal_values, worst_recent
from ..image_transport import transported
from ..lifecycle_node import Session, WorkingNode
from ..parameters import Row
from .live_view import MESH_READER, LiveView


class LiveSession(Session, Protocol):
    """What such a node has between configure and cleanup."""

    view: LiveView

    @property
    def figures(self) -> dict[str, str]:
        """Return what is reported beside refusals."""
        ...

    @property
    def lacks_images(self) -> bool:
        """Tell whether somebody wants pictures and no images come in."""
        ...

    @property
    def occupation(self) -> str:
        """Say what is done while all is well."""
        ...


class LiveNode(WorkingNode):
    """A node whose session draws live pictures; configure reads meshes, activate subscribes and draws."""

    session: LiveSession | None

    def __init__(self, name: str, table: Sequence[Row], reported: str, **node_arguments: Any) -> None:
        """table: its parameters. reported: name of its report in /diagnostics."""
        super().__init__(name, table, **node_arguments)
        MESH_READER.start()
        self._diagnostics = DiagnosticsPublisher(self, {reported: self._report})

    def input_topic(self) -> str:
        """Return the topic of the colour images."""
        return self.resolve_topic_name(transported(self, "rgb/image", self.value("rgb_transport")))

    def _report(self) -> Report:
        """ERROR where a mesh can't be used, STALE where images are missed, WARN where something is refused."""
        session, refusals = self.session, self.refusals.look()
        reported = refusal_values(refusals)
        if session is None or session.view.inputs is None:
            return Report(WARN, "not active: configure and activate the node", reported)
        unusable = session.view.unusable
        reported |= unusable | session.figures
        if unusable:
            return Report(ERROR, "; ".join(f"{name}: {why}" for name, why in unusable.items()), reported)
        if worst := worst_recent(refusals):
            return Report(WARN, worst, reported)
        if session.lacks_images:
            return Report(STALE, session.view.no_images, reported)
        return Report(OK, session.occupation, reported)
