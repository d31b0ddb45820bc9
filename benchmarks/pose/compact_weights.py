"""Which weights of a compact network were measured, as reports and tables say it."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.reporting.parts import Report
from foundation_pose_ros.networks.shipped_weights import FOLDER
from foundation_pose_ros.networks.training_facts import TrainingFacts


def measured_weights(module: str, path: Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    """Return what a report says of the weights in a file: the command to measure them, what they are, and the hash."""
    asked = "" if path.parent == FOLDER else f" --weights {path.parent}"
    return {
        "command": f"python -m benchmarks.pose.{module}{asked}",
        "weights": dict(metadata),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def weights_in_words(report: Report) -> str:
    """Say for a table which weights a report is about."""
    return f"Weights: {TrainingFacts.from_metadata(report['weights'])}"
