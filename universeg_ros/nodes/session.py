"""All that segmentation_node has between configure and cleanup."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import torch
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage, Image

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.input_limits.bounded_process import BoundedProcess
from foundation_pose_ros.nodes.image_transport import MESSAGES, transported
from foundation_pose_ros.nodes.lifecycle_node import REFUSAL_LOG_PERIOD_S, WorkingNode
from foundation_pose_ros.nodes.listener import Listener
from foundation_pose_ros.nodes.parameters import values
from foundation_pose_ros.streams.image_messages import compressed_to_rgb, fill_image
from foundation_pose_ros.streams.latest_only_worker import LatestOnlyWorker

from ..mask_result import MaskResult
from ..network.checkpoints import load_checkpoint
from ..network.model import UniverSeg
from ..pictures import as_bytes, painted
from ..segmenter import Segmenter
from ..support.support_set import SupportSet
from .messages import mask_message, to_image
from .parameters import SEGMENTATION_NODE, limits, segmenter_settings
from .services import SegmentationServices, SegmentationTimes
from .support_sets import SupportSetStore

LIVE = "image"
# Support sets are read in its processes.
SUPPORT_READER = BoundedProcess([SupportSet.__module__])


@dataclass
class LiveImages:
    """What came and went in live mode; last_s: by the node's clock, None before the first since activation."""

    images: int = 0
    masks: int = 0
    last_s: float | None = None


class SegmentationSession:
    """Reads the weights and the configured sets, offers the services; `start` and `stop` at each activation.

    unusable: why sets were left out, by name. model: a network in place of the one whose weights are configured.
    """

    def __init__(self, node: WorkingNode, model: UniverSeg | None = None) -> None:
        """Raise InputRefused for weights that can't be used, and a device that isn't there."""
        self._node = node
        given = values(node, SEGMENTATION_NODE)
        if given["threads"]:
            torch.set_num_threads(given["threads"])
            cv2.setNumThreads(given["threads"])
        network, info = (model, None) if model is not None else load_checkpoint(given["weights"])
        self.weights_note = given["weights"] + (f" ({info.licence})" if info and info.licence else "")
        settings, device = segmenter_settings(given), given["device"]
        self._limits = limits(given)

        def new_segmenter() -> Segmenter:
            return Segmenter(network, device, settings)

        new_segmenter()  # a device that isn't there is better found now
        read = partial(SUPPORT_READER.call, SupportSet.load)
        self.support_sets = SupportSetStore(new_segmenter, given["support_directories"], self._limits, read)
        self.unusable: dict[str, str] = {}
        for name in given["support_sets"]:
            try:
                self.support_sets.load(name)
            except InputRefused as refused:
                self.unusable[name] = str(refused)
                node.refusals.count(refused.reason, f"{name}: {refused}")
                node.get_logger().error(f"support set {name} is left out: {refused}")
        self.live, self.times = LiveImages(), SegmentationTimes()
        self._worker = LatestOnlyWorker(
            {LIVE: self._segment_live}, node.failed, lambda _slot: node.refusals.count("image_replaced"), "segmentation"
        )
        self._masks = node.make_publisher(Image, "~/mask", 5)
        self._overlay = node.make_publisher(Image, "~/overlay", 2)
        self._input: Listener | None = None
        self._services = Listener(node, "services", node.failed)
        SegmentationServices(node, self._services, self.support_sets, self._worker, self._limits, self.times)
        self._services.start()

    def start(self) -> None:
        """Start the worker and subscribe."""
        self._worker.start()
        transport = self._node.value("image_transport")
        topic = transported(self._node, "image", transport)
        self._input = Listener(self._node, "image", self._node.failed)
        self._input.subscribe(MESSAGES[transport], topic, self._take_live, qos_profile_sensor_data)
        self._input.start()

    def stop(self) -> None:
        """Stop working; the sets stay."""
        listener, self._input = self._input, None
        if listener is not None:
            listener.close()
        if not self._worker.stop():
            self._node.get_logger().warning("the worker is still busy with its last image")
        self.live.last_s = None

    def close(self) -> None:
        """Give services and outputs back."""
        self._services.close()
        for publisher in (self._masks, self._overlay):
            self._node.destroy_publisher(publisher)

    def _take_live(self, message: Any) -> None:
        self.live.images += 1
        self.live.last_s = self._node.now_s()
        if self._node.value("live_support"):
            self._worker.put(LIVE, message)

    def _segment_live(self, message: Any) -> None:
        name = self._node.value("live_support")
        if name not in self.support_sets.names:
            return  # the diagnostics say so
        try:
            if isinstance(message, CompressedImage):
                image, encoding = compressed_to_rgb(message), "rgb8"
                self._limits.check_image(image.shape[1], image.shape[0])
            else:
                image, encoding = to_image(message, self._limits)
            result = self.support_sets.segmenter(name).segment(image, encoding)  # type: ignore[arg-type]
        except InputRefused as refused:
            self._node.refusals.count(refused.reason, str(refused))
            self._node.get_logger().warning(str(refused), throttle_duration_sec=REFUSAL_LOG_PERIOD_S)
            return
        self.times.add(result)
        if self._overlay.get_subscription_count():
            picture = painted(as_bytes(image, encoding), result.mask)  # type: ignore[arg-type]
            self._overlay.publish(fill_image(Image(header=message.header), picture, "bgr8"))
        self._publish(message, result)

    def _publish(self, message: Any, result: MaskResult) -> None:
        """The mask, where there is one and it is sure enough."""
        if not result.mask.any():
            self._node.refusals.count("nothing_found")
        elif result.confidence < self._node.value("live_least_confidence"):
            self._node.refusals.count("low_confidence")
        else:
            self._masks.publish(mask_message(result, message.header))
            self.live.masks += 1
