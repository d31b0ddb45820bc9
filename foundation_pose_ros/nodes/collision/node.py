"""The node of collision_node: what pose_node tracks, as obstacles for MoveIt."""

from typing import Any

from foundation_perception.msg import ObjectModelArray, TrackedObjectArray
from foundation_perception.msg import TrackedObject as TrackedObjectMessage
from foundation_perception.srv import AttachObject, DetachObject
from geometry_msgs.msg import Pose
from moveit_msgs.msg import AttachedCollisionObject, CollisionObject
from object_recognition_msgs.msg import ObjectType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import Header

from ...errors import InputRefused
from ...streams.refusals import RefusalCounter
from ...streams.time_synchronizer import stamp_to_ns
from ..diagnostics import OK, WARN, DiagnosticsPublisher, Report, refusal_values, worst_recent
from ..latched import LATCHED
from ..listener import Listener
from ..parameters import declare, validator, values
from ..pose.messages import sound_pose, to_pose, to_stamp
from ..service_replies import answering
from .parameters import COLLISION_NODE
from .scene import Change, CollisionScene, CollisionSettings, Operation, Seen

_OPERATIONS = {
    Operation.ADD: CollisionObject.ADD,
    Operation.MOVE: CollisionObject.MOVE,
    Operation.REMOVE: CollisionObject.REMOVE,
}
_LOG_PERIOD_S = 5.0


class CollisionNode(Node):
    """Hears `objects` and `models` of a pose_node, and tells MoveIt on `collision_object`."""

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("collision_node", **node_arguments)
        declare(self, COLLISION_NODE)
        self.add_on_set_parameters_callback(validator(COLLISION_NODE))
        self.refusals = RefusalCounter()
        self._scene = CollisionScene(self._settings())
        self._models: dict[str, Any] = {}
        self._planners = 0
        self._collision = self.create_publisher(CollisionObject, "collision_object", QoSProfile(depth=100))
        self._attached = self.create_publisher(
            AttachedCollisionObject, "attached_collision_object", QoSProfile(depth=100)
        )
        # One thread hears and answers, so that none of what follows is touched by two.
        self._listener = Listener(self, "collision", self._failed)
        self._listener.subscribe(ObjectModelArray, "models", self._on_models, LATCHED)
        self._listener.subscribe(TrackedObjectArray, "objects", self._on_objects, QoSProfile(depth=5))
        for kind, name, handle in ((AttachObject, "attach", self._attach), (DetachObject, "detach", self._detach)):
            answer = answering(name, handle, self.refusals, self.get_logger().error)
            self._listener.serve(kind, f"~/{name}", answer)
        self._listener.start()
        self._diagnostics = DiagnosticsPublisher(self, {"planner": self._report})

    def destroy_node(self) -> None:
        """Stop the thread first: it publishes and answers."""
        self._listener.close()
        super().destroy_node()

    def _settings(self) -> CollisionSettings:
        return CollisionSettings(**values(self, COLLISION_NODE))

    def _report(self) -> Report:
        """Say whether a planner listens; WARN while something is refused."""
        refusals = self.refusals.look()
        values = refusal_values(refusals)
        if worst := worst_recent(refusals):
            return Report(WARN, worst, values)
        listens = self._collision.get_subscription_count()
        return Report(OK, "a planner is told of what is tracked" if listens else "no planner listens", values)

    def _failed(self, what: str, error: Exception) -> None:
        if self.context.ok():
            self.refusals.count("internal_error", f"{what}: {error!r}")
            self.get_logger().error(f"{what} failed, going on: {error!r}", throttle_duration_sec=_LOG_PERIOD_S)

    def _on_models(self, message: Any) -> None:
        self._models = {model.id: model for model in message.models}
        self._tell(self._scene.unknown(self._models))

    def _on_objects(self, message: Any) -> None:
        self._scene.settings = self._settings()
        planners = self._collision.get_subscription_count()
        if planners > self._planners:
            self._tell(self._scene.again())
        self._planners = planners
        objects = [_seen(tracked) for tracked in message.objects]
        frame_id, stamp_ns = message.header.frame_id, stamp_to_ns(message.header.stamp)
        self._tell(self._scene.seen(objects, self._models, frame_id, stamp_ns))

    def _tell(self, changes: list[Change]) -> None:
        for change in changes:
            self._collision.publish(self._message(change))
            if change.operation is not Operation.MOVE:
                self.get_logger().info(f"{change.operation.value} {change.id} in {change.frame_id}")

    def _message(self, change: Change) -> CollisionObject:
        message = CollisionObject(
            header=Header(stamp=to_stamp(change.stamp_ns), frame_id=change.frame_id),
            id=change.id,
            pose=to_pose(change.T),
            operation=_OPERATIONS[change.operation],
        )
        model = self._models.get(change.id)
        if change.operation is Operation.ADD and model is not None:
            message.type = ObjectType(key=model.class_id)
            message.meshes, message.mesh_poses = [model.mesh], [Pose()]
        return message

    def _attach(self, request: Any, _response: Any) -> str:
        if not request.link_name:
            raise InputRefused("bad_request", "say which link holds the object: link_name")
        self._scene.attach(request.object_name)
        # Without a shape MoveIt takes the one that it knows, out of the scene.
        held = CollisionObject(id=request.object_name, operation=CollisionObject.ADD)
        self._attached.publish(
            AttachedCollisionObject(link_name=request.link_name, object=held, touch_links=request.touch_links)
        )
        return f"{request.object_name} is held by {request.link_name}"

    def _detach(self, request: Any, _response: Any) -> str:
        released = self._scene.detach(request.object_name)
        for id in released:
            released_object = CollisionObject(id=id, operation=CollisionObject.REMOVE)
            self._attached.publish(AttachedCollisionObject(object=released_object))
        return f"let go of {', '.join(released) or 'nothing'}"


def _seen(tracked: Any) -> Seen:
    """What a message says of an object; a pose in doubt, or one that is no number, is none."""
    unseen_s = stamp_to_ns(tracked.since_seen) * 1e-9
    trusted = tracked.state == TrackedObjectMessage.TRACKING and tracked.score > 0 and not tracked.in_doubt
    return Seen(tracked.id, sound_pose(tracked.pose.pose) if trusted else None, unseen_s)
