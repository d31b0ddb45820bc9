"""`python -m benchmarks.nodes.grasps`: grasps before a simulated arm, by poses that pose_node finds.

The example in examples/manipulation, with arm_node, pose_node and pick.py in a process each, over real DDS. Writes
benchmarks/results/grasps.json and its table.
"""

import json
import os
import subprocess
import tempfile
from collections import Counter, defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
import yaml

from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part
from benchmarks.reporting.results import ROOT, origin
from foundation_pose_ros.nodes.demo.child_process import child_process
from foundation_pose_ros.nodes.demo.run import own_domain_id
from foundation_pose_ros.runtime.provenance import provenance

EXAMPLE = ROOT / "examples" / "manipulation"
# What a gripper of two fingers forgives.
RIGHT_MM, RIGHT_DEG = 5.0, 3.0


def main(
    scenes: Annotated[int, typer.Option(help="How many scenes.")] = 50,
    seed: Annotated[int, typer.Option(help="Number of the first one.")] = 0,
    kept: Annotated[
        Path | None, typer.Option(help="JSON file for picks as they come: a run that was ended goes on from it.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Measure, and write JSON and table."""
    report = provenance({"scenes": scenes, "seed": seed}) | {
        "command": "python -m benchmarks.nodes.grasps",
        "picks": picks(scenes, seed, kept),
        "load": os.getloadavg()[2],
    }
    publish(PART, report, output)
    print(PART.markdown(report))


def picks(scenes: int, seed: int = 0, kept: Path | None = None) -> list[dict[str, Any]]:
    """Return what came of each scene, as `Pick` of the example says it; raises CalledProcessError.

    kept: what is in that file isn't done again, and stays there whatever comes later.
    """
    with tempfile.TemporaryDirectory() as folder, own_domain_id() as domain_id, ExitStack() as stack:
        meshes, parameters = Path(folder, "meshes"), Path(folder, "pose_node.yaml")
        parameters.write_text(yaml.safe_dump({"/**": {"ros__parameters": _parameters(meshes)}}), encoding="utf-8")
        environment = os.environ | {
            "ROS_DOMAIN_ID": str(domain_id),
            "FASTDDS_DEFAULT_PROFILES_FILE": str(ROOT / "config" / "fastdds.xml"),
        }
        given = ["--ros-args", "-p", f"folder:={meshes}"]
        stack.enter_context(child_process(EXAMPLE / "arm_node.py", given, environment))
        given = ["--ros-args", "--params-file", str(parameters)]
        stack.enter_context(child_process("foundation_pose_ros.nodes.pose_node", given, environment))
        output = kept or Path(folder, "picks.json")
        asked = [f"--folder={meshes}", f"--scenes={scenes}", f"--seed={seed}", f"--output={output}", "--resume"]
        process = stack.enter_context(child_process(EXAMPLE / "pick.py", asked, environment))
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, process.args)
        found: list[dict[str, Any]] = json.loads(output.read_text(encoding="utf-8"))
        return found


def is_right(pick: dict[str, Any]) -> bool:
    """Tell whether a gripper would hold the object there."""
    return pick["apart_mm"] is not None and pick["apart_mm"] <= RIGHT_MM and pick["turned_deg"] <= RIGHT_DEG


def table(report: dict[str, Any]) -> str:
    """Write how many grasps are right, and how far off they are, by kind of object."""
    by_object = defaultdict(list)
    for pick in report["picks"]:
        by_object[pick["object"]].append(pick)
    lines = [
        "| object | scenes | found by search | by mask | within 5 mm and 3° | median off | 90 % | time, median |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, some in [*sorted(by_object.items()), ("all", report["picks"])]:
        found = [pick for pick in some if pick["apart_mm"] is not None]
        apart, turned, time_s = (
            np.array([pick[key] for pick in found]) for key in ("apart_mm", "turned_deg", "found_s")
        )
        by = Counter(pick["by"] for pick in found)
        cells = ["", "", ""]
        if found:
            off = [f"{np.quantile(apart, q):.1f} mm, {np.quantile(turned, q):.1f}°" for q in (0.5, 0.9)]
            cells = [*off, f"{np.median(time_s):.1f} s"]
        right = sum(map(is_right, some))
        counts = (len(some), by["search"], by["mask"], right)
        lines.append(f"| {name} | " + " | ".join([*map(str, counts), *cells]) + " |")
    return "\n".join([*lines, "", f"{origin(report)} Load of the machine meanwhile: {report['load']:.1f}."])


def _parameters(meshes: Path) -> dict[str, Any]:
    return {"output_frame": "base_link", "transform_wait_s": 1.0, "mesh_directories": [str(meshes)], "start": "search"}


PART = Part(
    name="grasps",
    about="grasps before a simulated arm, by poses in base_link",
    result="grasps.json",
    tables={"grasps": table},
    in_bench=False,
)


if __name__ == "__main__":
    typer.run(main)
