"""Everything that pose_node says about a frame: each message carries the stamp and frame_id of the image."""

import colorsys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from foundation_perception.msg import TrackedObjectArray
from geometry_msgs.msg import PoseWithCovariance, PoseWithCovarianceStamped, TransformStamped
from sensor_msgs.msg import Image
from std_msgs.msg import Header, String
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection3DArray
from visualization_msgs.msg import MarkerArray

from ... import se3
from ...frame import Frame
from ...overlay import OverlayPose, OverlayRenderers, draw_overlay
from ...pose_result import PoseResult
from ...streams.image_messages import fill_image
from ...tracking import TrackedObject, TrackState
from ..lifecycle_node import WorkingNode
from .markers import MarkerFactory, MarkerSettings
from .messages import (
    QuaternionSigns,
    to_detection,
    to_header,
    to_pose,
    to_pose_with_covariance,
    to_stamp,
    to_tracked_object,
    to_transform,
)
from .object_catalogue import CatalogueEntry, topic_token
from .output_frame import Placed

if TYPE_CHECKING:
    from rclpy.publisher import Publisher

_GOLDEN = 0.618034  # of the circle of hues: neighbours in the list of objects differ well


@dataclass(frozen=True)
class OutputSettings:
    """What is published, and how.

    tf_doubt_s: a pose that has been in doubt for so long isn't broadcast. tf_in_doubt: then, and of a lost object, none
    is (drop), or the last one that was believed (hold).
    """

    publish_tf: bool = True
    tf_doubt_s: float = 0.1
    tf_in_doubt: str = "drop"
    tf_prefix: str = ""
    marker_lifetime_s: float = 1.0
    overlay_rate_hz: float = 10.0
    markers: MarkerSettings = field(default_factory=MarkerSettings)


