"""The nodes as the agents' tools know them."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import rclpy
from foundation_perception.msg import OnboardingStatus, TrackedObjectArray
from foundation_perception.srv import StartOnboarding
from rclpy.context import Context
from rclpy.node import Node
from sensor_msgs.msg import Image

from ...agents.perception import (
    BoxPx,
    FoundThing,
    OnboardingMasks,
    OnboardingState,
    Scene,
    SeenObject,
    SegmentedLabel,
    SegmentedThing,
)
from ...arrays import Mask, Rgb
from ...errors import InputRefused
from ...prompts.known_names import KnownNames, checked_words
from ...prompts.region import Region
from ...streams.image_messages import to_rgb
from ..client.newest_message import next_message
from ..client.object_pose import NotFound, ObjectPose
from ..client.onboarding_client import OnboardingClient
from ..client.pose_client import PoseClient
from ..client.prompt_client import PromptClient
from ..client.refusals import refusing
from ..client.segmentation_client import SegmentationClient
from .seen import seen

_IMAGE_S = 10.0
_MASKS = {
    "topic": StartOnboarding.Request.MASKS_FROM_TOPIC,
    "plane": StartOnboarding.Request.MASKS_FROM_PLANE,
    "board": StartOnboarding.Request.MASKS_FROM_BOARD,
}
_STATES = {getattr(OnboardingStatus, state): state for state in ("IDLE", "RECORDING", "BUILDING", "DONE", "FAILED")}


@dataclass(frozen=True)
class AskedNodes:
    """Names of nodes, and topics of colour images (Image, raw) and of those with what is known drawn over them."""

    pose_node: str = "/pose_node"
    prompt_node: str = "/prompt_node"
    segmentation_node: str = "/segmentation_node"
    rgb: str = "/rgb/image"
    overlay: str = "/pose_node/overlay"


class RosPerception:
    """Asks the nodes, each of which may be missing but pose_node; safe to use from several threads.

    context: of rclpy; None: one of its own. To be closed.
    """

    def __init__(self, asked: AskedNodes, context: Context | None = None) -> None:
        self._asked = asked
        self._open = ExitStack()
        if context is None:
            context = Context()
            rclpy.init(context=context)
            self._open.callback(rclpy.shutdown, context=context)
        self._node = Node("agent_server", context=context)
        self._open.callback(self._node.destroy_node)
        self._poses = self._open.enter_context(PoseClient(asked.pose_node, context))
        self._onboarding = self._open.enter_context(OnboardingClient(asked.pose_node, context))
        self._prompts = self._open.enter_context(PromptClient(asked.prompt_node, context))
        self._segmentation = self._open.enter_context(SegmentationClient(asked.segmentation_node, context))

    def close(self) -> None:
        """Give everything back."""
        self._open.close()

    def objects(self) -> tuple[SeenObject, ...]:
        """Return all known objects as of the newest image."""
        topic = f"{self._asked.pose_node}/objects"
        with refusing():
            heard = next_message(self._node, TrackedObjectArray, topic, _IMAGE_S)
        now_ns = self._now_ns()
        return tuple(seen(message, now_ns) for message in heard.objects)

    def find(self, words: str, timeout_s: float) -> FoundThing:
        """Ask prompt_node; without one, names are understood, and what they name is searched for."""
        with refusing():
            if self._prompts.offered:
                return self._found(self._prompts.find(words, timeout_s))
            words = checked_words(words)
            known = {o.name: o.model for o in self.objects()}
            name = KnownNames().object_of(words, known)
            if name is None:
                raise InputRefused(
                    "unknown_object",
                    f"{words!r} is no name of a known object ({', '.join(known) or 'none'}), and no prompt_node runs "
                    "that would look for other words",
                )
            pose = self._poses.find(name, timeout_s=timeout_s)
        return FoundThing(f"{name} found by search", "search", (), "", self._seen(pose))

    def segment(self, support_set: str) -> SegmentedThing:
        """Ask segmentation_node about the newest image."""
        with refusing():
            segmented = self._segmentation.segment(self._newest(), support_set)
        alone = len(segmented.message.labels) == 1
        labels = tuple(
            SegmentedLabel(
                label.name,
                float(label.confidence),
                int(label.area_px),
                _bounds(segmented.labels == (255 if alone else label.label)),
            )
            for label in segmented.message.labels
        )
        return SegmentedThing(segmented.message.message, labels)

    def register_box(self, name: str, box: BoxPx) -> SeenObject:
        """Register from a filled box of the newest image."""
        shape = self._newest().shape
        if box.left >= shape[1] or box.top >= shape[0]:
            raise InputRefused("bad_box", f"the box lies outside of the image, which is {shape[1]}x{shape[0]} pixels")
        with refusing():
            mask = Region(name, box.left, box.top, box.right, box.bottom).filled(shape)
            return self._seen(self._poses.register(name, mask))

    def register_pixel(self, name: str, u: int, v: int) -> SeenObject:
        """Register at a pixel of the newest image."""
        with refusing():
            return self._seen(self._poses.register_at_pixel(name, u, v))

    def pose(self, name: str, max_age_s: float, min_score: float, timeout_s: float) -> SeenObject:
        """Wait for a pose that is fresh and good enough."""
        with refusing():
            return self._seen(self._poses.wait_for_pose(name, max_age_s, min_score, timeout_s))

    def scene(self) -> Scene:
        """Return the newest image's size, all objects, and the support sets where segmentation_node runs."""
        height, width = self._newest().shape[:2]
        objects = self.objects()
        with refusing():
            sets = tuple(self._segmentation.support_sets()) if self._segmentation.offered else ()
        lines = [f"an image of {width}x{height} pixels", *(o.words for o in objects)]
        if sets:
            lines.append(f"support sets: {', '.join(sets)}")
        return Scene("; ".join(lines), (width, height), objects, sets)

    def add_object(self, name: str, mesh: str, unit: str, symmetries: str, instances: int) -> str:
        """Have pose_node read a mesh from one of its folders."""
        with refusing():
            self._poses.add_object(name, mesh, unit, symmetries, instances)
        return f"{name} is looked for from now on"

    def start_onboarding(self, name: str, masks: OnboardingMasks, board: str) -> OnboardingState:
        """Have pose_node record views."""
        with refusing():
            said = self._onboarding.start(name, _MASKS[masks], board)
        return OnboardingState(said, name, "RECORDING", 0)

    def stop_onboarding(self, discard: bool) -> OnboardingState:
        """Have pose_node make a model of them, or forget them."""
        with refusing():
            said = self._onboarding.stop(discard)
        status = self.onboarding()
        return OnboardingState(said, status.name, status.state, status.views)

    def onboarding(self) -> OnboardingState:
        """Return how far that is."""
        with refusing():
            status = self._onboarding.status()
        state = _STATES.get(status.state, "IDLE")
        said = " ".join(part for part in (state, status.step, status.message) if part)
        return OnboardingState(f"{status.name}: {said}", status.name, state, int(status.views))

    def picture(self) -> Rgb:
        """Return the newest overlay; where nobody draws one, the camera's image."""
        try:
            return to_rgb(next_message(self._node, Image, self._asked.overlay, _IMAGE_S))
        except NotFound:
            return self._newest()

    def _newest(self) -> Rgb:
        with refusing():
            return to_rgb(next_message(self._node, Image, self._asked.rgb, _IMAGE_S))

    def _found(self, answer: Any) -> FoundThing:
        boxes = tuple(
            BoxPx(r.box.x_offset, r.box.y_offset, r.box.x_offset + r.box.width, r.box.y_offset + r.box.height)
            for r in answer.regions
        )
        found = seen(answer.object, self._now_ns()) if answer.object.id else None
        return FoundThing(answer.message, answer.found_by, boxes, answer.support_set, found)

    def _seen(self, pose: ObjectPose) -> SeenObject:
        return seen(pose.message, self._now_ns())

    def _now_ns(self) -> int:
        return int(self._node.get_clock().now().nanoseconds)


def _bounds(mask: Mask) -> BoxPx | None:
    rows, columns = np.nonzero(mask)
    if not rows.size:
        return None
    return BoxPx(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
