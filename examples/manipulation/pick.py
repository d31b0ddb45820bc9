"""Finds objects before a simulated arm, scene after scene, and says where the gripper takes each.

    ros2 launch foundation_perception manipulation.launch.py

or, beside arm_node.py and a pose_node with output_frame:=base_link and arm_node's folder among mesh_directories,

    python examples/manipulation/pick.py --folder meshes --scenes 3
"""

import argparse
import json
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import rclpy
from foundation_perception.client import NotFound, ObjectPose, PoseClient
from geometry_msgs.msg import PoseStamped
from grasps import Gripper, grasp, grasp_error
from rclpy.client import Client
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.nodes.pose.messages import from_pose
from foundation_pose_ros.streams.image_messages import to_labels

# To a gripper it is all the same how a can is turned. Left to itself, pose_node tells turns apart by the print, and is
# less sure of a pose whose turn it doubts.
ROUND, ROUND_OBJECTS = "continuous: [{axis: [0, 0, 1]}]", ("bottle", "soda_can")
_PATIENCE_S = 300.0
_SEARCH_S, _MASK_S = 12.0, 20.0
_KEPT = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@dataclass(frozen=True)
class Pick:
    """One scene: how far the grasp is from that at the true pose; None where the object wasn't found, and why.

    T_base_tool: 16 numbers, row after row. found_s: from the question to the pose. by: "search" or "mask", whichever
    found it.
    """

    object: str
    apart_mm: float | None = None
    turned_deg: float | None = None
    score: float | None = None
    found_s: float | None = None
    by: str = ""
    T_base_tool: list[float] | None = None
    why: str = ""


@dataclass(frozen=True)
class Scene:
    """One object on the table: its mesh file, where it truly is (4, 4), and a detector's mask of it (H, W)."""

    mesh: str
    T_base_obj: np.ndarray
    mask: np.ndarray


class Simulation:
    """Asks arm_node for scenes and for the truth. Waits in the caller's thread, hears in its own."""

    def __init__(self) -> None:
        self._node = Node("pick")
        self._truths: list[PoseStamped] = []
        self._masks: list[Image] = []
        self._node.create_subscription(PoseStamped, "/arm_node/truth", self._truths.append, _KEPT)
        self._node.create_subscription(Image, "/arm_node/mask", self._masks.append, _KEPT)
        self._client: Client[Trigger.Request, Trigger.Response] = self._node.create_client(
            Trigger, "/arm_node/next_scene"
        )
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()

    def next_scene(self) -> "Scene":
        """Have the next object put on the table."""
        if not self._client.wait_for_service(timeout_sec=_PATIENCE_S):
            raise TimeoutError("arm_node isn't there: start it")
        self._truths.clear()
        self._masks.clear()
        future = self._client.call_async(Trigger.Request())
        deadline_s = time.monotonic() + _PATIENCE_S
        while not (future.done() and self._truths and self._masks):
            if time.monotonic() > deadline_s:
                raise TimeoutError("arm_node doesn't answer: see what it says")
            time.sleep(0.01)
        answer = future.result()
        assert answer is not None
        return Scene(answer.message, from_pose(self._truths[-1].pose), to_labels(self._masks[-1]))

    def close(self) -> None:
        """End the thread before the context."""
        self._executor.shutdown()
        self._thread.join()
        self._node.destroy_node()


def pick(client: PoseClient, scene: Scene, folder: Path, min_score: float) -> Pick:
    """Add an object, find it, and compute the grasp; the true pose only says how good that is."""
    name = Path(scene.mesh).stem
    client.add_object(name, scene.mesh, symmetries=ROUND if name in ROUND_OBJECTS else "")
    began_s = time.monotonic()
    try:
        pose, by = _found(client, name, scene, min_score)
    except NotFound as refused:
        return Pick(name, why=str(refused))
    finally:
        client.remove_object(name)
    found_s = time.monotonic() - began_s
    model = ObjectModel.from_mesh(folder / scene.mesh)
    T_obj_tool = grasp(pose.T_frame_obj, model, Gripper())
    apart_mm, turned_deg = grasp_error(pose.T_frame_obj, scene.T_base_obj, T_obj_tool, model)
    T_base_tool = (pose.T_frame_obj @ T_obj_tool).ravel().tolist()
    return Pick(name, apart_mm, turned_deg, pose.score, found_s, by, T_base_tool)


def _found(client: PoseClient, name: str, scene: Scene, min_score: float) -> tuple[ObjectPose, str]:
    """Let pose_node search for an object; where it isn't sure in time, send it a detector's mask. Raises NotFound."""
    wanted = {"min_score": min_score, "max_age_s": 5.0}
    try:
        return client.find(name, timeout_s=_SEARCH_S, **wanted), "search"
    except NotFound:
        return client.find(name, scene.mask, timeout_s=_MASK_S, **wanted), "mask"


def main(arguments: list[str] | None = None) -> list[Pick]:
    """Go through the scenes, print each, and write all to a JSON file where one is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="where arm_node writes meshes")
    parser.add_argument("--scenes", type=int, default=3)
    parser.add_argument("--min-score", type=float, default=0.6)
    parser.add_argument("--output", type=Path, help="JSON file for what came of each scene")
    options = parser.parse_args(arguments)
    rclpy.init()
    simulation, picks = Simulation(), []
    try:
        with PoseClient() as client:
            for _ in range(options.scenes):
                picks.append(pick(client, simulation.next_scene(), options.folder, options.min_score))
                print(_words(picks[-1]), flush=True)
    finally:
        simulation.close()
        rclpy.try_shutdown()
    if options.output is not None:
        options.output.write_text(json.dumps([asdict(one) for one in picks], indent=1), encoding="utf-8")
    return picks


def _words(one: Pick) -> str:
    if one.apart_mm is None:
        return f"{one.object}: not found: {one.why}"
    return (
        f"{one.object}: grasp off by {one.apart_mm:.1f} mm and {one.turned_deg:.1f} deg, score {one.score:.2f}, "
        f"found by {one.by} in {one.found_s:.1f} s"
    )


if __name__ == "__main__":
    main()
