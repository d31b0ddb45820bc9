"""Where the figures of a measurement come from, in one line."""

from typing import Any


def provenance(report: dict[str, Any]) -> str:
    """Command, machine, day and commit."""
    machine = report["machine"]
    return (
        f"`{report['command']}`, {machine['cpu']}, {machine['cores']} cores, {report['created'][:10]}, "
        f"commit {report['commit']}."
    )
