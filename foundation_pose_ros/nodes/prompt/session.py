"""All that prompt_node has between configure and cleanup."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from foundation_perception.msg import FoundRegion, TrackedObjectArray
from foundation_perception.srv import Find
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage, RegionOfInterest

from ...errors import InputRefused
from ...prompts.known_names import KnownNames
from ...prompts.region import Region
from ...prompts.word_search import FoundByWords, PromptImage, WordSearch
from ...streams.image_messages import compressed_to_rgb, fill_image, to_rgb
from ...streams.time_synchronizer import stamp_to_ns
from ..client.pose_client import PoseClient
from ..client.segmentation_client import SegmentationClient
from ..image_transport import MESSAGES, transported
from ..lifecycle_node import WorkingNode
from ..listener import Listener
from ..parameters import values
from ..service_replies import answering
from .asked_nodes import AskedPoseNode, AskedSegmentationNode
from .parameters import PROMPT_NODE, looks, word_search_settings

DEFAULT_TIMEOUT_S = 10.0
LONGEST_TIMEOUT_S = 600.0


@dataclass
class LastImage:
    """The newest image's message; heard_s: when it came, by the node's clock; count: since activation."""

    message: Any = None
    heard_s: float = 0.0
    count: int = 0


class PromptSession:
    """Reads the models, offers `~/find`; `start` and `stop` as often as the node is activated.

    Requests are answered one after the other. last: the newest image. known: objects and their models, as pose_node
    last said.
    """

    def __init__(self, node: WorkingNode) -> None:
        """Read the models. Raises InputRefused."""
        settings = values(node, PROMPT_NODE)
        self._node = node
        self.last = LastImage()
        self.known: dict[str, str] = {}
        self.finder = looks(settings)
        names = KnownNames(settings["aliases"])
        self._pose_client = PoseClient(settings["pose_node"], node.context)
        self._segmentation_client = SegmentationClient(settings["segmentation_node"], node.context)
        self._search = WordSearch(
            names,
            AskedPoseNode(self._pose_client, lambda: self.known),
            AskedSegmentationNode(self._segmentation_client),
            self.finder,
            self._newest,
            word_search_settings(settings),
        )
        self._input: Listener | None = None
        self._services = Listener(node, "services", node.failed)
        self._services.serve(Find, "~/find", answering("~/find", self._find, node.refusals, node.get_logger().error))
        self._services.start()

    def start(self) -> None:
        """Subscribe."""
        transport = self._node.value("rgb_transport")
        topic = transported(self._node, "rgb/image", transport)
        self._input = listener = Listener(self._node, "input", self._node.failed)
        listener.subscribe(MESSAGES[transport], topic, self._take_image, qos_profile_sensor_data)
        listener.subscribe(
            TrackedObjectArray, f"{self._pose_client.asked}/objects", self._take_objects, QoSProfile(depth=1)
        )
        listener.start()

    def stop(self) -> None:
        """Hear no more."""
        listener, self._input = self._input, None
        if listener is not None:
            listener.close()
        self.last = LastImage()

    def close(self) -> None:
        """Give everything back; first the clients, or a search would be waited for to its end."""
        self._pose_client.close()
        self._segmentation_client.close()
        self._services.close()

    def _take_image(self, message: Any) -> None:
        self.last = LastImage(message, self._node.now_s(), self.last.count + 1)

    def _take_objects(self, message: Any) -> None:
        self.known = {tracked.id: tracked.class_id for tracked in message.objects}

    def _newest(self) -> PromptImage:
        last, topic = self.last, self._node.input_topic()
        if last.message is None or self._node.now_s() - last.heard_s > self._node.value("stale_after_s"):
            raise InputRefused("no_image", f"no images come in on {topic}: activate the node, remap rgb/image")
        message = last.message
        rgb = compressed_to_rgb(message) if isinstance(message, CompressedImage) else to_rgb(message)
        longest_px = self._node.value("max_side_px")
        if max(rgb.shape[:2]) > longest_px:
            raise InputRefused(
                "too_large",
                f"the image is {rgb.shape[1]}x{rgb.shape[0]}, more than {longest_px} along a side: raise max_side_px",
            )
        return PromptImage(rgb, stamp_to_ns(message.header.stamp), message.header)

    def _find(self, request: Any, response: Any) -> str:
        if not self._node.active:
            raise InputRefused("not_active", "the node isn't active: activate it and ask again")
        timeout_s = request.timeout_s or DEFAULT_TIMEOUT_S
        if not 0.0 < timeout_s <= LONGEST_TIMEOUT_S:
            raise InputRefused("bad_request", f"timeout_s must be in 0 to {LONGEST_TIMEOUT_S:.0f}")
        found = self._search.find(request.words, timeout_s, request.without_pose)
        _fill(response, found)
        self._node.get_logger().info(found.message)
        return found.message


def _fill(response: Any, found: FoundByWords) -> None:
    response.found_by, response.support_set = found.found_by, found.support_set
    response.regions = [_region_message(region) for region in found.regions]
    if found.mask is not None and found.picture is not None:
        filled = found.mask.astype(np.uint8) * np.uint8(255)
        fill_image(response.mask, filled, "mono8")
        response.mask.header = found.picture.header
    if found.pose is not None:
        response.object = found.pose.message


def _region_message(region: Region) -> FoundRegion:
    box = RegionOfInterest(
        x_offset=region.left, y_offset=region.top, width=region.right - region.left, height=region.bottom - region.top
    )
    return FoundRegion(label=region.label, score=region.score or 0.0, box=box)
