"""The services of pose_node."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from foundation_perception.srv import AddObject, Register, RemoveObject, Reset
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup

from ...errors import InputRefused
from ...streams.image_messages import to_labels
from ...streams.mask_inputs import LabelImage
from ...tracking import TrackState
from ..service_replies import answering, waited_for
from .messages import stamp_to_ns, to_header, to_pose, to_pose_with_covariance, to_tracked_object
from .object_catalogue import load_object

if TYPE_CHECKING:
    from ..pose_node import PoseNode


class PoseServices:
    """`~/register`, `~/reset`, `~/add_object`, `~/remove_object`, in a callback group of their own.

    They wait for the worker, so that the node wants an executor with two threads; with one, images wait meanwhile.
    """

    def __init__(self, node: "PoseNode") -> None:
        self._node = node
        group = MutuallyExclusiveCallbackGroup()
        table: tuple[tuple[Any, str, Callable[[Any, Any], str]], ...] = (
            (Register, "~/register", self._register),
            (Reset, "~/reset", self._reset),
            (AddObject, "~/add_object", self._add_object),
            (RemoveObject, "~/remove_object", self._remove_object),
        )
        self._services = [
            node.create_service(kind, name, self._answering(name, handle), callback_group=group)
            for kind, name, handle in table
        ]

    def destroy(self) -> None:
        """Give the services back."""
        for service in self._services:
            self._node.destroy_service(service)

    def _answering(self, name: str, handle: Callable[[Any, Any], str]) -> Callable[[Any, Any], Any]:
        return answering(name, handle, self._node.refusals, self._node.get_logger().error)

    def _in_worker(self, function: Callable[[], Any]) -> Any:
        return waited_for(self._node.pipeline.call(function))

    def _register(self, request: Any, response: Any) -> str:
        node = self._node
        ids = node.pipeline.tracker.ids
        if not request.object_name and len(ids) != 1:
            raise InputRefused(
                "unknown_object", f"say which object to register: one of {', '.join(ids) or 'none configured'}"
            )
        id = request.object_name or ids[0]
        if id not in ids:
            raise InputRefused("unknown_object", f"no object {id!r} here (known: {', '.join(ids) or 'none'})")
        if not request.mask.data:
            self._in_worker(lambda: node.pipeline.tracker.reset(id, "register: waiting for the next mask"))
            node.outputs.ask_for_masks((id,))
            return f"{id} will be registered from the next mask"
        frame = node.pipeline.frame_of(stamp_to_ns(request.mask.header.stamp))
        if frame is None:
            raise InputRefused(
                "mask_without_frame",
                "no image of the mask's stamp is kept: activate the node, and copy the stamp of the mask's image "
                "(0 = the newest image)",
            )
        masks = LabelImage(frame.stamp_ns, to_labels(request.mask), node.rectified, only=id, force=True)
        objects = self._in_worker(lambda: node.pipeline.register_now(frame, masks))
        tracked = next(o for o in objects if o.id == id)
        if tracked.state is not TrackState.TRACKING or tracked.result is None:
            raise InputRefused("low_score", f"{id} was not found: {tracked.reason}")
        if tracked.result.stamp_ns - round((tracked.age_s or 0) * 1e9) != frame.stamp_ns:
            raise InputRefused(
                "low_score", f"{id} was not found where the mask is, and is tracked on as before: check the mask"
            )
        pose = to_pose_with_covariance(tracked.result, to_pose(tracked.result.T_cam_obj))
        header = to_header(frame)
        header.stamp.sec, header.stamp.nanosec = divmod(tracked.result.stamp_ns, 1_000_000_000)
        response.object = to_tracked_object(tracked, pose, header)
        return f"{id} registered with score {tracked.result.score:.2f}"

    def _reset(self, request: Any, _response: Any) -> str:
        id = request.object_name or None
        self._in_worker(lambda: self._node.pipeline.tracker.reset(id))
        return f"{id or 'all objects'} reset: waiting for a mask"

    def _add_object(self, request: Any, _response: Any) -> str:
        node = self._node
        if request.name in node.pipeline.tracker.ids:
            raise InputRefused("object_exists", f"object {request.name} is there already: remove it first")
        entry = load_object(
            request.name,
            request.mesh,
            request.unit,
            request.symmetries_yaml,
            node.get_parameter("mesh_directories").value,
            only_from_directories=True,
        )
        node.prepare(entry)
        self._in_worker(lambda: node.add_object(request.name, entry))
        return f"{request.name} added: {entry.model.diameter_m:.3f} m across, waiting for a mask"

    def _remove_object(self, request: Any, _response: Any) -> str:
        self._in_worker(lambda: self._node.remove_object(request.name))
        return f"{request.name} removed"
