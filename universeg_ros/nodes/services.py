"""The services of segmentation_node."""

from collections.abc import Callable
from typing import Any

from foundation_perception.srv import AddSupport, ListSupport, LoadSupport, RemoveSupport, SaveSupport, Segment
from rclpy.qos import QoSProfile, qos_profile_services_default

from foundation_pose_ros.nodes.lifecycle_node import WorkingNode
from foundation_pose_ros.nodes.listener import Listener
from foundation_pose_ros.nodes.parameters import values
from foundation_pose_ros.nodes.service_replies import answering, waited_for
from foundation_pose_ros.streams.latest_only_worker import LatestOnlyWorker

from ..mask_result import MaskResult
from ..support.preparation import Preparation
from .messages import (
    check_header,
    info_message,
    label_messages,
    map_message,
    mask_message,
    region_of,
    to_image,
    to_mask,
)
from .parameters import SEGMENTATION_NODE, preparation
from .support_sets import Limits, SupportSetStore

# Many clients may ask at once: none of their requests may fall out of the middleware's queue.
WAITING_REQUESTS = 200


class SegmentationTimes:
    """How many images were segmented, and what the last one took."""

    def __init__(self) -> None:
        self.count = 0
        self.last_s = 0.0

    def add(self, result: MaskResult) -> None:
        """Count one."""
        self.count += 1
        self.last_s = result.time_s


class SegmentationServices:
    """`~/segment`, and `~/add_support`, `~/remove_support`, `~/list_support`, `~/load_support`, `~/save_support`.

    All work is done in the worker, one request after the other.
    """

    def __init__(
        self,
        node: WorkingNode,
        listener: Listener,
        support_sets: SupportSetStore,
        worker: LatestOnlyWorker,
        limits: Limits,
        times: SegmentationTimes,
    ) -> None:
        self._node, self._support_sets, self._worker = node, support_sets, worker
        self._limits, self._times = limits, times
        qos = QoSProfile(
            depth=WAITING_REQUESTS,
            reliability=qos_profile_services_default.reliability,
            durability=qos_profile_services_default.durability,
            history=qos_profile_services_default.history,
        )
        table: tuple[tuple[Any, str, Callable[[Any, Any], str]], ...] = (
            (Segment, "~/segment", self._segment),
            (AddSupport, "~/add_support", self._add),
            (RemoveSupport, "~/remove_support", self._remove),
            (ListSupport, "~/list_support", self._list),
            (LoadSupport, "~/load_support", self._load),
            (SaveSupport, "~/save_support", self._save),
        )
        for kind, name, handle in table:
            answer = answering(name, self._in_worker(handle), node.refusals, node.get_logger().error)
            listener.serve(kind, name, answer, qos)

    def _in_worker(self, handle: Callable[[Any, Any], str]) -> Callable[[Any, Any], str]:
        return lambda request, response: waited_for(self._worker.call(lambda: handle(request, response)))

    def _preparation(self) -> Preparation:
        """How sets made here prepare images; raises InputRefused where the parameters don't fit."""
        return preparation(values(self._node, SEGMENTATION_NODE))

    def _segment(self, request: Any, response: Any) -> str:
        limits, sets = self._limits, self._support_sets
        header = check_header(request.image)
        image, encoding = to_image(request.image, limits)
        if request.support_images or request.support_masks:
            given = [to_image(message, limits) for message in request.support_images]
            segmenter = sets.inline(
                [pixels for pixels, _ in given],
                [to_mask(message, limits) for message in request.support_masks],
                [kind for _, kind in given],
                self._preparation(),
            )
        else:
            segmenter = sets.segmenter(sets.the_one(request.support_set))
        result = segmenter.segment(image, encoding, region_of(request.region))
        self._times.add(result)
        response.mask = mask_message(result, header)
        response.labels = label_messages(result)
        response.confidence = float(result.confidence)
        if request.with_probability:
            response.probability = map_message(result.probability, header)
            response.uncertainty = map_message(result.uncertainty, header)
        response.support_used = list(result.support)
        response.time_s = result.time_s
        found = ", ".join(f"{r.name} {r.confidence:.2f}" for r in result.labels if r.area_px)
        return f"found {found}" if found else "nothing found: add examples that are more like this image"

    def _add(self, request: Any, response: Any) -> str:
        image, encoding = to_image(request.image, self._limits)
        mask = to_mask(request.mask, self._limits)
        response.name = self._support_sets.add(
            request.support_set, request.name, image, mask, encoding, self._preparation()
        )
        response.size = len(self._support_sets[request.support_set])
        return f"{request.support_set} has {response.size} examples"

    def _remove(self, request: Any, _response: Any) -> str:
        self._support_sets.remove(request.support_set, request.name)
        return f"{request.name or 'all'} removed from {request.support_set}"

    def _list(self, request: Any, response: Any) -> str:
        sets, live = self._support_sets, self._node.value("live_support")
        names = [sets.the_one(request.support_set)] if request.support_set else sets.names
        response.sets = [info_message(name, sets[name], name == live) for name in names]
        return f"{len(names)} support sets"

    def _load(self, request: Any, response: Any) -> str:
        support = self._support_sets.load(request.support_set, request.path)
        live = request.support_set == self._node.value("live_support")
        response.set = info_message(request.support_set, support, live)
        return f"{request.support_set} has {len(support)} examples"

    def _save(self, request: Any, _response: Any) -> str:
        return f"saved as {self._support_sets.save(request.support_set, request.path)}"
