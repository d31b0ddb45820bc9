"""Nodes end when they are told to: at once, with status 0, no traceback, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_perception.msg import TrackedObjectArray
from foundation_perception.srv import StartOnboarding
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from visualization_msgs.msg import MarkerArray

from foundation_pose_ros.nodes.replay.source import ReplaySource, mesh_files
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from test.stress.running_node import children

pytestmark = [pytest.mark.ros, pytest.mark.slow]
PATIENCE_S, LONGEST_END_S = 180.0, 1.0
NAMES = ("mug", "soda_can")


class Ears:
    """Listens to objects and, as RViz does, to markers."""

    def __init__(self, domain_id: int) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        self.node = rclpy.create_node("ears", context=self.context)
        self.markers = self.answers = 0
        self.node.create_subscription(MarkerArray, "/pose_node/markers", self._on_markers, 10)
        self.node.create_subscription(TrackedObjectArray, "/pose_node/objects", self._on_objects, 10)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)

    def _on_markers(self, _message: MarkerArray) -> None:
        self.markers += 1

    def _on_objects(self, _message: TrackedObjectArray) -> None:
        self.answers += 1

    def wait(self, condition: Callable[[], object], what: str) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline_s, what
            self.executor.spin_once(timeout_sec=0.05)

    def close(self) -> None:
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_node_that_tracks_shows_and_records_ends_at_once(
    number: signal.Signals, ros_domain_id: int, tmp_path: Path
) -> None:
    scene = make_scene(SceneSettings(seed=3, frames=4, objects=NAMES, clutter=0, supersample=1))
    meshes = mesh_files(ReplaySource(scene, NAMES), 3, tmp_path)
    (tmp_path / "models").mkdir()
    parameters: dict[str, object] = {"objects": list(NAMES), "onboarding_directory": str(tmp_path / "models")}
    parameters |= {name: {"mesh": str(mesh.path), "unit": mesh.unit} for name, mesh in meshes.items()}
    file = tmp_path / "parameters.yaml"
    file.write_text(yaml.safe_dump({"/pose_node": {"ros__parameters": parameters}}))
    environment = os.environ | {
        "ROS_DOMAIN_ID": str(ros_domain_id),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TMPDIR": str(tmp_path),
    }
    words = tmp_path / "words.txt"
    arguments = ["-p", "objects:=[mug, soda_can]", "-p", "seed:=3", "-p", "frames:=4", "-p", "loop:=true"]
    remapped = ["-r", "objects:=/pose_node/objects", "-r", "mask_request:=/pose_node/mask_request"]
    with words.open("w") as stream:
        node = subprocess.Popen(
            [sys.executable, "-m", "foundation_pose_ros.nodes.pose_node", "--ros-args", "--params-file", str(file)],
            env=environment,
            stderr=stream,
        )
    camera = subprocess.Popen(
        [sys.executable, "-m", "foundation_pose_ros.nodes.replay_node", "--ros-args", *arguments, *remapped],
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    ears = Ears(ros_domain_id)
    try:
        ears.wait(lambda: ears.markers or None not in (node.poll(), camera.poll()), "markers")
        client = ears.node.create_client(StartOnboarding, "/pose_node/onboard_object/start")
        ears.wait(client.service_is_ready, "the service")
        answer = client.call_async(
            StartOnboarding.Request(name="thing", masks=StartOnboarding.Request.MASKS_FROM_PLANE)
        )
        ears.wait(answer.done, "an answer")
        assert answer.result().success, answer.result().message
        helpers, slowed = children(node.pid), how_slowed()
        told_s = time.monotonic()
        node.send_signal(number)
        assert node.wait(timeout=10.0) == 0
        ended_s = time.monotonic()
        assert ended_s - told_s < LONGEST_END_S * max(slowed, how_slowed())
        ears.wait(lambda: not any(Path(f"/proc/{pid}").exists() for pid in helpers), "helpers to end")
    finally:
        for process in (node, camera):
            process.kill()
            process.wait()
        ears.close()
    assert "Traceback" not in words.read_text()
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == []


def how_slowed() -> float:
    """Tell how many times as long work takes now as it would with no other at work on this machine, 1 or more."""
    began_s, worked_s = time.perf_counter(), time.process_time()
    while time.process_time() - worked_s < 0.2:
        pass
    return max(1.0, (time.perf_counter() - began_s) / (time.process_time() - worked_s))
