"""`python -m benchmarks.segmentation`: how fast, how frugal and how right segmentation is; part of `make bench`.

Writes benchmarks/results/segmentation_speed.json and segmentation_accuracy.json, and their tables in the documents.
"""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Report, Scope
from benchmarks.reporting.results import data_folder
from benchmarks.segmentation import accuracy, speed
from foundation_pose_ros import InputRefused


def main(
    data: Annotated[
        Path | None, typer.Option(help="Folder of data; FOUNDATION_PERCEPTION_DATA, else ../shared/data.")
    ] = None,
    only: Annotated[str, typer.Option(help="speed or accuracy; both where empty.")] = "",
    weights: Annotated[str, typer.Option(help="Accuracy of these alone: default or research; the others' stays.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="A little of everything: writes nothing.")] = False,
) -> None:
    """Measure, and write JSON and tables."""
    scope = Scope(data_folder(data), quick)
    if only != "accuracy":
        report = speed.measure(scope) | {"command": "python -m benchmarks.segmentation --only speed"}
        if not quick:
            publish(speed.PART, report)
        print(speed.PART.markdown(report))
    if only != "speed":
        try:
            report = accuracy.measure(scope, [weights] if weights else accuracy.WEIGHTS)
        except InputRefused as refused:
            Console(stderr=True).print(f"accuracy: left out: {refused}")
            return
        report |= {"command": "python -m benchmarks.segmentation --only accuracy"}
        if not quick:
            publish(accuracy.PART, _with_former(report) if weights else report)


def _with_former(report: Report) -> Report:
    """The report, and what the one that is there says of other weights."""
    former = accuracy.PART.path
    if not former.is_file():
        return report
    return report | {"weights": json.loads(former.read_text(encoding="utf-8"))["weights"] | report["weights"]}


if __name__ == "__main__":
    typer.run(main)
