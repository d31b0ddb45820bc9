"""Objects begun by a click: on a point that RViz publishes, or on a pixel that rqt_image_view does."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from geometry_msgs.msg import Point, PointStamped
from rclpy.qos import QoSProfile

from ...arrays import Pose
from ...errors import InputRefused
from ...tracking import TrackState
from ..lifecycle_node import WorkingNode
from ..listener import Listener
from ..service_replies import waited_for
from ..transform_listener import TransformListener
from .registrar import Registrar

# How long TF is listened to for a click in another frame than the camera's.
_TF_S = 2.0
_STEP_S = 0.05


class Clicks:
    """Hears clicks between activate and deactivate, in a thread of its own; each is answered in the log."""

    def __init__(self, node: WorkingNode, registrar: Registrar) -> None:
        self._node, self._registrar = node, registrar
        self._listener = Listener(node, "clicks", node.failed)
        # Of clicks that came while one was worked on the last counts.
        self._listener.subscribe(PointStamped, "clicked_point", self._said(self._point), QoSProfile(depth=1))
        self._listener.subscribe(Point, "clicked_pixel", self._said(self._pixel), QoSProfile(depth=1))
        self._listener.start()

    def close(self) -> None:
        """Hear no more."""
        self._listener.close()

    def _said(self, start: Callable[[Any], str]) -> Callable[[Any], None]:
        def heard(message: Any) -> None:
            try:
                self._node.get_logger().info(start(message))
            except InputRefused as refused:
                self._node.refusals.count(refused.reason, f"a click: {refused}")
                self._node.get_logger().warning(f"a click was not followed: {refused}")

        return heard

    def _pixel(self, message: Any) -> str:
        return self._register(message.x, message.y)

    def _point(self, message: Any) -> str:
        """Where a point in any frame of TF's is in the newest image."""
        frame = self._registrar.frame_of(None)
        point = np.array([message.point.x, message.point.y, message.point.z])
        T = self._camera_from(message.header.frame_id.lstrip("/"), frame.frame_id)
        u, v = frame.camera.project(T[:3, :3] @ point + T[:3, 3])
        return self._register(u, v, of_raw_image=False)

    def _camera_from(self, frame_id: str, camera_frame_id: str) -> Pose:
        """T_camera_frame (4, 4) as TF tells it now, waited for; raises InputRefused."""
        if frame_id == camera_frame_id:
            return np.eye(4)
        transforms = TransformListener(self._node)
        try:
            deadline_s = time.monotonic() + _TF_S
            while (T := transforms.buffer.newest(camera_frame_id, frame_id)) is None:
                if time.monotonic() > deadline_s:
                    stamp_ns = self._node.get_clock().now().nanoseconds
                    raise InputRefused("no_transform", transforms.buffer.fault(camera_frame_id, frame_id, stamp_ns))
                time.sleep(_STEP_S)
            return T
        finally:
            transforms.close()

    def _register(self, u: float, v: float, of_raw_image: bool = True) -> str:
        if not (np.isfinite(u) and np.isfinite(v)):
            raise InputRefused("out_of_view", "the point lies behind the camera, or isn't finite: click on the object")
        id = self._meant()
        registration = self._registrar.by_pixel(id, None, round(float(u)), round(float(v)), of_raw_image)
        found = registration.found(waited_for(registration.done))
        score = 0.0 if found.tracked.result is None else found.tracked.result.score
        return f"{id} registered from a click with score {score:.2f}"

    def _meant(self) -> str:
        """The only object, or the first that isn't tracked of the only model."""
        tracker = self._registrar.pipeline.tracker
        states, models = tracker.states(), tracker.objects
        wanting = [id for id, state in states.items() if state is not TrackState.TRACKING]
        if len(states) == 1:
            return next(iter(states))
        if len({models[id] for id in wanting}) != 1:
            raise InputRefused(
                "ambiguous_mask",
                f"which of {', '.join(wanting or states) or 'no objects'} is meant isn't clear from a click: call "
                "~/register_at_pixel with its name",
            )
        return wanting[0]
