"""A client of pose_node for programs of one's own: it blocks until there is an answer, and needs no executor.

from foundation_perception.client import PoseClient

with PoseClient() as client:
    client.register("mug", mask)
    print(client.wait_for_pose("mug", max_age_s=0.2).position_m)
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import numpy as np
from foundation_perception.action import FindObject
from foundation_perception.srv import AddObject, GetPose, Register, RegisterAtPixel, RemoveObject, Reset
from rclpy.action import ActionClient
from rclpy.context import Context
from sensor_msgs.msg import Image

from ...streams.image_messages import fill_image
from ..pose.messages import to_stamp
from .object_pose import NoAnswer, NotFound, ObjectPose
from .search import Search
from .service_client import ANSWER_S, LONG_S, ServiceClient

__all__ = ["NoAnswer", "NotFound", "ObjectPose", "PoseClient", "Search"]


class PoseClient(ServiceClient):
    """Asks one pose_node; safe to use from several threads, and beside a node of your own.

    pose_node: its name, with namespace. context: of rclpy; None: one of its own, so that nothing need be initialised.
    """

    def __init__(self, pose_node: str = "/pose_node", context: Context | None = None) -> None:
        kinds = {
            "register": Register,
            "register_at_pixel": RegisterAtPixel,
            "get_pose": GetPose,
            "reset": Reset,
            "add_object": AddObject,
            "remove_object": RemoveObject,
        }
        super().__init__(pose_node, kinds, context)

    def register(self, name: str, mask: np.ndarray, stamp_ns: int = 0, timeout_s: float = LONG_S) -> ObjectPose:
        """Find an object where a mask (H, W) shows it, all that isn't 0, and return its pose.

        stamp_ns: of the image that the mask was made from; 0: of the newest, so that nothing may have moved since.
        Raises NotFound.
        """
        answer = self.ask("register", Register.Request(object_name=name, mask=mask_message(mask, stamp_ns)), timeout_s)
        return ObjectPose.of_message(answer.object)

    def register_at_pixel(self, name: str, u: int, v: int, timeout_s: float = LONG_S) -> ObjectPose:
        """Find an object that a pixel lies on, column and row in the newest image; raises NotFound."""
        answer = self.ask("register_at_pixel", RegisterAtPixel.Request(object_name=name, u=u, v=v), timeout_s)
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
        return ObjectPose.of_message(self.ask("get_pose", request, timeout_s + ANSWER_S).object)

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
        return search.result(timeout_s + ANSWER_S)

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
        self.wait_for(self._action.wait_for_server, "find_object")
        goal = FindObject.Goal(
            object_name=name, min_score=float(min_score), max_age_s=float(max_age_s), timeout_s=float(timeout_s)
        )
        if mask is not None:
            goal.mask = mask_message(mask)
        hear = None if feedback is None else lambda message: feedback(message.feedback)
        search = Search(self._action.send_goal_async(goal, feedback_callback=hear))
        self._searches.add(search)
        if self._closing:
            search.abandon()
        return search

    def reset(self, name: str = "") -> None:
        """Forget where an object is, or all."""
        self.ask("reset", Reset.Request(object_name=name), LONG_S)

    def add_object(self, name: str, mesh: str, unit: str = "m", symmetries: str = "", instances: int = 1) -> None:
        """Have the node look for one more object, whose mesh is in one of its folders; raises NotFound.

        Several instances of it are called name_1, name_2, ...
        """
        request = AddObject.Request(name=name, mesh=mesh, unit=unit, symmetries_yaml=symmetries, instances=instances)
        self.ask("add_object", request, LONG_S)

    def remove_object(self, name: str) -> None:
        """Have the node look for an object no more."""
        self.ask("remove_object", RemoveObject.Request(name=name), LONG_S)

    def _end_waits(self) -> None:
        super()._end_waits()
        for search in set(self._searches):
            search.abandon()

    def _make_more(self) -> None:
        self._searches: WeakSet[Search] = WeakSet()
        self._action: Any = ActionClient(self._node, FindObject, f"{self.asked}/find_object")

    def _give_back(self) -> None:
        self._action.destroy()


def mask_message(mask: np.ndarray, stamp_ns: int = 0) -> Image:
    """Make the message of a mask (H, W), all that isn't 0; stamp 0 stands for the newest image."""
    message = Image()
    message.header.stamp = to_stamp(stamp_ns)
    filled: Image = fill_image(message, np.where(np.asarray(mask) != 0, 255, 0).astype(np.uint8), "mono8")
    return filled
