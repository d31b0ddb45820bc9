"""segmentation_node over real DDS: every request is answered, with the right mask or in words."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch isn't installed here")
rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from foundation_perception.srv import (
    AddSupport,
    ListSupport,
    LoadSupport,
    RemoveSupport,
    SaveSupport,
    Segment,
)
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.executors import MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import Image, RegionOfInterest
from std_msgs.msg import Header

from foundation_pose_ros.streams.image_messages import fill_image, to_array
from test.universeg_ros.conftest import scene
from universeg_ros import SupportSet, UniverSeg
from universeg_ros.nodes.node import SegmentationNode

DEADLINE_S = 30.0
Scenes = tuple[list[np.ndarray], list[np.ndarray]]


def image_message(pixels: np.ndarray, encoding: str = "mono8", stamp_s: int = 7) -> Image:
    return fill_image(Image(header=Header(stamp=Time(sec=stamp_s), frame_id="camera")), pixels, encoding)


def agree(message: Image, truth: np.ndarray) -> float:
    found = to_array(message) > 0
    return 2 * float((found & truth).sum()) / float(found.sum() + truth.sum())


class Bench:
    """A node under test, and a second one that asks it."""

    def __init__(self, context: Any, model: UniverSeg, **parameters: Any) -> None:
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.node = SegmentationNode(model, context=context, parameter_overrides=overrides)
        self.asker = rclpy.create_node("asker", context=context)
        self.executors = [MultiThreadedExecutor(2, context=context), SingleThreadedExecutor(context=context)]
        for executor, node in zip(self.executors, (self.node, self.asker), strict=True):
            executor.add_node(node)
        self.threads = [threading.Thread(target=executor.spin, daemon=True) for executor in self.executors]
        for thread in self.threads:
            thread.start()
        self.clients: dict[str, Any] = {}

    def client(self, kind: Any, name: str, depth: int = 100) -> Any:
        client = self.asker.create_client(kind, f"/segmentation_node/{name}", qos_profile=QoSProfile(depth=depth))
        assert client.wait_for_service(DEADLINE_S), name
        return client

    def ask(self, kind: Any, service: str, /, **fields: Any) -> Any:
        if service not in self.clients:
            self.clients[service] = self.client(kind, service)
        return self.answer(self.clients[service].call_async(kind.Request(**fields)))

    def answer(self, future: Any) -> Any:
        self.wait(future.done, "an answer")
        return future.result()

    def wait(self, condition: Callable[[], Any], what: str) -> None:
        end = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < end, f"waited {DEADLINE_S} s for {what}"
            time.sleep(0.01)

    def add(self, scenes: Scenes, set_name: str, label: int, count: int = 5) -> None:
        for i in range(count):
            mask = (scenes[1][i] == label).astype(np.uint8) * 255
            added = self.ask(
                AddSupport,
                "add_support",
                support_set=set_name,
                name=f"e{i}",
                image=image_message(scenes[0][i]),
                mask=image_message(mask),
            )
            assert added.success and added.size == i + 1 and added.name == f"e{i}", added.message

    def close(self) -> None:
        for executor in self.executors:
            executor.shutdown()
        for thread in self.threads:
            thread.join(5)
        self.node.destroy_node()
        self.asker.destroy_node()


@pytest.fixture
def bench(ros_context: Any, by_intensity: UniverSeg, tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(**parameters: Any) -> Bench:
        given = {"support_directories": [str(tmp_path)]} | parameters
        made.append(Bench(ros_context, by_intensity, **given))
        if given.get("autostart", True):
            # Services are there from configuration on, and do their work from activation on.
            made[-1].wait(lambda: made[-1].node.active, "activation")
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_support_sets_over_services(bench: Callable[..., Bench], scenes: Scenes, tmp_path: Path) -> None:
    b = bench()
    b.add(scenes, "discs", 1)
    b.add(scenes, "squares", 2, count=2)
    listed = b.ask(ListSupport, "list_support")
    assert listed.success and [s.name for s in listed.sets] == ["discs", "squares"]
    assert list(listed.sets[0].examples) == [f"e{i}" for i in range(5)] and list(listed.sets[0].labels) == [1]
    assert b.ask(RemoveSupport, "remove_support", support_set="discs", name="e0").success
    assert b.ask(SaveSupport, "save_support", support_set="discs").success
    assert len(SupportSet.load(tmp_path / "discs")) == 4
    loaded = b.ask(LoadSupport, "load_support", support_set="again", path="discs")
    assert loaded.success and list(loaded.set.examples) == ["e1", "e2", "e3", "e4"]
    assert b.ask(RemoveSupport, "remove_support", support_set="again").success
    assert [s.name for s in b.ask(ListSupport, "list_support", support_set="discs").sets] == ["discs"]
    for service, kind, fields in (
        ("save_support", SaveSupport, {"support_set": "discs", "path": "../out"}),
        ("load_support", LoadSupport, {"support_set": "x", "path": "/etc"}),
        ("load_support", LoadSupport, {"support_set": "x", "path": "absent"}),
        ("remove_support", RemoveSupport, {"support_set": "cups"}),
        ("list_support", ListSupport, {"support_set": "cups"}),
    ):
        answer = b.ask(kind, service, **fields)
        assert not answer.success and len(answer.message) > 20


def test_fifty_requests_of_four_clients_at_once(bench: Callable[..., Bench], scenes: Scenes) -> None:
    b = bench()
    b.add(scenes, "discs", 1)
    b.add(scenes, "squares", 2)
    clients = [b.client(Segment, "segment") for _ in range(4)]
    asked = []
    for i in range(50):
        image, labels = scene(100 + i, (60 + i, 90 + i))
        wanted = 1 + i % 2
        request = Segment.Request(
            support_set=("discs", "squares")[i % 2], image=image_message(image, stamp_s=i), with_probability=i % 3 == 0
        )
        asked.append((i, clients[i % 4].call_async(request), labels == wanted))
    for i, future, truth in asked:
        answer = b.answer(future)
        assert answer.success, answer.message
        assert agree(answer.mask, truth) > 0.85
        assert answer.mask.header.stamp.sec == i and answer.mask.header.frame_id == "camera"
        assert (answer.mask.height, answer.mask.width) == truth.shape and answer.mask.encoding == "mono8"
        assert answer.confidence > 0.5 and answer.time_s > 0 and len(answer.support_used) == 5
        maps = (answer.probability, answer.uncertainty)
        assert all((m.height, m.width) == (truth.shape if i % 3 == 0 else (0, 0)) for m in maps)


def test_inline_support_region_and_several_labels(bench: Callable[..., Bench], scenes: Scenes) -> None:
    b = bench()
    given = {
        "support_images": [image_message(np.dstack([i] * 3), "bgr8") for i in scenes[0][:4]],
        "support_masks": [image_message(m) for m in scenes[1][:4]],
    }
    image, truth = scene(200)
    answer = b.ask(Segment, "segment", image=image_message(np.dstack([image] * 3), "rgb8"), **given)
    assert answer.success, answer.message
    assert [label.label for label in answer.labels] == [1, 2] and all(label.area_px > 50 for label in answer.labels)
    for label in (1, 2):
        found = to_array(answer.mask) == label
        assert 2 * (found & (truth == label)).sum() / (found.sum() + (truth == label).sum()) > 0.9
    left = RegionOfInterest(width=64, height=96)
    answer = b.ask(Segment, "segment", image=image_message(image), region=left, **given)
    assert answer.success and not to_array(answer.mask)[:, 64:].any()
    assert b.ask(ListSupport, "list_support").sets == []


def broken(message: Image, **fields: Any) -> Image:
    for name, value in fields.items():
        setattr(message, name, value)
    return message


def test_malformed_requests_are_refused_and_counted(bench: Callable[..., Bench], scenes: Scenes) -> None:
    b = bench(max_side_px=200)
    b.add(scenes, "discs", 1, count=2)
    good, mask = image_message(scenes[0][3]), image_message((scenes[1][3] == 1).astype(np.uint8) * 255)
    flat = image_message(np.full((20, 20), 9, np.uint8))
    cases: list[tuple[str, dict[str, Any]]] = [
        ("bad_image", {"image": Image()}),
        ("bad_image", {"image": broken(image_message(scenes[0][3]), height=150)}),
        ("bad_image", {"image": broken(image_message(scenes[0][3]), step=1)}),
        ("bad_encoding", {"image": broken(image_message(scenes[0][3]), encoding="bayer_rggb8")}),
        ("flat_image", {"image": flat}),
        ("too_large", {"image": image_message(np.zeros((10, 201), np.uint8))}),
        ("unknown_support", {"image": good, "support_set": "cups"}),
        ("bad_support", {"image": good, "support_images": [good]}),
        (
            "empty_mask",
            {"image": good, "support_images": [good], "support_masks": [image_message(np.zeros((96, 128), np.uint8))]},
        ),
        ("size_mismatch", {"image": good, "support_images": [flat], "support_masks": [mask]}),
        ("bad_region", {"image": good, "region": RegionOfInterest(x_offset=1000, width=5, height=5)}),
    ]
    for reason, fields in cases:
        before = b.node.refusals[reason]
        answer = b.ask(Segment, "segment", **fields)
        assert not answer.success and len(answer.message) > 20, reason
        assert b.node.refusals[reason] == before + 1, (reason, answer.message)
        assert not answer.mask.data
    refused = b.ask(AddSupport, "add_support", support_set="discs", image=image_message(scenes[0][0]), mask=mask)
    assert not refused.success and "same image" in refused.message
    assert b.ask(Segment, "segment", image=good).success
    assert b.node.refusals["internal_error"] == 0


def test_live_masks(bench: Callable[..., Bench], scenes: Scenes) -> None:
    b = bench(live_support="discs", stale_after_s=3600.0)
    masks: list[Image] = []
    statuses: dict[str, DiagnosticStatus] = {}
    b.asker.create_subscription(Image, "/segmentation_node/mask", masks.append, 10)
    b.asker.create_subscription(
        DiagnosticArray, "/diagnostics", lambda m: statuses.update({s.name.split(": ")[1]: s for s in m.status}), 10
    )
    b.wait(lambda: statuses.get("live") and statuses["live"].level == DiagnosticStatus.ERROR, "live without its set")
    assert "discs isn't there" in statuses["live"].message
    b.add(scenes, "discs", 1)
    publisher = b.asker.create_publisher(Image, "/image", qos_profile_sensor_data)
    b.wait(
        lambda: publisher.get_subscription_count() == 1 and b.node.count_subscribers("/segmentation_node/mask"), "peers"
    )
    for number in range(5):
        image, labels = scene(300 + number)
        publisher.publish(image_message(image, stamp_s=1000 + number))
        b.wait(lambda number=number: any(m.header.stamp.sec == 1000 + number for m in masks), "a mask")
        assert agree(masks[-1], labels == 1) > 0.9 and masks[-1].header.frame_id == "camera"
    publisher.publish(image_message(np.full((20, 20), 9, np.uint8)))
    b.wait(lambda: b.node.refusals["flat_image"], "the refusal of an image without contrast")
    b.wait(lambda: statuses["live"].level == DiagnosticStatus.OK, "diagnostics to be well")
    assert len(masks) == 5


def test_life_cycle(bench: Callable[..., Bench], scenes: Scenes, tmp_path: Path) -> None:
    SupportSet.from_arrays(*scenes).save(tmp_path / "both.npz")
    b = bench(autostart=False, support_sets=["both", "absent"])
    change = b.asker.create_client(ChangeState, "/segmentation_node/change_state")
    assert change.wait_for_service(DEADLINE_S)

    def to(transition: int) -> bool:
        return b.answer(change.call_async(ChangeState.Request(transition=Transition(id=transition)))).success

    assert to(Transition.TRANSITION_CONFIGURE)
    assert list(b.node.session.unusable) == ["absent"]
    request = {"image": image_message(scenes[0][0])}
    assert "activate it" in b.ask(Segment, "segment", **request).message
    for _ in range(2):
        assert to(Transition.TRANSITION_ACTIVATE)
        assert b.ask(Segment, "segment", **request).success
        assert to(Transition.TRANSITION_DEACTIVATE)
    assert to(Transition.TRANSITION_CLEANUP)
    assert to(Transition.TRANSITION_CONFIGURE) and to(Transition.TRANSITION_ACTIVATE)
    assert b.ask(Segment, "segment", **request).success


def test_without_weights_it_does_not_start_and_says_why(ros_context: Any, tmp_path: Path) -> None:
    parameters = [Parameter("weights", value=str(tmp_path / "absent.pt")), Parameter("autostart", value=False)]
    node = SegmentationNode(context=ros_context, parameter_overrides=parameters)
    try:
        node.trigger_configure()
        assert node.refusals["no_weights"] == 1
        assert "absent.pt" in node.refusals.look().messages["no_weights"]
    finally:
        node.destroy_node()
