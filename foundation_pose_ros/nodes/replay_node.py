"""replay_node: a recording or a synthetic scene as the topics of an RGB-D camera, with masks and true poses."""

import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from foundation_perception.msg import TrackedObjectArray
from rclpy.clock import Clock as SteadyClock
from rclpy.clock import ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.task import Future
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header, String
from vision_msgs.msg import Detection3D, Detection3DArray, ObjectHypothesisWithPose

from ..camera import Camera
from ..errors import InputRefused
from ..frame import Frame
from ..streams.image_messages import fill_image
from ..streams.time_synchronizer import stamp_to_ns
from ..tracking.multi_object import BEING_REGISTERED
from .parameters import declare, validator, values
from .plain_node import run_plain
from .pose.messages import to_pose, to_stamp
from .replay.parameters import REPLAY_NODE
from .replay.source import ReplaySource, open_source

LAST_LABEL = np.iinfo(np.uint16).max


class ReplayNode(Node):
    """Publishes frame after frame by a timer.

    `played(frame_id, stamp_ns)` is called for each frame before it goes out, `finished()` after the last one, where
    they are set.
    """

    def __init__(
        self,
        source: ReplaySource | None = None,
        **node_arguments: Any,
    ) -> None:
        super().__init__("replay_node", **node_arguments)
        declare(self, REPLAY_NODE)
        self.add_on_set_parameters_callback(validator(REPLAY_NODE))
        settings = values(self, REPLAY_NODE)
        self._source = source or open_source(
            settings["sequence"], settings["objects"], settings["frames"], settings["seed"], settings["meshes"]
        )
        self.played: Callable[[str, int], None] | None = None
        self.finished: Callable[[], None] | None = None
        self._frame_ids = self._chosen(settings["start"], settings["end"])
        self._loaded: dict[str, Frame] = {}
        if settings["preload"]:
            self._preload()
        self._order = self._frames_in_order()
        self._rgb = self._publisher(Image, "rgb/image")
        self._info = self._publisher(CameraInfo, "rgb/camera_info")
        self._depth = self._publisher(Image, "depth/image")
        self._masks: Any = None
        if settings["mask_policy"] != "none" and self._has_masks():
            self._masks = self._publisher(Image, "masks")
        self._truth = self._publisher(Detection3DArray, "~/truth")
        self._time = self.create_publisher(Clock, "/clock", 10) if settings["publish_clock"] else None
        self.create_subscription(String, "mask_request", self._on_mask_request, 10)
        self.create_subscription(TrackedObjectArray, "objects", self._on_objects, 10)
        self._masks_asked_for: set[str] = set()
        self._next = self._read_next()
        self._published_ns = 0
        self._answered_ns = 0
        self._published_at_s: float | None = None
        self._said_that_it_waits = False
        # Not the node's clock, which stands still under use_sim_time until this node itself publishes it.
        self._timer = self.create_timer(
            1.0 / settings["rate_hz"], self._tick, clock=SteadyClock(clock_type=ClockType.STEADY_TIME)
        )

    def _chosen(self, start: int, end: int) -> list[str]:
        frame_ids = self._source.sequence.frame_ids
        chosen = frame_ids[start : None if end < 0 else end]
        if not chosen:
            raise InputRefused("no_frames", f"frames {start} to {end} of {len(frame_ids)} are none: choose others")
        return chosen

    def _has_masks(self) -> bool:
        """Whether there is any mask: who hears of a publisher of masks waits for one, and doesn't search."""
        sequence, names = self._source.sequence, self._source.object_names
        try:
            return any(sequence.mask(i, name) is not None for i in self._frame_ids for name in names)
        except InputRefused:
            return True  # there is one, which can't be read

    def _frames_in_order(self) -> Iterator[str]:
        while True:
            yield from self._frame_ids
            if not self._value("loop"):
                return

    def _preload(self) -> None:
        for count, frame_id in enumerate(self._frame_ids, start=1):
            try:
                self._loaded[frame_id] = self._source.sequence.frame(frame_id)
            except InputRefused:
                continue  # said when it would be played
            if count % 10 == 0 or count == len(self._frame_ids):
                self.get_logger().info(f"{self._source.sequence.name}: {count} of {len(self._frame_ids)} frames ready")

    def _read_next(self) -> tuple[str, Frame] | None:
        """The frame that comes next, read before it is due."""
        # Not for ever: a loop over frames that can't be read would have no end.
        for frame_id in islice(self._order, len(self._frame_ids)):
            try:
                return frame_id, self._loaded.get(frame_id) or self._source.sequence.frame(frame_id)
            except InputRefused as refused:
                self.get_logger().error(f"frame {frame_id} is left out: {refused}")
        return None

    def _tick(self) -> None:
        if self._must_wait():
            return
        if self._next is None:
            self._end()
            return
        frame_id, frame = self._next
        try:
            self._publish(frame_id, frame)
        except InputRefused as refused:
            self.get_logger().error(f"frame {frame_id} is left out: {refused}")
        self._next = self._read_next()

    def _must_wait(self) -> bool:
        if self._value("wait_for_subscriber") and self._published_at_s is None:
            awaited = [self._rgb, self._depth, self._info]
            awaited += [self._masks] if self._masks is not None else []
            ready = all(publisher.get_subscription_count() for publisher in awaited)
            if not ready and not self._said_that_it_waits:
                self._said_that_it_waits = True
                self.get_logger().info(f"{self._source.sequence.name}: waiting for a subscriber")
            return not ready
        if not self._value("lockstep") or self._published_at_s is None or self._answered_ns >= self._published_ns:
            return False
        return time.monotonic() - self._published_at_s < self._value("lockstep_deadline_s")

    def _publish(self, frame_id: str, frame: Frame) -> None:
        recorded = self._value("stamps") == "recorded"
        stamp_ns = frame.stamp_ns if recorded else self.get_clock().now().nanoseconds
        header = Header(stamp=to_stamp(stamp_ns), frame_id=frame.frame_id)
        # Before anything goes out: files that can't be used leave the whole frame out.
        truth, masks = self._truth_message(frame_id, header), self._mask_message(frame_id, frame, header)
        if self._time is not None:
            self._time.publish(Clock(clock=header.stamp))
        # A loop over recorded stamps begins anew with a smaller one.
        self._published_ns, self._answered_ns, self._published_at_s = stamp_ns, 0, time.monotonic()
        if self.played is not None:
            self.played(frame_id, stamp_ns)
        self._truth.publish(truth)
        if masks is not None:
            self._masks = self._masks or self._publisher(Image, "masks")
            self._masks.publish(masks)
        self._info.publish(to_camera_info(frame.camera, header))
        self._depth.publish(fill_image(Image(header=header), frame.depth_m, "32FC1"))
        self._rgb.publish(fill_image(Image(header=header), frame.rgb, "rgb8"))

    def _mask_message(self, frame_id: str, frame: Frame, header: Header) -> Image | None:
        """The masks that are due with a frame, None where there are none."""
        policy, first = self._value("mask_policy"), self._published_at_s is None
        names = self._source.object_names
        wanted = set(names) if policy == "every" or (policy != "none" and first) else set()
        if policy == "request":
            wanted |= self._masks_asked_for
        labels = np.zeros(frame.depth_m.shape, np.uint16)
        for label, name in enumerate(names[:LAST_LABEL], start=1):
            mask = self._source.sequence.mask(frame_id, name) if name in wanted else None
            if mask is not None and mask.shape != labels.shape:
                raise InputRefused(
                    "size_mismatch",
                    f"the mask of {name} is {mask.shape[1]}x{mask.shape[0]}, not of its image's size: make it anew",
                )
            if mask is not None and mask.any():
                labels[mask] = label
                self._masks_asked_for.discard(name)
        if not labels.any():
            return None
        if len(names) == 1:
            return fill_image(Image(header=header), np.where(labels > 0, 255, 0).astype(np.uint8), "mono8")
        return fill_image(Image(header=header), labels, "mono16")

    def _truth_message(self, frame_id: str, header: Header) -> Detection3DArray:
        message = Detection3DArray(header=header)
        for name in self._source.object_names:
            T_cam_obj = self._source.sequence.truth(frame_id, name)
            if T_cam_obj is None:
                continue
            hypothesis = ObjectHypothesisWithPose()
            hypothesis.hypothesis.class_id, hypothesis.hypothesis.score = name, 1.0
            hypothesis.pose.pose = to_pose(T_cam_obj)
            message.detections.append(Detection3D(header=header, id=name, results=[hypothesis]))
        return message

    def _on_mask_request(self, message: String) -> None:
        self._masks_asked_for.add(message.data)

    def _on_objects(self, message: TrackedObjectArray) -> None:
        stamp_ns = stamp_to_ns(message.header.stamp)
        # Another answer follows once what is being registered is found, or isn't.
        if stamp_ns == self._published_ns and all(tracked.reason != BEING_REGISTERED for tracked in message.objects):
            self._answered_ns = stamp_ns

    def _end(self) -> None:
        self.get_logger().info(f"{self._source.sequence.name}: played {len(self._frame_ids)} frames")
        self._timer.cancel()
        if self.finished is not None:
            self.finished()

    def _value(self, name: str) -> Any:
        return self.get_parameter(name).value

    def _publisher(self, kind: type, topic: str) -> Any:
        options = QoSOverridingOptions.with_default_policies()
        return self.create_publisher(kind, topic, QoSProfile(depth=10), qos_overriding_options=options)


def to_camera_info(camera: Camera, header: Header) -> CameraInfo:
    """Return the CameraInfo of a rectified image."""
    info = CameraInfo(
        header=header, width=camera.width, height=camera.height, distortion_model="plumb_bob", d=[0.0] * 5
    )
    K = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]], np.float64)
    info.k = K.ravel()
    info.r = np.eye(3).ravel()
    info.p = np.hstack([K, np.zeros((3, 1))]).ravel()
    return info


def main(args: list[str] | None = None) -> None:
    """Play until the end, or until told to stop."""
    run_plain("replay_node", ReplayNode, args, _ended)


def _ended(node: ReplayNode) -> Future:
    ended: Future = Future()
    if node.get_parameter("exit_at_end").value:
        node.finished = lambda: ended.set_result(None)
    return ended


if __name__ == "__main__":
    main(sys.argv)
