"""collision_node on real DDS, between somebody who tracks and somebody who plans."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")
pytest.importorskip("moveit_msgs", reason="MoveIt's messages aren't installed here")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from foundation_perception.msg import ObjectModel, ObjectModelArray, TrackedObject, TrackedObjectArray
from foundation_perception.srv import AttachObject, DetachObject
from geometry_msgs.msg import Point
from moveit_msgs.msg import AttachedCollisionObject, CollisionObject
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from shape_msgs.msg import Mesh, MeshTriangle
from std_msgs.msg import Header

from foundation_pose_ros.nodes.collision.node import CollisionNode
from foundation_pose_ros.nodes.demo.run import own_domain_id
from foundation_pose_ros.nodes.latched import LATCHED
from foundation_pose_ros.nodes.pose.messages import to_duration, to_stamp

from .spinning import Spinning, wait_for

PATIENCE_S = 60.0
STEP_NS = 100_000_000


class Table:
    """A collision_node, and the user who publishes what is tracked and hears what MoveIt would."""

    def __init__(self, domain_id: int) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        overrides = [Parameter("period_s", value=0.0), Parameter("remove_after_s", value=1.0)]
        self.node = CollisionNode(context=self.context, parameter_overrides=overrides)
        self.user = Node("user", context=self.context)
        self.heard: list[Any] = []
        self._handled = 0
        self._seen, self.node._scene.seen = self.node._scene.seen, self._handle  # type: ignore[method-assign]
        self._stamp_ns = STEP_NS
        self._models = self.user.create_publisher(ObjectModelArray, "models", LATCHED)
        self._objects = self.user.create_publisher(TrackedObjectArray, "objects", 10)
        for kind, topic in (
            (CollisionObject, "collision_object"),
            (AttachedCollisionObject, "attached_collision_object"),
        ):
            self.user.create_subscription(kind, topic, self.heard.append, 100)
        self._clients = {
            kind: self.user.create_client(kind, f"/collision_node/{name}")
            for kind, name in ((AttachObject, "attach"), (DetachObject, "detach"))
        }
        self._spinning = Spinning(SingleThreadedExecutor(context=self.context), self.user)
        self.wait(lambda: self._objects.get_subscription_count() and self._models.get_subscription_count(), "the node")
        self.wait(lambda: self.node.count_subscribers("collision_object"), "the node to know its planner")

    def close(self) -> None:
        self._spinning.stop(PATIENCE_S)
        self.node.destroy_node()
        self.user.destroy_node()
        rclpy.shutdown(context=self.context)

    def wait(self, condition: Callable[[], Any], what: str) -> None:
        wait_for(condition, what, PATIENCE_S)

    def _handle(self, *arguments: Any) -> Any:
        """Count what the node has heard, in its own thread."""
        changes = self._seen(*arguments)
        self._handled += 1
        return changes

    def models(self, *ids: str) -> None:
        corner = [Point(), Point(x=0.1), Point(y=0.1)]
        triangle = MeshTriangle(vertex_indices=[0, 1, 2])
        mesh = Mesh(vertices=corner, triangles=[triangle])
        self._models.publish(ObjectModelArray(models=[ObjectModel(id=id, class_id="mug", mesh=mesh) for id in ids]))

    def see(self, x_m: float, id: str = "mug_1", unseen_s: float = 0.0, **fields: Any) -> None:
        """Publish where an object is seen, or how long it hasn't been, and wait until the node knows."""
        self._stamp_ns += STEP_NS
        header = Header(stamp=to_stamp(self._stamp_ns), frame_id="base_link")
        state = TrackedObject.LOST if unseen_s else TrackedObject.TRACKING
        one = TrackedObject(header=header, id=id, class_id="mug", state=state, since_seen=to_duration(unseen_s))
        one.score = 0.0 if unseen_s else 0.9
        one.pose.pose.position.x = x_m
        for name, value in fields.items():
            setattr(one, name, value)
        before = self._handled
        self._objects.publish(TrackedObjectArray(header=header, objects=[one]))
        self.wait(lambda: self._handled > before, "the node to hear of the object")

    def told(self, count: int) -> list[Any]:
        """What MoveIt has been told since, once it is so many messages."""
        self.wait(lambda: len(self.heard) >= count, f"{count} messages")
        told, self.heard[:] = list(self.heard), []
        assert len(told) == count
        return told

    def ask(self, kind: Any, **fields: Any) -> Any:
        client = self._clients[kind]
        assert client.wait_for_service(timeout_sec=PATIENCE_S)
        future = client.call_async(kind.Request(**fields))
        self.wait(future.done, "an answer")
        return future.result()


