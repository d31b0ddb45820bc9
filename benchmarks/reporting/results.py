"""Where measurements read their data, and how their results are written and signed."""

import json
import os
from pathlib import Path
from typing import Any

from foundation_pose_ros.atomic_file import write_text

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"


def data_folder(given: Path | None = None) -> Path:
    """Return the folder given, or that of FOUNDATION_PERCEPTION_DATA, or the one beside the repository."""
    return given or Path(os.environ.get("FOUNDATION_PERCEPTION_DATA", ROOT.parent / "shared" / "data"))


def result_file(name: str) -> Path:
    """Return benchmarks/results/NAME."""
    return RESULTS / name


def write_report(path: Path, report: dict[str, Any]) -> None:
    """Write a report as JSON, whole or not at all; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(report, indent=1, allow_nan=False) + "\n")


def origin(report: dict[str, Any]) -> str:
    """Return the line that stands below a table: command, machine, day and commit."""
    machine = report["machine"]
    return (
        f"`{report['command']}`, {machine['cpu']}, {machine['cores']} cores, {report['created'][:10]}, "
        f"commit {report['commit']}."
    )
