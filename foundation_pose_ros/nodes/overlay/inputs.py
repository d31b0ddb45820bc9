"""What overlay_node hears between activate and deactivate."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from foundation_perception.msg import ObjectModelArray, TrackedObjectArray
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo

from ...errors import InputRefused
from ...frame import Frame
from ...streams.rgbd_input import InputGuardian
from ...streams.transform_buffer import TransformBuffer
from ..image_transport import MESSAGES
from ..latched import LATCHED
from ..lifecycle_node import WorkingNode
from ..listener import Listener
from ..pose.inputs import image_topics, input_settings
from .objects import OverlayObjects


class OverlayInputs:
    """Subscribes to a camera and to pose_node's objects and models, in a thread of its own.

    Images wait for their depth as long as somebody publishes it, else they go on without. wanted(): whether pictures
    are wanted at all; while not, images are thrown away undecoded.
    """

    def __init__(
        self,
        node: WorkingNode,
        settings: dict[str, Any],
        on_frame: Callable[[Frame, bool], None],
        objects: OverlayObjects,
        wanted: Callable[[], bool],
        transforms: TransformBuffer,
    ) -> None:
        """on_frame(frame, has_depth). objects: take what pose_node says."""
        self._node, self._on_frame, self._objects, self._wanted = node, on_frame, objects, wanted
        own = input_settings(settings)
        self.with_depth = InputGuardian(own, node.refusals, transforms)
        self.without_depth = InputGuardian(replace(own, colour_only=True), node.refusals)
        self._listener = Listener(node, "input", node.failed)
        rgb, self._depth = image_topics(node, settings["rgb_transport"], settings["depth_transport"])
        depth_kind = MESSAGES[settings["depth_transport"]]
        subscribe = self._listener.subscribe
        subscribe(ObjectModelArray, "models", self._models, LATCHED)
        subscribe(TrackedObjectArray, "objects", self._poses, QoSProfile(depth=10))
        subscribe(MESSAGES[settings["rgb_transport"]], rgb, self._colour, qos_profile_sensor_data)
        subscribe(CameraInfo, "rgb/camera_info", self._camera_info, qos_profile_sensor_data)
        subscribe(depth_kind, self._depth, self._depth_image, qos_profile_sensor_data)
        if settings["register_depth"]:
            subscribe(CameraInfo, "depth/camera_info", self._depth_camera_info, qos_profile_sensor_data)
        self._listener.start()

    @property
    def images(self) -> int:
        """Count the images of colour that were looked at."""
        return self.with_depth.received + self.without_depth.received

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    @property
    def _waits_for_depth(self) -> bool:
        node = self._node
        return bool(node.value("hide_by_depth") and node.count_publishers(node.resolve_topic_name(self._depth)))

    def _models(self, message: ObjectModelArray) -> None:
        self._count(self._objects.take_models(message))

    def _poses(self, message: TrackedObjectArray) -> None:
        self._count(self._objects.take(message))

    def _count(self, refusals: list[InputRefused]) -> None:
        for refused in refusals:
            self._node.refusals.count(refused.reason, str(refused))

    def _colour(self, message: Any) -> None:
        if not self._wanted():
            return
        deep = self._waits_for_depth
        for frame in (self.with_depth if deep else self.without_depth).colour(message):
            self._on_frame(frame, deep)

    def _camera_info(self, message: Any) -> None:
        for guardian in (self.with_depth, self.without_depth):
            for frame in guardian.camera_info(message):
                self._on_frame(frame, guardian is self.with_depth)

    def _depth_camera_info(self, message: Any) -> None:
        self.with_depth.depth_camera_info(message)

    def _depth_image(self, message: Any) -> None:
        if self._wanted() and self._waits_for_depth:
            for frame in self.with_depth.depth(message):
                self._on_frame(frame, True)
