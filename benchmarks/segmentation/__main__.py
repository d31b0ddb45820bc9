"""`python -m benchmarks.segmentation`: how fast, how frugal and how right segmentation is; part of `make bench`.

Writes benchmarks/results/segmentation_speed.json and segmentation_accuracy.json, and their tables in the documents.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.reporting import documents as tables
from benchmarks.segmentation import accuracy as segmentation_accuracy
from benchmarks.segmentation import speed as segmentation_speed
from foundation_pose_ros import InputRefused
from foundation_pose_ros.evaluation.provenance import commit, machine, version

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"


def main(
    data: Annotated[
        Path | None, typer.Option(help="Folder of data; FOUNDATION_PERCEPTION_DATA, else ../shared/data.")
    ] = None,
    only: Annotated[str, typer.Option(help="speed or accuracy; both where empty.")] = "",
    weights: Annotated[str, typer.Option(help="Accuracy of these alone: default or research; the others' stays.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="A little of everything: writes nothing.")] = False,
) -> None:
    """Measure, and write JSON and tables."""
    data = data or Path(os.environ.get("FOUNDATION_PERCEPTION_DATA", ROOT.parent / "shared" / "data"))
    if only != "accuracy":
        found = {"speed": segmentation_speed.measure(rounds=1 if quick else 3)}
        _write("segmentation_speed.json", "python -m benchmarks.segmentation --only speed", found, quick)
    if only != "speed":
        try:
            found = segmentation_accuracy.measure(data, quick, [weights] if weights else segmentation_accuracy.WEIGHTS)
        except InputRefused as refused:
            Console(stderr=True).print(f"accuracy: left out: {refused}")
            return
        former = RESULTS / "segmentation_accuracy.json"
        if weights and former.is_file():
            found["weights"] = json.loads(former.read_text())["weights"] | found["weights"]
        _write(former.name, "python -m benchmarks.segmentation --only accuracy", found, quick)


def _write(name: str, command: str, found: dict[str, Any], quick: bool) -> None:
    origin = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version(),
        "commit": commit(),
        "machine": machine(),
        "command": command,
    }
    if quick:
        print(json.dumps(found))
        return
    report = origin | found
    (RESULTS / name).write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")
    tables.write(name, report)
    Console(stderr=True).print(f"written to {RESULTS / name}")


if __name__ == "__main__":
    typer.run(main)
