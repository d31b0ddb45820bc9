"""`python -m benchmarks.scenes.throughput`: scenes a minute against nodes of a cluster of Ray's.

Local clusters of one node, two and so on, with one processor each, make the same scenes by the fast renderer; on a
machine with fewer cores than nodes they share them. A round of all clusters runs without being counted, then the others
in turn. Writes benchmarks/results/throughput.json and its table.
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import origin
from environment.variables import THREAD_COUNTS
from foundation_pose_ros import InputRefused
from foundation_pose_ros.runtime.extras import require
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.scenes.generation import Generation, Hands, dataset_in
from foundation_pose_ros.scenes.procedural import ProceduralComposer

SCENES, ROUNDS = 8, 3


def main(
    nodes: Annotated[int, typer.Option(min=1, help="Of the largest cluster.")] = 2,
    scenes: Annotated[int, typer.Option(min=1, help="That each makes in a round.")] = SCENES,
    rounds: Annotated[int, typer.Option(min=1, help="Counted ones.")] = ROUNDS,
) -> None:
    """Measure, and write JSON and table."""
    report = measure(nodes, scenes, rounds) | {"command": "python -m benchmarks.scenes.throughput"}
    publish(PART, report, None)
    print(PART.markdown(report))


def measure(nodes: int, scenes: int, rounds: int) -> dict[str, Any]:
    """Return scenes a minute of clusters of 1 to `nodes` nodes; raises InputRefused where Ray isn't installed."""
    require("clusters of Ray", "ray")
    # A node has one processor: libraries that take more would work on the others'.
    os.environ.update(dict.fromkeys(THREAD_COUNTS, "1"))
    rates: dict[int, list[float]] = {}
    for counted in range(rounds + 1):
        for count in range(1, nodes + 1):
            rate = _scenes_a_minute(count, scenes)
            Console(stderr=True).print(f"{count} nodes: {rate:.1f} scenes a minute")
            if counted:
                rates.setdefault(count, []).append(rate)
    return provenance({"scenes": scenes, "rounds": rounds, "frames": ProceduralComposer().choices.frames}) | {
        "clusters": [
            {"nodes": count, "median": _written(np.median(values)), "spread": [_written(f(values)) for f in (min, max)]}
            for count, values in rates.items()
        ]
    }


def _written(value: Any) -> float:
    return round(float(value), 2)


def _scenes_a_minute(nodes: int, scenes: int) -> float:
    """What a new cluster makes, from when it stands to when all is done."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        for _ in range(nodes - 1):
            cluster.add_node(num_cpus=1)
        with tempfile.TemporaryDirectory() as folder:
            run = Generation(dataset_in(Path(folder)), ProceduralComposer(), scenes, hands=Hands(ray=cluster.address))
            numbers, begun_s = run.open(), time.monotonic()
            failed = [outcome.error for outcome in run.run(numbers) if outcome.error is not None]
            if failed:
                raise InputRefused("scenes_failed", f"{len(failed)} scenes weren't made: {failed[0]}")
            return 60 * scenes / (time.monotonic() - begun_s)
    finally:
        cluster.shutdown()


def table(report: Report) -> str:
    """Return scenes a minute by nodes."""
    first = report["clusters"][0]["median"]
    lines = ["| nodes, one processor each | scenes a minute | rounds | of one node's |", "|---|---|---|---|"]
    lines += [
        f"| {row['nodes']} | {row['median']:.1f} | {row['spread'][0]:.1f} to {row['spread'][1]:.1f} "
        f"| {row['median'] / first:.2f} |"
        for row in report["clusters"]
    ]
    settings = report["settings"]
    pictures = f"{settings['scenes']} scenes of {settings['frames']} pictures of 640 x 480"
    return "\n".join([*lines, "", f"{pictures}, median of {settings['rounds']} rounds. {origin(report)}"])


PART = Part("throughput", "scenes a minute against nodes of a cluster", "throughput.json", {"throughput": table})


if __name__ == "__main__":
    typer.run(main)
