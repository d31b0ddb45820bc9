"""`python -m benchmarks.pose.compact_time`: what the compact networks' word costs a registration.

Objects of recordings are registered from their masks by learning-free methods, with the compact scorer's word and with
the compact refiner's steps, in turns; of each the least processor time counts.
"""

import time
from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.pose.compact_registrations import RECORDINGS
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import data_folder, origin
from foundation_pose_ros import Frame, PoseEstimator
from foundation_pose_ros.arrays import Mask
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.method_choice import MethodChoice
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.runtime.provenance import provenance

TURNS = 4
CHOICES = {
    "learning-free": MethodChoice("geometric", "geometric", threads=1),
    "with the scorer": MethodChoice("geometric", "compact", threads=1),
    "with the refiner": MethodChoice("compact", "geometric", threads=1),
}


def main(turns: Annotated[int, typer.Option(min=1, help="Of each object in each way.")] = TURNS) -> None:
    """Measure, and write JSON and table."""
    report = measure(turns) | {"command": "python -m benchmarks.pose.compact_time"}
    publish(PART, report, None)
    print(PART.markdown(report))


def measure(turns: int = TURNS) -> Report:
    """Return each object's least processor time of a registration in each way, in milliseconds."""
    rows = [{"object": label} | _least_ms(model, frame, mask, turns) for label, model, frame, mask in _objects()]
    return provenance({"turns": turns}) | {"rows": rows}


def _least_ms(model: ObjectModel, frame: Frame, mask: Mask, turns: int) -> dict[str, Any]:
    estimators = {name: PoseEstimator([model], methods=choice.methods()) for name, choice in CHOICES.items()}
    times_ms: dict[str, list[float]] = {name: [] for name in estimators}
    # The first one compiles and reads.
    for turn in range(turns + 1):
        for name, estimator in estimators.items():
            begun = time.process_time()
            estimator.register(frame, mask)
            if turn:
                times_ms[name].append(1000 * (time.process_time() - begun))
    return {name: round(min(taken), 1) for name, taken in times_ms.items()}


def _objects() -> Iterator[tuple[str, ObjectModel, Frame, Mask]]:
    """Each object of the recordings, in the first frame that marks it."""
    for recording in RECORDINGS:
        sequence = open_sequence(data_folder() / "pose" / recording)
        for name in sequence.object_names:
            for frame_id in sequence.frame_ids:
                if (mask := sequence.mask(frame_id, name)) is not None and mask.any():
                    yield f"{recording}: {name}", sequence.model(name), sequence.frame(frame_id), mask
                    break


def table(report: Report) -> str:
    """Return each object's times, and their ratio to learning-free ones."""
    free, *others = CHOICES
    lines = [
        f"| | {free}, ms | {' | '.join(f'{name}, ms | times' for name in others)} |",
        "|---|---" + "|---|---" * len(others) + "|",
    ]
    for row in report["rows"]:
        cells = " | ".join(f"{row[name]:.0f} | {row[name] / row[free]:.2f}" for name in others)
        lines.append(f"| {row['object']} | {row[free]:.0f} | {cells} |")
    ratios = {name: np.array([row[name] / row[free] for row in report["rows"]]) for name in others}
    totals = {
        name: sum(row[name] for row in report["rows"]) / sum(row[free] for row in report["rows"]) for name in others
    }
    said = "; ".join(
        f"{name} {totals[name]:.2f} times in all, median {np.median(ratio):.2f}, at most {ratio.max():.2f}"
        for name, ratio in ratios.items()
    )
    settings = report["settings"]
    return "\n".join([*lines, "", f"Least of {settings['turns']} each, one thread; {said}. {origin(report)}"])


PART = Part(
    "compact_time",
    "what the compact networks' word costs a registration",
    "compact_time.json",
    {"compact_time": table},
)


if __name__ == "__main__":
    typer.run(main)
