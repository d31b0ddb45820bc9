"""A demonstration: replay_node plays, pose_node estimates in a process of its own, a third node hears the poses.

Everything goes over DDS, in a domain that no other process on the machine uses.
"""

import os
import random
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rclpy
import yaml
from ament_index_python.packages import get_package_share_path
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

from ...atomic_file import write_text
from ..replay.source import SYNTHETIC, MeshFile, ReplaySource, mesh_files, open_source
from ..replay_node import ReplayNode
from .child_process import child_process
from .pose_collector import PoseCollector
from .record import DemoRecord

# Long enough for pose_node to load its meshes, and for one registration, on a slow machine.
START_TIMEOUT_S = 120.0
ANSWER_TIMEOUT_S = 30.0
LAST_WORDS_S = 1.0
SCENE_OBJECTS, SCENE_FRAMES, SCENE_SEED = ("mug", "cracker_box", "soda_can"), 45, 3
PACKAGE, POSE_NODE = "foundation_perception", "foundation_pose_ros.nodes.pose_node"
INPUTS = ("rgb/image", "rgb/camera_info", "depth/image", "masks")

# The ids that leave their ports free on every system (ROS 2 documentation, "The ROS_DOMAIN_ID"), without the default 0.
SAFE_IDS = range(1, 101)
# Holding the port of an id claims the id, as ROS's own domain_coordinator does it, so that each sees the other's.
_FIRST_PORT = 32768


class DemoFailed(RuntimeError):
    """A demonstration that can't go on; the message is meant for the user."""


def run(sequence: str, objects: list[str], frames: int | None, seed: int, output: Path) -> DemoRecord:
    """Play a scene or recording to its end. Raises InputRefused for what can't be played, DemoFailed without a node."""
    if sequence == SYNTHETIC:
        objects = objects or list(SCENE_OBJECTS)
    source = open_source(sequence, objects, frames or SCENE_FRAMES, seed)
    meshes = mesh_files(source, seed, output / "meshes")
    print(f"demo: {', '.join(meshes)} in {source.sequence.name}, {len(source.sequence.frame_ids)} frames", flush=True)
    output.mkdir(parents=True, exist_ok=True)
    parameters = output / "pose_node.yaml"
    write_text(parameters, yaml.safe_dump(pose_node_parameters(meshes), sort_keys=False))
    arguments = ["--ros-args", "--params-file", str(parameters)]
    with (
        own_domain_id() as domain_id,
        child_process(POSE_NODE, arguments, os.environ | {"ROS_DOMAIN_ID": str(domain_id)}) as process,
    ):
        context = Context()
        rclpy.init(context=context, domain_id=domain_id)
        try:
            return _play(source, frames, context, process)
        finally:
            rclpy.shutdown(context=context)


def _play(source: ReplaySource, frames: int | None, context: Context, process: "subprocess.Popen[bytes]") -> DemoRecord:
    settings = {
        # Before the first frame is played, so that nothing of it is taken for latency.
        "preload": source.is_rendered,
        "end": -1 if frames is None else frames,
        "lockstep": True,
        "lockstep_deadline_s": ANSWER_TIMEOUT_S,
    }
    replay = ReplayNode(
        source,
        context=context,
        parameter_overrides=[Parameter(name, value=value) for name, value in settings.items()],
        cli_args=["--ros-args", "-r", "objects:=/pose_node/objects", "-r", "mask_request:=/pose_node/mask_request"],
    )
    symmetries = {name: source.sequence.model(name).symmetries.transforms() for name in source.object_names}
    collector = PoseCollector(symmetries, context=context)
    record = DemoRecord(source, collector)
    finished: list[float] = []
    replay.played = record.add_frame
    replay.finished = lambda: finished.append(time.monotonic())
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(replay)
    executor.add_node(collector)
    started_s = time.monotonic()
    try:
        while not finished or (record.unanswered and time.monotonic() - finished[0] < LAST_WORDS_S):
            executor.spin_once(timeout_sec=0.1)
            if process.poll() is not None:
                raise DemoFailed(f"pose_node ended with status {process.returncode}: its last words are above")
            if not record.frame_ids and time.monotonic() - started_s > START_TIMEOUT_S:
                raise DemoFailed(
                    f"pose_node took in no images within {START_TIMEOUT_S:.0f} s: is the machine overloaded?"
                )
    finally:
        executor.shutdown()
        replay.destroy_node()
        collector.destroy_node()
    return record


def make_room_for_images() -> None:
    """Give Fast DDS the package's profile, by which images fit, unless another one is named."""
    profile = Path(get_package_share_path(PACKAGE)) / "config" / "fastdds.xml"
    os.environ.setdefault("FASTDDS_DEFAULT_PROFILES_FILE", str(profile))


def pose_node_parameters(meshes: dict[str, MeshFile]) -> dict[str, Any]:
    """Return the contents of a parameter file for pose_node, by which it takes in every frame that is played."""
    parameters: dict[str, Any] = {"objects": list(meshes)}
    for name, mesh in meshes.items():
        parameters[name] = {"mesh": str(mesh.path.resolve()), "unit": mesh.unit}
    # The first frame comes when all are rendered.
    parameters["stale_after_s"] = START_TIMEOUT_S
    # Nothing is to be lost here, while a camera's driver rather loses an image than wait.
    parameters |= {f"qos_overrides./{topic}.subscription.reliability": "reliable" for topic in INPUTS}
    return {"pose_node": {"ros__parameters": parameters}}


@contextmanager
def own_domain_id() -> Iterator[int]:
    """Claim an id for as long as the context lasts; raises RuntimeError where all are taken."""
    for domain_id in random.sample(SAFE_IDS, len(SAFE_IDS)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as claim:
            try:
                claim.bind(("", _FIRST_PORT + domain_id))
            except OSError:
                continue
            yield domain_id
            return
    raise RuntimeError("all ROS domain ids from 1 to 100 are taken: end some of the processes that use them")
