"""pose_node lives through its own calls: life cycle and objects that come and go, under a camera's images at 30 Hz.

The node is a process of its own, as users run it: that it lives means that its process does.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_perception.msg import TrackedObjectArray
from foundation_perception.srv import AddObject, RemoveObject, Reset
from lifecycle_msgs.srv import ChangeState
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from foundation_pose_ros.camera import Camera
from foundation_pose_ros.nodes.demo.run import own_domain_id
from foundation_pose_ros.nodes.pose.messages import to_stamp
from foundation_pose_ros.nodes.replay_node import to_camera_info
from foundation_pose_ros.streams.image_messages import fill_image
from foundation_pose_ros.synthetic.meshes import make_mesh
from test.stress.conftest import LONG

pytestmark = [pytest.mark.ros, pytest.mark.slow]
PATIENCE_S = 180.0
RATE_HZ = 30.0
# After a warm-up of a tenth of the cycles: a handle that leaks with each cycle is more than this in a thousand.
MOST_GROWTH_MB = 60.0
CAMERA = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)


class User:
    """A camera at 30 Hz, someone who listens to poses and markers, and one who calls a service again and again."""

    def __init__(self, domain_id: int) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        self.node = rclpy.create_node("user", context=self.context)
        self.answers = 0
        topics = {"rgb/camera_info": CameraInfo, "depth/image": Image, "rgb/image": Image}
        self._publishers = {t: self.node.create_publisher(k, t, QoSProfile(depth=5)) for t, k in topics.items()}
        heard = {"/pose_node/objects": TrackedObjectArray, "/pose_node/markers": MarkerArray, "/tf": TFMessage}
        for topic, kind in heard.items():
            self.node.create_subscription(kind, topic, lambda _: None, QoSProfile(depth=5))
        self._clients: dict[str, Any] = {}
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=target) for target in (self._spin, self._send)]
        for thread in self._threads:
            thread.start()

    def call(self, kind: Any, service: str, /, **fields: Any) -> Any:
        """The answer of a service of pose_node; None where it has gone meanwhile."""
        if service not in self._clients:
            self._clients[service] = self.node.create_client(kind, f"/pose_node/{service}")
        client = self._clients[service]
        assert client.wait_for_service(timeout_sec=PATIENCE_S), service
        future = client.call_async(kind.Request(**fields))
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        return future.result() if done.wait(PATIENCE_S) else None

    def transition(self, label: str) -> bool:
        """Whether a transition of the node's life cycle came about."""
        request = ChangeState.Request()
        request.transition.label = label
        answer = self.call(ChangeState, "change_state", transition=request.transition)
        return answer is not None and bool(answer.success)

    def close(self) -> None:
        self._ending.set()
        self._executor.shutdown()
        for thread in self._threads:
            thread.join()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            return

    def _send(self) -> None:
        rng = np.random.default_rng(0)
        rgb = rng.integers(0, 255, (CAMERA.height, CAMERA.width, 3), np.uint8)
        depth_m = np.full((CAMERA.height, CAMERA.width), 0.6, np.float32)
        while not self._ending.wait(1.0 / RATE_HZ):
            header = Header(frame_id="camera", stamp=to_stamp(time.time_ns()))
            self._publishers["rgb/camera_info"].publish(to_camera_info(CAMERA, header))
            self._publishers["depth/image"].publish(fill_image(Image(header=header), depth_m, "32FC1"))
            self._publishers["rgb/image"].publish(fill_image(Image(header=header), rgb, "rgb8"))


class Running:
    """A pose_node in a process of its own."""

    def __init__(self, domain_id: int, folder: Path) -> None:
        make_mesh("sticker_cube", 0).export(folder / "cube.glb")
        parameters = {
            "objects": ["cube"],
            "cube": {"mesh": "cube.glb", "symmetries": "none"},
            "mesh_directories": [str(folder)],
        }
        file = folder / "parameters.yaml"
        file.write_text(yaml.safe_dump({"/**": {"ros__parameters": parameters}}))
        self.words = (folder / "words.txt").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "foundation_pose_ros.nodes.pose_node", "--ros-args", "--params-file", str(file)],
            env=os.environ | {"ROS_DOMAIN_ID": str(domain_id), "PYTHONPATH": os.pathsep.join(sys.path)},
            stderr=self.words,
        )
        self.user = User(domain_id)

    @property
    def memory_mb(self) -> float:
        """What it holds of the machine's memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def must_live(self) -> None:
        """Fail with the node's last words where it has died."""
        if self.process.poll() is not None:
            self.words.seek(0)
            pytest.fail(f"pose_node ended with {self.process.returncode}: {self.words.read()[-2000:]}")

    def close(self) -> None:
        self.user.close()
        self.process.kill()
        self.process.wait()
        self.words.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A pose_node that is active, under images; each test leaves it so."""
    with own_domain_id() as domain_id:
        running = Running(domain_id, tmp_path_factory.mktemp("node"))
        try:
            running.user.call(Reset, "reset")  # is answered once it has started
            yield running
        finally:
            running.close()


def lives_through(running: Running, cycles: int, cycle: Callable[[], None]) -> None:
    """Do something again and again, while someone else resets the tracks; memory is flat after a tenth of it."""
    ending = threading.Event()
    client = running.user.node.create_client(Reset, "/pose_node/reset")

    def bother() -> None:
        while not ending.wait(0.05):
            if client.service_is_ready():
                client.call_async(Reset.Request())

    bothering = threading.Thread(target=bother)
    bothering.start()
    try:
        memory_mb = 0.0
        for number in range(cycles):
            cycle()
            running.must_live()
            if number == cycles // 10:
                memory_mb = running.memory_mb
        assert running.memory_mb - memory_mb < MOST_GROWTH_MB
    finally:
        ending.set()
        bothering.join()


def test_activated_and_deactivated(running: Running, cycles: int) -> None:
    def cycle() -> None:
        assert running.user.transition("deactivate")
        assert running.user.transition("activate")

    lives_through(running, cycles, cycle)


def test_cleaned_up_and_configured(running: Running, cycles: int) -> None:
    def cycle() -> None:
        for label in ("deactivate", "cleanup", "configure", "activate"):
            assert running.user.transition(label), label

    # Configuring takes a second.
    lives_through(running, cycles if cycles == LONG else cycles // 10, cycle)


def test_objects_come_and_go(running: Running, cycles: int) -> None:
    def cycle() -> None:
        added = running.user.call(AddObject, "add_object", name="more", mesh="cube.glb", symmetries_yaml="none")
        assert added is not None and added.success, added
        removed = running.user.call(RemoveObject, "remove_object", name="more")
        assert removed is not None and removed.success, removed

    lives_through(running, cycles, cycle)
