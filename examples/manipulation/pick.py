"""Finds objects before a simulated arm, scene after scene, and says where the gripper takes each.

    ros2 launch foundation_perception manipulation.launch.py

or, beside arm_node.py and a pose_node with output_frame:=base_link and arm_node's folder among mesh_directories,

    python examples/manipulation/pick.py --folder meshes --scenes 3
"""

import argparse
import json
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import rclpy
from foundation_perception.client import NoAnswer, NotFound, ObjectPose, PoseClient
from grasps import Gripper, grasp, grasp_error
from simulation import Scene, Simulation

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.atomic_file import write_text

# To a gripper it is all the same how a can is turned. Left to itself, pose_node tells turns apart by the print, and is
# less sure of a pose whose turn it doubts.
ROUND, ROUND_OBJECTS = "continuous: [{axis: [0, 0, 1]}]", ("bottle", "soda_can")
# A search that isn't sure by then gets a mask. That takes a second, and minutes on a machine full of others' work: what
# isn't found by then counts as not found.
_SEARCH_S, _MASK_S = 12.0, 300.0
# Of one scene, where pose_node doesn't answer at all.
_TRIES = 3


@dataclass(frozen=True)
class Pick:
    """One scene: how far the grasp is from that at the true pose; None where the object wasn't found, and why.

    scene: its number, arm_node's seed. T_base_tool: 16 numbers, row after row. found_s: from the question to the pose.
    by: "search" or "mask", whichever found it.
    """

    scene: int
    object: str
    apart_mm: float | None = None
    turned_deg: float | None = None
    score: float | None = None
    found_s: float | None = None
    by: str = ""
    T_base_tool: list[float] | None = None
    why: str = ""


def pick(client: PoseClient, number: int, scene: Scene, folder: Path, min_score: float) -> Pick:
    """Add an object, find it, and compute the grasp; the true pose only says how good that is.

    What pose_node refuses, or doesn't find in time, is a pick that failed; where it doesn't answer, it is asked anew.
    """
    name, why = Path(scene.mesh).stem, ""
    for _ in range(_TRIES):
        try:
            client.add_object(name, scene.mesh, symmetries=ROUND if name in ROUND_OBJECTS else "")
            began_s = time.monotonic()
            pose, by = _found(client, name, scene, min_score)
            found_s = time.monotonic() - began_s
            break
        except NotFound as refused:
            why = str(refused)
            if not isinstance(refused, NoAnswer):
                return Pick(number, name, why=why)
        finally:
            with suppress(NotFound):
                client.remove_object(name)
    else:
        return Pick(number, name, why=why)
    model = ObjectModel.from_mesh(folder / scene.mesh)
    T_obj_tool = grasp(pose.T_frame_obj, model, Gripper())
    apart_mm, turned_deg = grasp_error(pose.T_frame_obj, scene.T_base_obj, T_obj_tool, model)
    T_base_tool = (pose.T_frame_obj @ T_obj_tool).ravel().tolist()
    return Pick(number, name, apart_mm, turned_deg, pose.score, found_s, by, T_base_tool)


def _found(client: PoseClient, name: str, scene: Scene, min_score: float) -> tuple[ObjectPose, str]:
    """Let pose_node search for an object; where it isn't sure in time, send it a detector's mask. Raises NotFound."""
    wanted = {"min_score": min_score, "max_age_s": 5.0}
    try:
        return client.find(name, timeout_s=_SEARCH_S, **wanted), "search"
    except NotFound:
        return client.find(name, scene.mask, timeout_s=_MASK_S, **wanted), "mask"


def main(arguments: list[str] | None = None) -> list[Pick]:
    """Go through the scenes, print each, and write it at once where a JSON file is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="where arm_node writes meshes")
    parser.add_argument("--scenes", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0, help="number of the first scene")
    parser.add_argument("--min-score", type=float, default=0.6)
    parser.add_argument("--output", type=Path, help="JSON file for what came of each scene, written after each")
    parser.add_argument("--resume", action="store_true", help="go on with the scenes that aren't in that file")
    options = parser.parse_args(arguments)
    picks = _picked(options.output) if options.resume and options.output else []
    rclpy.init()
    simulation = Simulation()
    try:
        with PoseClient() as client:
            done = {one.scene for one in picks}
            for number in range(options.seed, options.seed + options.scenes):
                if number in done:
                    continue
                scene = simulation.scene(number)
                picks.append(pick(client, number, scene, options.folder, options.min_score))
                print(_words(picks[-1]), flush=True)
                if options.output is not None:
                    write_text(options.output, json.dumps([asdict(one) for one in picks], indent=1))
    except TimeoutError as silence:
        sys.exit(f"{silence}; --output and --resume go on where it ended")
    finally:
        simulation.close()
        rclpy.try_shutdown()
    return picks


def _picked(path: Path) -> list[Pick]:
    """What an earlier run wrote; nothing where there was none."""
    return [Pick(**one) for one in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []


def _words(one: Pick) -> str:
    if one.apart_mm is None:
        return f"{one.object}: not found: {one.why}"
    return (
        f"{one.object}: grasp off by {one.apart_mm:.1f} mm and {one.turned_deg:.1f} deg, score {one.score:.2f}, "
        f"found by {one.by} in {one.found_s:.1f} s"
    )


if __name__ == "__main__":
    main()
