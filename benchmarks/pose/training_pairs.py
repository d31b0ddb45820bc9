"""`python -m benchmarks.pose.training_pairs`: how many pairs the fast renderer makes for a compact scorer's training.

Processes side by side draw sets as training does: objects of the library dressed anew, clutter, shading and the defects
of cameras, six poses rendered in a crop beside the picture. Writes benchmarks/results/training_pairs.json and its
table.
"""

import time
from functools import partial
from typing import Annotated, Any

import typer

from benchmarks.calibration.workers import worker_processes
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import data_folder, origin
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.mesh_library import MeshLibrary
from foundation_pose_ros.synthetic.surface_textures import TextureLibrary
from foundation_pose_ros.training.compact_settings import CompactScoreSettings
from foundation_pose_ros.training.mixed_scenes import scenes_of
from foundation_pose_ros.training.pose_sets import PoseSets, SetSettings

PROCESSES, SECONDS = 2, 600.0
WANTED = 1_000_000
# Numbers of sets of one process begin where no other comes.
_APART = 1_000_000


def main(
    seconds: Annotated[float, typer.Option(min=1, help="How long.")] = SECONDS,
    processes: Annotated[int, typer.Option(min=1, help="Side by side, one thread each.")] = PROCESSES,
) -> None:
    """Measure, and write JSON and table."""
    report = measure(seconds, processes) | {"command": "python -m benchmarks.pose.training_pairs"}
    publish(PART, report, None)
    print(PART.markdown(report))


def measure(seconds: float, processes: int = PROCESSES) -> dict[str, Any]:
    """Count what each process makes in so many seconds, once its libraries are read."""
    with worker_processes(processes) as pool:
        made = list(pool.map(partial(_made, seconds), range(processes)))
    return provenance({"seconds": seconds, "processes": processes, "poses": SetSettings().poses}) | {
        "pairs": sum(pairs for pairs, _ in made),
        "processor_s": round(sum(processor_s for _, processor_s in made), 1),
    }


def _made(seconds: float, process: int) -> tuple[int, float]:
    """Pairs that one process makes, and its processor time."""
    data, settings = data_folder(), SetSettings()
    meshes, _ = MeshLibrary.from_folder(data / "meshes_train").parted(CompactScoreSettings.held_out)
    textures = TextureLibrary.from_folder(data / "textures_train")
    sets = PoseSets(scenes_of(meshes, textures, settings, seed=0), settings)
    # The first one compiles.
    number = process * _APART
    assert len(sets[number].error) == settings.poses
    until, before_s, pairs = time.monotonic() + seconds, time.process_time(), 0
    while time.monotonic() < until:
        number += 1
        pairs += len(sets[number].error)
    return pairs, time.process_time() - before_s


def table(report: Report) -> str:
    """Return what was made, and how long a million takes at that rate."""
    settings = report["settings"]
    a_second = report["pairs"] / settings["seconds"]
    return "\n".join(
        [
            "| processes | minutes | pairs | pairs a second | a million takes | processor time of a set |",
            "|---|---|---|---|---|---|",
            f"| {settings['processes']} | {settings['seconds'] / 60:.0f} | {report['pairs']} | {a_second:.0f} "
            f"| {WANTED / a_second / 60:.0f} minutes "
            f"| {1000 * report['processor_s'] * settings['poses'] / report['pairs']:.1f} ms |",
            "",
            origin(report),
        ]
    )


PART = Part(
    "training_pairs",
    "how many pairs are made for a compact scorer's training",
    "training_pairs.json",
    {"training_pairs": table},
)


if __name__ == "__main__":
    typer.run(main)