@pytest.fixture
def table() -> Iterator[Table]:
    with own_domain_id() as domain_id:
        table = Table(domain_id)
        yield table
        table.close()


def test_moveit_is_told_of_what_comes_moves_is_held_and_goes(table: Table) -> None:
    table.see(0.1)  # without a shape
    table.models("mug_1")
    table.wait(lambda: table.node._models, "the models")
    table.see(0.1)
    (added,) = table.told(1)
    assert (added.operation, added.id, added.header.frame_id) == (CollisionObject.ADD, "mug_1", "base_link")
    assert added.type.key == "mug" and added.pose.position.x == pytest.approx(0.1)
    assert len(added.meshes) == len(added.mesh_poses) == 1 and len(added.meshes[0].triangles) == 1
    assert added.mesh_poses[0].orientation.w == 1

    table.see(0.5, in_doubt=True)
    table.see(float("nan"))
    table.see(0.2)
    (moved,) = table.told(1)
    assert (moved.operation, len(moved.meshes)) == (CollisionObject.MOVE, 0)
    assert moved.pose.position.x == pytest.approx(0.2)

    answer = table.ask(AttachObject, object_name="mug_1", link_name="tool0", touch_links=["left_finger"])
    assert answer.success, answer.message
    (attached,) = table.told(1)
    assert (attached.link_name, list(attached.touch_links)) == ("tool0", ["left_finger"])
    assert (attached.object.id, attached.object.operation) == ("mug_1", CollisionObject.ADD)
    table.see(0.9)
    table.see(0.9, unseen_s=3.0)

    answer = table.ask(DetachObject, object_name="mug_1")
    assert answer.success, answer.message
    (detached,) = table.told(1)
    assert (detached.object.id, detached.object.operation) == ("mug_1", CollisionObject.REMOVE)
    table.see(0.9)
    table.see(0.9, unseen_s=3.0)
    added, removed = table.told(2)
    assert added.operation == CollisionObject.ADD and added.pose.position.x == pytest.approx(0.9)
    assert (removed.operation, removed.id) == (CollisionObject.REMOVE, "mug_1")


def test_what_makes_no_sense_is_refused_in_words(table: Table) -> None:
    answer = table.ask(AttachObject, object_name="mug_1", link_name="tool0")
    assert not answer.success and "it has to be seen before it is held" in answer.message
    answer = table.ask(AttachObject, object_name="mug_1")
    assert not answer.success and "link_name" in answer.message
    answer = table.ask(DetachObject, object_name="mug_1")
    assert not answer.success and "isn't held" in answer.message


def test_an_object_that_nobody_looks_for_any_more_goes(table: Table) -> None:
    table.models("mug_1", "mug_2")
    table.wait(lambda: table.node._models, "the models")
    table.see(0.1)
    table.told(1)
    table.models("mug_2")
    (removed,) = table.told(1)
    assert (removed.operation, removed.id) == (CollisionObject.REMOVE, "mug_1")


def test_what_is_refused_is_in_the_diagnostics(table: Table) -> None:
    reports: list[Any] = []
    table.user.create_subscription(DiagnosticArray, "/diagnostics", reports.append, 10)
    assert not table.ask(DetachObject, object_name="mug_1").success
    spinning = Spinning(SingleThreadedExecutor(context=table.context), table.node)
    try:
        table.wait(lambda: reports, "a report")
    finally:
        spinning.stop(PATIENCE_S)
    (status,) = reports[0].status
    assert status.name == "collision_node: planner" and status.level == DiagnosticStatus.WARN
    assert {value.key: value.value for value in status.values}["refused.not_held"] == "1"
