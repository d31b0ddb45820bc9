"""The services of pose_node."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from foundation_perception.srv import AddObject, Register, RemoveObject, Reset
from std_msgs.msg import Header

from ...errors import InputRefused
from ...pose_result import PoseResult
from ...streams.image_messages import to_labels
from ...streams.mask_inputs import LabelImage
from ...streams.time_synchronizer import stamp_to_ns
from ...tracking import TrackState
from ...tracking.pipeline import PosePipeline
from ..lifecycle_node import WorkingNode
from ..listener import Listener
from ..service_replies import answering, waited_for
from .messages import to_pose, to_pose_with_covariance, to_stamp, to_tracked_object
from .object_catalogue import check_topic
from .objects import Load, PoseObjects
from .results_publisher import ResultsPublisher


class PoseServices:
    """`~/register`, `~/reset`, `~/add_object`, `~/remove_object`: they wait for the worker, in the listener's thread.

    rectified: frees labels (H, W) of a raw image of the lens's distortion, as frames are. load: reads an object.
    placed(result, frame_id): puts a result of an image with that frame_id into the frame that poses are published in.
    """

    def __init__(
        self,
        node: WorkingNode,
        listener: Listener,
        objects: PoseObjects,
        pipeline: PosePipeline,
        outputs: ResultsPublisher,
        rectified: Callable[[np.ndarray], np.ndarray],
        load: Load,
        placed: Callable[[PoseResult, str], PoseResult],
    ) -> None:
        self._node, self._objects, self._pipeline, self._outputs = node, objects, pipeline, outputs
        self._rectified, self._load, self._placed = rectified, load, placed
        table: tuple[tuple[Any, str, Callable[[Any, Any], str]], ...] = (
            (Register, "~/register", self._register),
            (Reset, "~/reset", self._reset),
            (AddObject, "~/add_object", self._add_object),
            (RemoveObject, "~/remove_object", self._remove_object),
        )
        for kind, name, handle in table:
            listener.serve(kind, name, answering(name, handle, node.refusals, node.get_logger().error))

    def _in_worker(self, function: Callable[[], Any]) -> Any:
        return waited_for(self._pipeline.call(function))

    def _register(self, request: Any, response: Any) -> str:
        id = self._chosen(request.object_name)
        if not request.mask.data:
            self._in_worker(lambda: self._pipeline.tracker.reset(id, "register: waiting for the next mask"))
            self._outputs.ask_for_masks((id,))
            return f"{id} will be registered from the next mask"
        frame = self._pipeline.frame_of(stamp_to_ns(request.mask.header.stamp))
        if frame is None:
            raise InputRefused(
                "mask_without_frame",
                "no image of the mask's stamp is kept: activate the node, and copy the stamp of the mask's image "
                "(0 = the newest image)",
            )
        masks = LabelImage(frame.stamp_ns, to_labels(request.mask), self._rectified, only=id, force=True)
        objects = waited_for(self._pipeline.register_now(frame, masks))
        tracked = next(o for o in objects if o.id == id)
        if tracked.state is not TrackState.TRACKING or tracked.result is None:
            raise InputRefused("low_score", f"{id} was not found: {tracked.reason}")
        if tracked.registered_ns != frame.stamp_ns:
            raise InputRefused(
                "low_score", f"{id} was not found where the mask is, and is tracked on as before: check the mask"
            )
        result = self._placed(tracked.result, frame.frame_id)
        pose = to_pose_with_covariance(result, to_pose(result.T_cam_obj))
        header = Header(stamp=to_stamp(result.stamp_ns), frame_id=result.frame_id or frame.frame_id)
        response.object = to_tracked_object(replace(tracked, result=result), pose, header)
        return f"{id} registered with score {tracked.result.score:.2f}"

    def _chosen(self, name: str) -> str:
        """The object of a request, which may leave it out where there is just one."""
        ids = self._objects.ids
        if not name and len(ids) != 1:
            raise InputRefused(
                "unknown_object", f"say which object to register: one of {', '.join(ids) or 'none configured'}"
            )
        id = name or ids[0]
        if id not in ids:
            raise InputRefused("unknown_object", f"no object {id!r} here (known: {', '.join(ids) or 'none'})")
        return id

    def _reset(self, request: Any, _response: Any) -> str:
        id = request.object_name or None
        self._in_worker(lambda: self._pipeline.tracker.reset(id))
        return f"{id or 'all objects'} reset: waiting for a mask"

    def _add_object(self, request: Any, _response: Any) -> str:
        if request.name in self._objects.ids:
            raise InputRefused("object_exists", f"object {request.name} is there already: remove it first")
        check_topic(request.name, self._objects.ids)
        entry = self._load(
            request.name,
            request.mesh,
            request.unit,
            request.symmetries_yaml,
            self._node.value("mesh_directories"),
            only_from_directories=True,
        )
        self._objects.prepare(entry)
        self._in_worker(lambda: self._objects.add(request.name, entry))
        return f"{request.name} added: {entry.model.diameter_m:.3f} m across, waiting for a mask"

    def _remove_object(self, request: Any, _response: Any) -> str:
        self._in_worker(lambda: self._objects.remove(request.name))
        return f"{request.name} removed"