class ResultsPublisher:
    """The outputs of pose_node. Safe to use from several threads.

    when_published(frame_id, stamp_ns, objects): is told what was published of each frame, poses in that frame.
    """

    def __init__(self, node: WorkingNode, settings: OutputSettings) -> None:
        self.settings = settings
        self._node = node
        self._detections = node.make_publisher(Detection3DArray, "~/detections")
        self._objects = node.make_publisher(TrackedObjectArray, "~/objects")
        self._tf = node.make_publisher(TFMessage, "/tf", 100)
        self._markers = node.make_publisher(MarkerArray, "~/markers")
        self._overlay = node.make_publisher(Image, "~/overlay", 2)
        self._mask_request = node.make_publisher(String, "~/mask_request")
        self._poses: dict[str, Publisher] = {}
        self._entries: dict[str, CatalogueEntry] = {}
        self._marker_factories: dict[str, MarkerFactory] = {}
        self._marked: set[str] = set()
        self._signs = QuaternionSigns()
        self._last_overlay_s, self._overlay_renderers = 0.0, OverlayRenderers()
        self._last_header = Header()
        self._lock = threading.RLock()
        self.when_published: Callable[[str, int, list[TrackedObject]], None] = lambda *_: None

    def add_object(self, id: str, entry: CatalogueEntry) -> None:
        """Make the outputs of one object."""
        with self._lock:
            self._entries[id] = entry
            self._poses[id] = self._node.make_publisher(PoseWithCovarianceStamped, f"~/pose/{topic_token(id)}")
            self._marker_factories[id] = MarkerFactory(id, entry, self._colour(id), self.settings.markers)

    def replace_model(self, id: str, entry: CatalogueEntry) -> None:
        """Show an object otherwise from now on."""
        with self._lock:
            self._entries[id] = entry
            self._marker_factories[id] = MarkerFactory(id, entry, self._colour(id), self.settings.markers)

    def remove_object(self, id: str) -> None:
        """Take an object's outputs away, its markers first."""
        with self._lock:
            self._unmark({id})
            self._node.destroy_publisher(self._poses.pop(id))
            del self._entries[id], self._marker_factories[id]
            self._signs.forget(id)

    def hide_all(self) -> None:
        """Take all markers away."""
        with self._lock:
            self._unmark(set(self._marked))

    def destroy(self) -> None:
        """Give the publishers back."""
        for id in list(self._entries):
            self.remove_object(id)
        for publisher in (self._detections, self._objects, self._tf, self._markers, self._overlay, self._mask_request):
            self._node.destroy_publisher(publisher)

    def ask_for_masks(self, ids: tuple[str, ...]) -> None:
        """Say which objects need a mask."""
        for id in ids:
            self._mask_request.publish(String(data=id))

    def publish(self, frame: Frame, objects: list[TrackedObject], placed: Placed | None = None) -> None:
        """Publish all messages of one frame that someone listens to; the others aren't even made.

        placed: the objects in the frame that poses are to be published in; None: that of the image.
        """
        placed = placed or Placed(frame.frame_id, objects)
        with self._lock:
            self._publish(frame, objects, placed)
        self.when_published(placed.frame_id, frame.stamp_ns, placed.objects)

    def _publish(self, frame: Frame, objects: list[TrackedObject], placed: Placed) -> None:
        header = self._last_header = Header(stamp=to_stamp(frame.stamp_ns), frame_id=placed.frame_id)
        known = [tracked for tracked in placed.objects if tracked.id in self._entries]
        found = {
            tracked.id: self._found(tracked.id, tracked.result)
            for tracked in known
            if tracked.state is TrackState.TRACKING and tracked.result is not None
        }
        self._publish_transforms(known, found, header)
        for id, pose in found.items():
            if self._poses[id].get_subscription_count():
                self._poses[id].publish(PoseWithCovarianceStamped(header=header, pose=pose))
        if self._detections.get_subscription_count():
            self._detections.publish(self._detections_message(known, found, header))
        if self._objects.get_subscription_count():
            states = [to_tracked_object(t, found.get(t.id) or _last_believed(t), header) for t in known]
            self._objects.publish(TrackedObjectArray(header=header, objects=states))
        if found and self._markers.get_subscription_count():
            self._publish_markers(found, header)
        self._unmark(self._marked - {tracked.id for tracked in objects if tracked.state is TrackState.TRACKING})
        self._publish_overlay(frame, objects, to_header(frame))

    def _found(self, id: str, result: PoseResult) -> PoseWithCovariance:
        quaternion = self._signs.continuous(id, se3.to_quaternion_xyzw(result.T_cam_obj))
        return to_pose_with_covariance(result, to_pose(result.T_cam_obj, quaternion))

    def _publish_transforms(
        self, known: list[TrackedObject], found: dict[str, PoseWithCovariance], header: Header
    ) -> None:
        """Broadcast what isn't in doubt, or not for long; of the others what was believed last, where that is held."""
        if not self.settings.publish_tf or not self._tf.get_subscription_count():
            return
        shown = {}
        for tracked in known:
            believed = tracked.id in found and (not tracked.in_doubt or tracked.doubt_s < self.settings.tf_doubt_s)
            held = None if believed or self.settings.tf_in_doubt == "drop" else _last_believed(tracked)
            if believed or held is not None:
                shown[tracked.id] = held or found[tracked.id]
        if shown:
            self._tf.publish(TFMessage(transforms=[self._transform(id, pose, header) for id, pose in shown.items()]))

    def _transform(self, id: str, pose: PoseWithCovariance, header: Header) -> TransformStamped:
        child = self.settings.tf_prefix + id
        return TransformStamped(header=header, child_frame_id=child, transform=to_transform(pose.pose))

    def _detections_message(
        self, known: list[TrackedObject], found: dict[str, PoseWithCovariance], header: Header
    ) -> Detection3DArray:
        detections = [
            to_detection(tracked, tracked.result, found[tracked.id], self._entries[tracked.id].model, header)
            for tracked in known
            if tracked.id in found and tracked.result is not None
        ]
        return Detection3DArray(header=header, detections=detections)

    def _publish_markers(self, found: dict[str, PoseWithCovariance], header: Header) -> None:
        self._marked |= found.keys()
        lifetime_s, prefix = self.settings.marker_lifetime_s, self.settings.tf_prefix
        shown = [
            marker
            for id, pose in found.items()
            for marker in self._marker_factories[id].shown(header, pose.pose, lifetime_s, prefix)
        ]
        self._markers.publish(MarkerArray(markers=shown))

    def _publish_overlay(self, frame: Frame, objects: list[TrackedObject], header: Header) -> None:
        now_s = time.monotonic()
        if (
            self._overlay.get_subscription_count() == 0
            or now_s - self._last_overlay_s < 1.0 / self.settings.overlay_rate_hz
        ):
            return
        self._last_overlay_s = now_s
        poses = []
        for tracked in objects:
            if tracked.result is not None and tracked.id in self._entries:
                label = f"{tracked.id} {tracked.result.score:.2f}"
                red, green, blue = (int(255 * c) for c in self._colour(tracked.id))
                colour = (red, green, blue)
                model = self._entries[tracked.id].model
                poses.append(OverlayPose(model, tracked.result.T_cam_obj, label, colour, tracked.in_doubt))
        drawn = draw_overlay(frame.rgb, frame.camera, poses, renderers=self._overlay_renderers)
        self._overlay.publish(fill_image(Image(header=header), drawn, "rgb8"))

    def _unmark(self, ids: set[str]) -> None:
        gone = [m for id in ids & self._marked for m in self._marker_factories[id].removed(self._last_header)]
        self._marked -= ids
        if gone:
            self._markers.publish(MarkerArray(markers=gone))

    def _colour(self, id: str) -> tuple[float, float, float]:
        return colorsys.hsv_to_rgb((0.33 + _GOLDEN * list(self._entries).index(id)) % 1.0, 0.75, 0.95)


def _last_believed(tracked: TrackedObject) -> PoseWithCovariance | None:
    last = tracked.last_believed
    return None if last is None else to_pose_with_covariance(last, to_pose(last.T_cam_obj))
