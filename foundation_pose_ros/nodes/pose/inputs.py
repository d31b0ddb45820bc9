"""What pose_node hears between activate and deactivate."""

from collections.abc import Callable, Mapping
from typing import Any

from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image
from vision_msgs.msg import Detection2DArray

from ...frame import Frame
from ...streams.image_converter import ImageConverter
from ...streams.instance_masks import InstanceMasks
from ...streams.mask_inputs import MaskInput
from ...streams.rgbd_input import InputGuardian, InputSettings
from ...streams.transform_buffer import TransformBuffer
from ..image_transport import MESSAGES, transported
from ..lifecycle_node import WorkingNode
from ..listener import Listener
from .settings import extrinsics


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
        transforms: TransformBuffer | None = None,
        images: ImageConverter | None = None,
    ) -> None:
        self._node, self._on_frame, self._on_masks = node, on_frame, on_masks
        self.guardian = guardian = InputGuardian(input_settings(settings), node.refusals, transforms, images)
        self._instance_masks = InstanceMasks(node.refusals)
        self.last_frame_s = node.now_s()
        self._listener = Listener(node, "input", node.failed)
        rgb_topic, depth_topic = image_topics(node, settings["rgb_transport"], settings["depth_transport"])
        rgb_kind = MESSAGES[settings["rgb_transport"]]
        depth_kind = MESSAGES[settings["depth_transport"]]
        table: tuple[tuple[type, str, Callable[[Any], None]], ...] = (
            # First, so that a mask that came with its image is known before the image is looked at.
            (Image, "masks", self._masks(guardian.mask)),
            (Image, "instances", self._masks(self._labels)),
            (Detection2DArray, "boxes", self._masks(self._boxes)),
            (rgb_kind, rgb_topic, self._frames(guardian.colour)),
            (CameraInfo, "rgb/camera_info", self._frames(guardian.camera_info)),
            (depth_kind, depth_topic, self._frames(guardian.depth)),
            *(
                [(CameraInfo, "depth/camera_info", self._frames(guardian.depth_camera_info))]
                * settings["register_depth"]
            ),
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

    def _boxes(self, message: Any) -> MaskInput | None:
        """Boxes wait for the image of their instances, if somebody publishes such."""
        boxes = self.guardian.boxes(message)
        if boxes is None or not self._node.count_publishers(self._node.resolve_topic_name("instances")):
            return boxes
        return self._instance_masks.boxes(boxes)

    def _labels(self, message: Any) -> MaskInput | None:
        labels = self.guardian.mask(message)
        return None if labels is None else self._instance_masks.labels(labels)

    def _masks(self, take: Callable[[Any], MaskInput | None]) -> Callable[[Any], None]:
        def callback(message: Any) -> None:
            masks = take(message)
            if masks is not None:
                self._on_masks(masks)

        return callback


def image_topics(node: WorkingNode, rgb_transport: str, depth_transport: str) -> tuple[str, str]:
    """Return the topics of colour and depth, as they are before they are remapped, or with their transports."""
    depth = "depth/points" if depth_transport == "points" else transported(node, "depth/image", depth_transport)
    return transported(node, "rgb/image", rgb_transport), depth


def input_settings(values: Mapping[str, Any]) -> InputSettings:
    """Take the settings from the node's values by name."""
    return InputSettings(
        rgb_compressed=values["rgb_transport"] == "compressed",
        depth_compressed=values["depth_transport"] == "compressedDepth",
        depth_points=values["depth_transport"] == "points",
        register_depth=values["register_depth"],
        depth_unit_m=values["depth_unit_m"],
        T_colour_depth=extrinsics(values["depth_extrinsics"]),
        rectified=values["image_is_rectified"],
        distortion=values["distortion"],
        check_frames=values["check_frames"],
        match_tolerance_s=values["match_tolerance_s"],
    )


def needs_transforms(values: Mapping[str, Any]) -> bool:
    """Return true where depth is aligned with colour by TF."""
    apart = values["register_depth"] or values["depth_transport"] == "points"
    return bool(apart and not values["depth_extrinsics"])
