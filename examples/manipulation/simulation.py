"""What a program asks of arm_node: scenes by their number, with a detector's mask and the truth."""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from geometry_msgs.msg import PoseStamped
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.parameter_client import AsyncParameterClient
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger

from foundation_pose_ros.arrays import Mask, Pose
from foundation_pose_ros.nodes.latched import LATCHED
from foundation_pose_ros.nodes.pose.messages import from_pose
from foundation_pose_ros.streams.image_messages import to_labels

# A scene takes 2 to 4 s. On a machine full of others' work arm_node once needed 260 s to load its libraries.
_PATIENCE_S = 600.0


@dataclass(frozen=True)
class Scene:
    """One object on the table: its mesh file, where it truly is (4, 4), and a detector's mask of it (H, W)."""

    mesh: str
    T_base_obj: Pose
    mask: Mask


class Simulation:
    """Asks arm_node. Waits in the caller's thread, hears in its own."""

    def __init__(self) -> None:
        self._node = Node("pick")
        self._truths: list[PoseStamped] = []
        self._masks: list[Image] = []
        self._node.create_subscription(PoseStamped, "/arm_node/truth", self._truths.append, LATCHED)
        self._node.create_subscription(Image, "/arm_node/mask", self._masks.append, LATCHED)
        self._next_scene: Any = self._node.create_client(Trigger, "/arm_node/next_scene")
        self._parameters = AsyncParameterClient(self._node, "/arm_node")
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def scene(self, number: int) -> Scene:
        """Have the scene of that number put on the table; raises TimeoutError where arm_node is silent for 10 minutes.

        The same number is the same scene: whoever was interrupted asks once more.
        """
        deadline_s = time.monotonic() + _PATIENCE_S
        if not (self._next_scene.wait_for_service(_PATIENCE_S) and self._parameters.wait_for_services(_PATIENCE_S)):
            raise TimeoutError(f"arm_node wasn't there for {_PATIENCE_S:.0f} s: start it")
        self._truths.clear()
        self._masks.clear()
        told = self._parameters.set_parameters([Parameter("seed", value=number)])
        self._wait(told.done, deadline_s)
        answered = self._next_scene.call_async(Trigger.Request())
        self._wait(lambda: answered.done() and self._truths and self._masks, deadline_s)
        return Scene(answered.result().message, from_pose(self._truths[-1].pose), to_labels(self._masks[-1]))

    def close(self) -> None:
        """End the thread before the context."""
        self._executor.shutdown()
        self._thread.join()
        self._node.destroy_node()

    def _spin(self) -> None:
        with suppress(ExternalShutdownException):
            self._executor.spin()

    @staticmethod
    def _wait(come: Any, deadline_s: float) -> None:
        while not come():
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"arm_node didn't answer within {_PATIENCE_S:.0f} s: see what it says")
            time.sleep(0.01)
