"""What pose_node hears between activate and deactivate."""

from collections.abc import Callable
from typing import Any

from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from vision_msgs.msg import Detection2DArray

from ...frame import Frame
from ...streams.mask_inputs import MaskInput
from ...streams.rgbd_input import InputGuardian, InputSettings
from ..lifecycle_node import WorkingNode
from ..listener import Listener


class PoseInputs:
    """Subscribes to camera and masks; hands frames and masks on, in a thread of its own.

    last_frame_s: when the last frame came, by the node's clock; at first, when this began to listen.
    """

    def __init__(
        self,
        node: WorkingNode,
        settings: dict[str, Any],
        on_frame: Callable[[Frame], None],
        on_masks: Callable[[MaskInput], None],
    ) -> None:
        self._node, self._on_frame, self._on_masks = node, on_frame, on_masks
        self.guardian = guardian = InputGuardian(
            InputSettings(
                rgb_compressed=settings["rgb_transport"] != "raw",
                depth_compressed=settings["depth_transport"] != "raw",
                rectified=settings["image_is_rectified"],
                distortion=settings["distortion"],
                check_frames=settings["check_frames"],
                match_tolerance_s=settings["match_tolerance_s"],
            ),
            node.refusals,
        )
        self.last_frame_s = node.now_s()
        self._listener = Listener(node, "input", node.failed)
        rgb_topic, depth_topic = image_topics(node, settings["rgb_transport"], settings["depth_transport"])
        rgb_kind, depth_kind = (
            Image if settings[transport] == "raw" else CompressedImage
            for transport in ("rgb_transport", "depth_transport")
        )
        table: tuple[tuple[type, str, Callable[[Any], None]], ...] = (
            # First, so that a mask that came with its image is known before the image is looked at.
            (Image, "masks", self._masks(guardian.mask)),
            (Detection2DArray, "boxes", self._masks(guardian.boxes)),
            (rgb_kind, rgb_topic, self._frames(guardian.colour)),
            (CameraInfo, "rgb/camera_info", self._frames(guardian.camera_info)),
            (depth_kind, depth_topic, self._frames(guardian.depth)),
        )
        for kind, topic, callback in table:
            self._listener.subscribe(kind, topic, callback, qos_profile_sensor_data)
        self._listener.start()

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    def _frames(self, take: Callable[[Any], list[Frame]]) -> Callable[[Any], None]:
        def callback(message: Any) -> None:
            for frame in take(message):
                self.last_frame_s = self._node.now_s()
                self._on_frame(frame)

        return callback

    def _masks(self, take: Callable[[Any], MaskInput | None]) -> Callable[[Any], None]:
        def callback(message: Any) -> None:
            masks = take(message)
            if masks is not None:
                self._on_masks(masks)

        return callback


def image_topics(node: WorkingNode, rgb_transport: str, depth_transport: str) -> tuple[str, str]:
    """Return the topics of colour and depth; a transport's follows the base topic as remapped, as image_transport's."""

    def topic(base: str, transport: str) -> str:
        return base if transport == "raw" else f"{node.resolve_topic_name(base)}/{transport}"

    return topic("rgb/image", rgb_transport), topic("depth/image", depth_transport)
