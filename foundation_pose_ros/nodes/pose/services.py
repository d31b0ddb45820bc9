"""The services of pose_node."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from foundation_perception.srv import AddObject, GetPose, Register, RegisterAtPixel, RemoveObject, Reset

from ...errors import InputRefused
from ..lifecycle_node import WorkingNode
from ..listener import Listener
from ..service_replies import answering, waited_for
from .messages import found_message
from .objects import Load
from .pose_waits import PoseAnswer, PoseWaits, Wanted
from .registrar import Registrar


class PoseServices:
    """`~/register`, `~/register_at_pixel`, `~/reset`, `~/add_object` and `~/remove_object` wait for the worker.

    `~/get_pose` waits for a pose, and keeps nobody else waiting. load: reads an object.
    """

    def __init__(
        self, node: WorkingNode, listener: Listener, registrar: Registrar, waits: PoseWaits, load: Load
    ) -> None:
        self._node, self._registrar, self._waits, self._load = node, registrar, waits, load
        self._objects, self._pipeline = registrar.objects, registrar.pipeline
        table: tuple[tuple[Any, str, Callable[[Any, Any], str]], ...] = (
            (Register, "~/register", self._register),
            (RegisterAtPixel, "~/register_at_pixel", self._register_at_pixel),
            (Reset, "~/reset", self._reset),
            (AddObject, "~/add_object", self._add_object),
            (RemoveObject, "~/remove_object", self._remove_object),
        )
        for kind, name, handle in table:
            listener.serve(kind, name, answering(name, handle, node.refusals, node.get_logger().error))
        listener.serve_later(GetPose, "~/get_pose", self._get_pose)

    def _in_worker(self, function: Callable[[], Any]) -> Any:
        return waited_for(self._pipeline.call(function))

    def _register(self, request: Any, response: Any) -> str:
        id = self._registrar.chosen(request.object_name)
        if not request.mask.data:
            self._in_worker(lambda: self._pipeline.tracker.reset(id, "register: waiting for the next mask"))
            self._registrar.ask_for_masks((id,))
            return f"{id} will be registered from the next mask"
        registration = self._registrar.by_mask(id, request.mask)
        response.object = found_message(registration.found(waited_for(registration.done)))
        return f"{id} registered with score {response.object.score:.2f}"

    def _register_at_pixel(self, request: Any, response: Any) -> str:
        id = self._registrar.chosen(request.object_name)
        registration = self._registrar.by_pixel(id, request.stamp, request.u, request.v)
        response.object = found_message(registration.found(waited_for(registration.done)))
        return f"{id} registered with score {response.object.score:.2f}"

    def _get_pose(self, request: Any, reply: Callable[[Any], None]) -> None:
        def answer(answer: PoseAnswer) -> None:
            response = GetPose.Response(success=answer.found, message=answer.reason)
            if answer.last is not None:
                response.object = found_message(answer.last)
            reply(response)

        try:
            id = self._registrar.chosen(request.object_name)
            wanted = Wanted.of(id, request)
        except InputRefused as refused:
            self._node.refusals.count(refused.reason, str(refused))
            reply(GetPose.Response(success=False, message=str(refused)))
            return
        self._waits.ask(wanted, request.timeout_s, answer)

    def _reset(self, request: Any, _response: Any) -> str:
        id = request.object_name or None
        self._in_worker(lambda: self._pipeline.tracker.reset(id))
        self._waits.forget(id)
        return f"{id or 'all objects'} reset: waiting for a mask"

    def _add_object(self, request: Any, _response: Any) -> str:
        self._objects.check(request.name, request.instances)
        entry = self._load(
            request.name,
            request.mesh,
            request.unit,
            request.symmetries_yaml,
            self._node.value("mesh_directories"),
            only_from_directories=True,
        )
        entry = replace(entry, instances=max(1, request.instances))
        self._objects.prepare(entry)
        self._in_worker(lambda: self._objects.add(request.name, entry))
        return f"{request.name} added: {entry.model.diameter_m:.3f} m across, waiting for a mask"

    def _remove_object(self, request: Any, _response: Any) -> str:
        self._in_worker(lambda: self._objects.remove(request.name))
        return f"{request.name} removed"
