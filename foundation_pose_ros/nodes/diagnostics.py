"""/diagnostics once a second: what is tracked, what was refused and why, with the fix."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType

from ..streams.refusals import Refusals

if TYPE_CHECKING:
    from rclpy.node import Node

OK, WARN, ERROR, STALE = (DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR, DiagnosticStatus.STALE)


@dataclass(frozen=True)
class Report:
    """One section: its level, one line, and values by key."""

    level: bytes
    message: str
    values: Mapping[str, str] = field(default_factory=dict)


Section = Callable[[], Report]


class DiagnosticsPublisher:
    """Publishes the sections of one node; each is asked for its report when it is due."""

    def __init__(self, node: "Node", sections: Mapping[str, Section], period_s: float = 1.0) -> None:
        self._node = node
        self._sections = dict(sections)
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # Not the node's clock, which stands still under use_sim_time until a recording is played.
        self._timer = node.create_timer(period_s, self.publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def publish(self) -> None:
        """Publish now."""
        message = DiagnosticArray()
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.status = [self._status(name, section) for name, section in self._sections.items()]
        self._publisher.publish(message)

    def _status(self, name: str, section: Section) -> DiagnosticStatus:
        try:
            report = section()
        except Exception as error:  # a report that fails must not silence the others
            report = Report(ERROR, f"no report: {error}")
        return DiagnosticStatus(
            level=report.level,
            name=f"{self._node.get_fully_qualified_name().lstrip('/')}: {name}",
            message=report.message,
            hardware_id=self._node.get_name(),
            values=[KeyValue(key=key, value=value) for key, value in report.values.items()],
        )


def refusal_values(refusals: Refusals) -> dict[str, str]:
    """Return counts and last messages as values of a report."""
    values = {f"refused.{reason}": str(count) for reason, count in sorted(refusals.total.items())}
    values |= {f"fix.{reason}": message for reason, message in sorted(refusals.messages.items())}
    return values


def worst_recent(refusals: Refusals, quiet: Sequence[str] = ()) -> str:
    """Return the message of the reason that came most often since the last look; '' for none but `quiet` ones."""
    recent = {reason: count for reason, count in refusals.recent.items() if reason not in quiet}
    if not recent:
        return ""
    reason = max(recent, key=lambda r: recent[r])
    return f"{reason} ({recent[reason]} times): {refusals.messages.get(reason, '')}".rstrip(": ")
