"""segmentation_node: masks from a handful of examples, over services and, live, over topics."""

import sys
from typing import Any

import cv2
import torch
from rclpy.qos import qos_profile_sensor_data
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CompressedImage, Image

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.nodes.diagnostics import DiagnosticsPublisher
from foundation_pose_ros.nodes.lifecycle_node import REFUSAL_LOG_PERIOD_S, WorkingNode, run
from foundation_pose_ros.nodes.parameters import declare, validator, values
from foundation_pose_ros.streams.image_messages import compressed_to_rgb, fill_image
from foundation_pose_ros.streams.latest_only_worker import LatestOnlyWorker

from ..mask_result import MaskResult
from ..network.checkpoints import load_checkpoint
from ..network.model import UniverSeg
from ..pictures import as_bytes, painted
from ..segmenter import Segmenter
from ..support.preparation import Preparation
from .messages import mask_message, to_image
from .parameters import SEGMENTATION_NODE, limits, preparation, segmenter_settings
from .services import SegmentationServices
from .status_report import SegmentationReport
from .support_sets import Limits, SupportSetStore

LIVE = "image"


class SegmentationNode(WorkingNode):
    """Configure reads the weights and the configured sets and offers the services; activate starts to work.

    A set that can't be read is reported in /diagnostics and left out. model: a network in place of the one whose
    weights are configured.
    """

    def __init__(self, model: UniverSeg | None = None, **node_arguments: Any) -> None:
        super().__init__("segmentation_node", **node_arguments)
        declare(self, SEGMENTATION_NODE)
        self.add_on_set_parameters_callback(validator(SEGMENTATION_NODE))
        self.limits = Limits()
        self.shelf: SupportSetStore
        self.unusable: dict[str, str] = {}
        self.count = self.live_images = self.live_masks = 0
        self.last_time_s = 0.0
        self.last_image_s: float | None = None
        self.weights_note = ""
        self.worker = LatestOnlyWorker(
            {LIVE: self._segment_live},
            self.failed,
            lambda _slot: self.refusals.count("image_replaced"),
            "segmentation",
        )
        self._given_model = model
        self._services_offered: SegmentationServices | None = None
        self._masks: Any = None
        self._overlay: Any = None
        self._subscription: Any = None
        report = SegmentationReport(self)
        self._diagnostics = DiagnosticsPublisher(self, {"segmentation": report.segmentation, "live": report.live})
        if self.value("autostart"):
            self.start_by_itself()

    def start(self) -> None:
        """Start the worker and subscribe."""
        self.worker.start()
        raw = self.value("image_transport") == "raw"
        self._subscription = self.create_subscription(
            Image if raw else CompressedImage,
            self.image_topic(),
            self._take_live,
            qos_profile_sensor_data,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def preparation(self) -> Preparation:
        """How sets made here prepare images; raises InputRefused where the parameters don't fit."""
        return preparation(values(self, SEGMENTATION_NODE))

    def live_support(self) -> str:
        """Name of the set of the live mode; '' without it."""
        return self.value("live_support")

    def image_topic(self) -> str:
        """Where live images are expected."""
        base = self.resolve_topic_name("image")
        return base if self.value("image_transport") == "raw" else f"{base}/compressed"

    def segmented(self, result: MaskResult) -> None:
        """Count one."""
        self.count += 1
        self.last_time_s = result.time_s

    def setup(self) -> None:
        """Read the weights and the sets, and offer the services."""
        given = values(self, SEGMENTATION_NODE)
        if given["threads"]:
            torch.set_num_threads(given["threads"])
            cv2.setNumThreads(given["threads"])
        model, info = (self._given_model, None) if self._given_model is not None else load_checkpoint(given["weights"])
        self.weights_note = given["weights"] + (f" ({info.licence})" if info and info.licence else "")
        settings, device = segmenter_settings(given), given["device"]
        self.limits = limits(given)

        def new_segmenter() -> Segmenter:
            return Segmenter(model, device, settings)

        new_segmenter()  # a device that isn't there is better found now
        self.shelf = SupportSetStore(new_segmenter, given["support_directories"], self.limits)
        self.unusable = {}
        for name in given["support_sets"]:
            try:
                self.shelf.load(name)
            except InputRefused as refused:
                self.unusable[name] = str(refused)
                self.refusals.count(refused.reason, f"{name}: {refused}")
                self.get_logger().error(f"support set {name} is left out: {refused}")
        self._masks = self.create_publisher(Image, "~/mask", 5)
        self._overlay = self.create_publisher(Image, "~/overlay", 2)
        self._services_offered = SegmentationServices(self)

    def _take_live(self, message: Any) -> None:
        """Nothing raises out of a callback: rclpy would end the process."""
        try:
            self.live_images += 1
            self.last_image_s = self.get_clock().now().nanoseconds * 1e-9
            if self.live_support():
                self.worker.put(LIVE, message)
        except Exception as error:
            self.failed("image", error)

    def _segment_live(self, message: Any) -> None:
        name = self.live_support()
        if name not in self.shelf.names:
            return  # the diagnostics say so
        try:
            if isinstance(message, CompressedImage):
                image, encoding = compressed_to_rgb(message), "rgb8"
                self.limits.check_image(image.shape[1], image.shape[0])
            else:
                image, encoding = to_image(message, self.limits)
            result = self.shelf.segmenter(name).segment(image, encoding)  # type: ignore[arg-type]
        except InputRefused as refused:
            self.refusals.count(refused.reason, str(refused))
            self.get_logger().warning(str(refused), throttle_duration_sec=REFUSAL_LOG_PERIOD_S)
            return
        self.segmented(result)
        if self._overlay.get_subscription_count():
            picture = painted(as_bytes(image, encoding), result.mask)  # type: ignore[arg-type]
            self._overlay.publish(fill_image(Image(header=message.header), picture, "bgr8"))
        if not result.mask.any():
            self.refusals.count("nothing_found")
        elif result.confidence < self.value("live_least_confidence"):
            self.refusals.count("low_confidence")
        else:
            self._masks.publish(mask_message(result, message.header))
            self.live_masks += 1

    def stop(self) -> None:
        """Stop working; the sets stay."""
        self.destroy_subscription(self._subscription)
        if not self.worker.stop():
            self.get_logger().warning("the worker is still busy with its last image")
        self.last_image_s = None

    def release(self) -> None:
        """Give network, sets and services back."""
        if self._services_offered is None:
            return
        self._services_offered.destroy()
        self._services_offered = None
        self.destroy_publisher(self._masks)
        self.destroy_publisher(self._overlay)
        del self.shelf


def main(args: list[str] | None = None) -> None:
    """Run the node until it is told to stop."""
    run(SegmentationNode, "segmentation_node", args)


if __name__ == "__main__":
    main(sys.argv)
