"""A pose_node in a process of its own, as users run it, and a camera and a user beside it."""

import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rclpy
import yaml
from foundation_perception.msg import TrackedObjectArray
from lifecycle_msgs.srv import ChangeState
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header, String
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from foundation_pose_ros.frame import Frame
from foundation_pose_ros.nodes.pose.messages import to_stamp
from foundation_pose_ros.nodes.replay_node import to_camera_info
from foundation_pose_ros.object_model import cache_folder
from foundation_pose_ros.streams.image_messages import fill_image

PATIENCE_S = 180.0
_HELD_KB = re.compile(r"^Rss(Anon|Shmem):\s*(\d+) kB$", re.MULTILINE)
RATE_HZ = 30.0


@dataclass(frozen=True, eq=False)
class Shot:
    """One image of a film, its label image, None where nobody makes masks of it, and its number."""

    frame: Frame
    labels: np.ndarray | None = None
    number: int = 0


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


class User:
    """A camera at 30 Hz that plays a film back and forth, and someone who listens to markers and calls services.

    heard: is called with each message of ~/objects. sent: stamps in ns, and which image of the film had them.
    """

    def __init__(
        self, domain_id: int, film: Sequence[Shot], heard: Callable[[TrackedObjectArray], None] = lambda _: None
    ) -> None:
        self._there_and_back = [*film, *film[-2:0:-1]]
        self.sent: deque[tuple[int, Shot]] = deque(maxlen=200)
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        self.node = rclpy.create_node("user", context=self.context)
        self._mask_wanted = threading.Event()
        topics = {"masks": Image, "rgb/camera_info": CameraInfo, "depth/image": Image, "rgb/image": Image}
        self._publishers = {t: self.node.create_publisher(k, t, QoSProfile(depth=5)) for t, k in topics.items()}
        listened: dict[str, tuple[type, Callable[[Any], None]]] = {
            "/pose_node/objects": (TrackedObjectArray, heard),
            "/pose_node/mask_request": (String, lambda _: self._mask_wanted.set()),
            "/pose_node/markers": (MarkerArray, lambda _: None),
            "/tf": (TFMessage, lambda _: None),
        }
        for topic, (kind, callback) in listened.items():
            self.node.create_subscription(kind, topic, callback, QoSProfile(depth=5))
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
        due_s = time.monotonic()
        for shot in cycle(self._there_and_back):
            due_s = max(due_s + 1.0 / RATE_HZ, time.monotonic())
            if self._ending.wait(due_s - time.monotonic()):
                return
            stamp_ns = time.time_ns()
            header = Header(frame_id="camera", stamp=to_stamp(stamp_ns))
            self.sent.append((stamp_ns, shot))
            if shot.labels is not None and self._mask_wanted.is_set():
                self._mask_wanted.clear()
                self._publishers["masks"].publish(fill_image(Image(header=header), shot.labels, "mono16"))
            self._publishers["rgb/camera_info"].publish(to_camera_info(shot.frame.camera, header))
            self._publishers["depth/image"].publish(fill_image(Image(header=header), shot.frame.depth_m, "32FC1"))
            self._publishers["rgb/image"].publish(fill_image(Image(header=header), shot.frame.rgb, "rgb8"))


class Running:
    """A pose_node in a process of its own."""

    def __init__(self, domain_id: int, folder: Path, parameters: dict[str, Any], user: User) -> None:
        file = folder / "parameters.yaml"
        file.write_text(yaml.safe_dump({"/**": {"ros__parameters": parameters}}))
        self.words = (folder / "words.txt").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "foundation_pose_ros.nodes.pose_node", "--ros-args", "--params-file", str(file)],
            env=os.environ
            | {"ROS_DOMAIN_ID": str(domain_id), "PYTHONPATH": os.pathsep.join(sys.path)}
            | {cache_folder.VARIABLE: str(folder / "cache")},  # a user's node keeps what it found of a mesh
            stderr=self.words,
        )
        self.user = user

    @property
    def memory_mb(self) -> float:
        """What it and its helper processes hold of the machine's memory, beside files: their pages come and go."""
        pids = [self.process.pid, *children(self.process.pid)]
        held = [dict(_HELD_KB.findall(Path(f"/proc/{pid}/status").read_text())) for pid in pids]
        return sum(int(of_one["Anon"]) + int(of_one["Shmem"]) for of_one in held) / 2**10

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
