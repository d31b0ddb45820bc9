"""`make bench`: how long registration and tracking take, how right they are, and what the ray caster alone could do.

Everything is measured in one run on one machine; times are to be compared as ratios to the floor that is measured
between them. Writes benchmarks/results/cpu.json, and the tables in docs/benchmarks.md and README.md from it; then what
has a file of its own there: other methods, scaling, losses, synthetic scenes, segmentation, models from views.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console

from benchmarks.baselines import compare as side_by_side
from benchmarks.pose import accuracy, learned, scaling, speed
from benchmarks.pose import occlusion_and_speed as synthetic
from benchmarks.pose import track_loss as losses
from benchmarks.reconstruction import fusion as reconstruction
from benchmarks.reconstruction import neural_field
from benchmarks.reporting import documents as tables
from benchmarks.reporting.results import data_folder, result_file
from benchmarks.segmentation import __main__ as segmentation
from foundation_pose_ros import ObjectModel
from foundation_pose_ros.evaluation.provenance import commit, machine, version
from foundation_pose_ros.synthetic.meshes import make_mesh

RESULT = result_file("cpu.json")


def main(
    data: Annotated[
        Path | None, typer.Option(help="Folder of recordings; FOUNDATION_PERCEPTION_DATA, or ../shared/data.")
    ] = None,
    output: Annotated[Path, typer.Option(help="The JSON file.")] = RESULT,
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of everything: to try the benchmarks out.")] = False,
) -> None:
    """Measure, and write JSON and tables."""
    console = Console(stderr=True)
    data = data_folder(data)
    report: dict[str, Any] = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version(),
        "commit": commit(),
        "machine": machine(),
        "command": "make bench",
    }
    console.print("speed: registration, tracking and the ray caster, on rendered scenes")
    report["speed"] = speed.measure(rounds=1 if quick else 8)
    console.print("accuracy: rendered scenes")
    report["accuracy"] = accuracy.on_rendered_scenes(seeds=1 if quick else 4)
    console.print(f"accuracy: recordings in {data / 'pose'}")
    report["accuracy"] += accuracy.on_recordings(data / "pose", quick)
    output.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")
    if output == RESULT and not quick:
        tables.write(RESULT.name, report)
    console.print(f"written to {output}")
    for name, measure in _further(data, quick).items():
        console.print(name)
        found = measure() | {"command": "make bench"}
        if not quick:
            output.with_name(f"{name}.json").write_text(json.dumps(found, indent=1, allow_nan=False) + "\n")
        if output == RESULT and not quick:
            tables.write(f"{name}.json", found)
    console.print("segmentation: time, memory, and Dice of the shipped weights")
    segmentation.main(data, quick=quick)
    console.print("models from views: fusion, the neural field and Open3D's pipeline")
    if quick:
        reconstruction.measure(ObjectModel.from_mesh(make_mesh("mug"), "mug"), scenes=1, frames=1)
        neural_field.measure(["mug"], steps=50)
    else:
        reconstruction.main(data / "meshes")
        neural_field.main()
    if torch.cuda.is_available():
        console.print("learned methods on CUDA: 252 hypotheses, five iterations, scores; a tracking step")
        learned.main(device="cuda", rounds=2 if quick else None)
    print(tables.headline(report))


def _further(data: Path, quick: bool) -> dict[str, Callable[[], dict[str, Any]]]:
    """What has a result file of its own, by its name."""
    stages: dict[str, Callable[[], dict[str, Any]]] = {
        "side_by_side": partial(side_by_side.measure, 1 if quick else 3, data),
        "scaling": partial(scaling.measure, 1 if quick else 4),
        "losses": partial(losses.measure, 1 if quick else 8, 1 if quick else 4, data),
    }
    return stages if quick else stages | {"synthetic": partial(synthetic.measure, 1, data)}


if __name__ == "__main__":
    typer.run(main)
