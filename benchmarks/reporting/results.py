"""Where recordings are read from, and where measurements are written to."""

import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def data_folder(given: Path | None = None) -> Path:
    """The folder given, or that of FOUNDATION_PERCEPTION_DATA, or the one beside the repository."""
    return given or Path(os.environ.get("FOUNDATION_PERCEPTION_DATA", ROOT.parent / "shared" / "data"))


def result_file(name: str) -> Path:
    """benchmarks/results/NAME."""
    return ROOT / "benchmarks" / "results" / name


def provenance(report: dict[str, Any]) -> str:
    """Command, machine, day and commit."""
    machine = report["machine"]
    return (
        f"`{report['command']}`, {machine['cpu']}, {machine['cores']} cores, {report['created'][:10]}, "
        f"commit {report['commit']}."
    )
