"""A client of pose_node for programs of one's own: it blocks until there is an answer, and needs no executor.

from foundation_perception.client import PoseClient

with PoseClient() as client:
    client.register("mug", mask)
    print(client.wait_for_pose("mug", max_age_s=0.2).position_m)
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import rclpy
from builtin_interfaces.msg import Time
from foundation_perception.action import FindObject
from foundation_perception.srv import AddObject, GetPose, Register, RemoveObject, Reset
from rclpy.action import ActionClient
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image

from ...streams.image_messages import fill_image
from .object_pose import NoAnswer, NotFound, ObjectPose
from .search import Search

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["NoAnswer", "NotFound", "ObjectPose", "PoseClient", "Search"]

# Beyond what the node itself takes to answer.
_ANSWER_S = 10.0
_REGISTRATION_S = 60.0


class PoseClient:
    """Asks one pose_node; safe to use from several threads, and beside a node of your own.

    pose_node: its name, with namespace. context: of rclpy; None: one of its own, so that nothing need be initialised.
    """

    def __init__(self, pose_node: str = "/pose_node", context: Context | None = None) -> None:
        self._pose_node = pose_node.rstrip("/")
        self._own_context = context is None
        self._context = context or Context()
        if self._own_context:
            rclpy.init(context=self._context)
        self._node = Node(f"pose_client_{time.monotonic_ns() % 1_000_000}", context=self._context)
        kinds = {
            "register": Register,
            "get_pose": GetPose,
            "reset": Reset,
            "add_object": AddObject,
            "remove_object": RemoveObject,
        }
        self._services: dict[str, Any] = {
            name: self._node.create_client(kind, f"{self._pose_node}/{name}") for name, kind in kinds.items()
        }
        self._action: Any = ActionClient(self._node, FindObject, f"{self._pose_node}/find_object")
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, name="pose client", daemon=True)
        self._thread.start()

    def __enter__(self) -> "PoseClient":
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give everything back."""
        self._executor.shutdown()
        self._thread.join()
        self._action.destroy()
        self._node.destroy_node()
        if self._own_context:
            rclpy.shutdown(context=self._context)

    def register(
        self, name: str, mask: np.ndarray, stamp_ns: int = 0, timeout_s: float = _REGISTRATION_S
    ) -> ObjectPose:
        """Find an object where a mask (H, W) shows it, all that isn't 0, and return its pose.

        stamp_ns: of the image that the mask was made from; 0: of the newest, so that nothing may have moved since.
        Raises NotFound.
        """
        answer = self._ask("register", Register.Request(object_name=name, mask=mask_message(mask, stamp_ns)), timeout_s)
        return ObjectPose.of_message(answer.object)

    def wait_for_pose(
        self, name: str = "", max_age_s: float = 0.2, min_score: float = 0.0, timeout_s: float = 10.0
    ) -> ObjectPose:
        """Return a pose of an image no older than max_age_s and with at least that score, waiting for it.

        A pose in doubt isn't taken. Raises NotFound after timeout_s, with what is lacking.
        """
        request = GetPose.Request(
            object_name=name, max_age_s=float(max_age_s), min_score=float(min_score), timeout_s=float(timeout_s)
        )
        return ObjectPose.of_message(self._ask("get_pose", request, timeout_s + _ANSWER_S).object)

    def pose(self, name: str = "", max_age_s: float = 0.2, min_score: float = 0.0) -> ObjectPose | None:
        """Return such a pose, or None where there is none right now."""
        try:
            return self.wait_for_pose(name, max_age_s, min_score, 0.0)
        except NoAnswer:
            raise
        except NotFound:
            return None

    def find(
        self,
        name: str = "",
        mask: np.ndarray | None = None,
        *,
        min_score: float = 0.0,
        max_age_s: float = 0.5,
        timeout_s: float = 30.0,
        feedback: Callable[[Any], None] | None = None,
    ) -> ObjectPose:
        """Find an object, from a mask, or with whatever the node finds it with, and return a fresh pose.

        min_score: 0: that at which the node begins a track. feedback: is told state, score and reason, ten times a
        second, in another thread. Raises NotFound.
        """
        search = self.start_finding(
            name, mask, min_score=min_score, max_age_s=max_age_s, timeout_s=timeout_s, feedback=feedback
        )
        return search.result(timeout_s + _ANSWER_S)

    def start_finding(
        self,
        name: str = "",
        mask: np.ndarray | None = None,
        *,
        min_score: float = 0.0,
        max_age_s: float = 0.5,
        timeout_s: float = 30.0,
        feedback: Callable[[Any], None] | None = None,
    ) -> Search:
        """Begin to find an object, as `find` does, without waiting; the Search may be asked, or cancelled."""
        self._wait_for(self._action.wait_for_server, "find_object")
        goal = FindObject.Goal(
            object_name=name, min_score=float(min_score), max_age_s=float(max_age_s), timeout_s=float(timeout_s)
        )
        if mask is not None:
            goal.mask = mask_message(mask)
        hear = None if feedback is None else lambda message: feedback(message.feedback)
        return Search(self._action.send_goal_async(goal, feedback_callback=hear))

    def reset(self, name: str = "") -> None:
        """Forget where an object is, or all."""
        self._ask("reset", Reset.Request(object_name=name), _REGISTRATION_S)

    def add_object(self, name: str, mesh: str, unit: str = "m", symmetries: str = "", instances: int = 1) -> None:
        """Have the node look for one more object, whose mesh is in one of its folders; raises NotFound.

        Several instances of it are called name_1, name_2, ...
        """
        request = AddObject.Request(name=name, mesh=mesh, unit=unit, symmetries_yaml=symmetries, instances=instances)
        self._ask("add_object", request, _REGISTRATION_S)

    def remove_object(self, name: str) -> None:
        """Have the node look for an object no more."""
        self._ask("remove_object", RemoveObject.Request(name=name), _REGISTRATION_S)

    def _ask(self, service: str, request: Any, timeout_s: float) -> Any:
        client = self._services[service]
        self._wait_for(client.wait_for_service, service)
        answered = threading.Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _: answered.set())
        if not answered.wait(timeout_s):
            client.remove_pending_request(future)
            raise NoAnswer(f"{self._pose_node}/{service} didn't answer in {timeout_s:.0f} s: see /diagnostics")
        answer = future.result()
        if not answer.success:
            raise NotFound(answer.message)
        return answer

    def _wait_for(self, wait: Callable[..., bool], what: str) -> None:
        if not wait(timeout_sec=_ANSWER_S):
            raise NoAnswer(
                f"nobody offers {self._pose_node}/{what}: start pose_node, or give its name, as in "
                "PoseClient('/arm/pose_node')"
            )

    def _spin(self) -> None:
        with suppress(ExternalShutdownException):
            self._executor.spin()


def mask_message(mask: np.ndarray, stamp_ns: int = 0) -> Image:
    """Make the message of a mask (H, W), all that isn't 0; stamp 0 stands for the newest image."""
    message = Image()
    message.header.stamp = Time(sec=stamp_ns // 1_000_000_000, nanosec=stamp_ns % 1_000_000_000)
    filled: Image = fill_image(message, np.where(np.asarray(mask) != 0, 255, 0).astype(np.uint8), "mono8")
    return filled
