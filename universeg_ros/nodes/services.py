"""The services of segmentation_node."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from foundation_perception.srv import AddSupport, ListSupport, LoadSupport, RemoveSupport, SaveSupport, Segment
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.qos import QoSProfile, qos_profile_services_default

from foundation_pose_ros.nodes.service_replies import answering, waited_for

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

if TYPE_CHECKING:
    from .segmentation_node import SegmentationNode

# Many clients may ask at once: none of their requests may fall out of the middleware's queue.
WAITING_REQUESTS = 200


class SegmentationServices:
    """`~/segment`, and `~/add_support`, `~/remove_support`, `~/list_support`, `~/load_support`, `~/save_support`.

    All work is done in the node's worker, one request after the other.
    """

    def __init__(self, node: "SegmentationNode") -> None:
        self._node = node
        group = MutuallyExclusiveCallbackGroup()
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
        self._services = [
            node.create_service(
                kind,
                name,
                answering(name, self._in_worker(handle), node.refusals, node.get_logger().error),
                qos_profile=qos,
                callback_group=group,
            )
            for kind, name, handle in table
        ]

    def destroy(self) -> None:
        """Give the services back."""
        for service in self._services:
            self._node.destroy_service(service)

    def _in_worker(self, handle: Callable[[Any, Any], str]) -> Callable[[Any, Any], str]:
        return lambda request, response: waited_for(self._node.worker.call(lambda: handle(request, response)))

    def _segment(self, request: Any, response: Any) -> str:
        node = self._node
        header = check_header(request.image)
        image, encoding = to_image(request.image, node.limits)
        if request.support_images or request.support_masks:
            given = [to_image(message, node.limits) for message in request.support_images]
            segmenter = node.shelf.inline(
                [pixels for pixels, _ in given],
                [to_mask(message, node.limits) for message in request.support_masks],
                [kind for _, kind in given],
                node.preparation(),
            )
        else:
            segmenter = node.shelf.segmenter(node.shelf.the_one(request.support_set))
        result = segmenter.segment(image, encoding, region_of(request.region))
        node.segmented(result)
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
        node = self._node
        image, encoding = to_image(request.image, node.limits)
        mask = to_mask(request.mask, node.limits)
        response.name = node.shelf.add(request.support_set, request.name, image, mask, encoding, node.preparation())
        response.size = len(node.shelf[request.support_set])
        return f"{request.support_set} has {response.size} examples"

    def _remove(self, request: Any, _response: Any) -> str:
        self._node.shelf.remove(request.support_set, request.name)
        return f"{request.name or 'all'} removed from {request.support_set}"

    def _list(self, request: Any, response: Any) -> str:
        shelf = self._node.shelf
        names = [shelf.the_one(request.support_set)] if request.support_set else shelf.names
        live = self._node.live_support()
        response.sets = [info_message(name, shelf[name], name == live) for name in names]
        return f"{len(names)} support sets"

    def _load(self, request: Any, response: Any) -> str:
        support = self._node.shelf.load(request.support_set, request.path)
        live = request.support_set == self._node.live_support()
        response.set = info_message(request.support_set, support, live)
        return f"{request.support_set} has {len(support)} examples"

    def _save(self, request: Any, _response: Any) -> str:
        return f"saved as {self._node.shelf.save(request.support_set, request.path)}"
