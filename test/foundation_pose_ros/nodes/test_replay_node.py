"""replay_node: what it publishes of each frame, when it waits, and when masks come."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_perception.msg import TrackedObjectArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import String
from vision_msgs.msg import Detection3DArray

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.nodes.pose.messages import from_pose
from foundation_pose_ros.nodes.replay.source import ReplaySource, mesh_files, open_source
from foundation_pose_ros.nodes.replay_node import ReplayNode
from foundation_pose_ros.streams.camera_info import to_lens
from foundation_pose_ros.streams.image_messages import to_depth_m, to_labels, to_rgb
from foundation_pose_ros.streams.time_synchronizer import stamp_to_ns
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

from .recorded import write_bag

Play = Callable[..., dict[str, list[Any]]]


@pytest.fixture(scope="module")
def pair() -> SyntheticScene:
    """Two objects in four frames, of a few pixels."""
    objects = ["sticker_cube", "soda_can"]
    return make_scene(SceneSettings(seed=0, frames=4, objects=objects, clutter=0, width=160, height=120, supersample=1))


@pytest.fixture
def play(ros_context: Any, pair: SyntheticScene) -> Iterator[Play]:
    """Plays the scene to its end with parameters, and gives the messages by topic."""

    def played(
        on_colour: Callable[[Any, Node], None] | None = None, recording: Any = pair, **parameters: Any
    ) -> dict[str, list[Any]]:
        overrides = [Parameter(name, value=value) for name, value in {"rate_hz": 200.0, **parameters}.items()]
        source = recording
        if not isinstance(source, ReplaySource):
            source = ReplaySource(recording, tuple(pair.object_names))
        replay = ReplayNode(source, context=ros_context, parameter_overrides=overrides)
        listener = Node("listener", context=ros_context)
        heard: dict[str, list[Any]] = {}
        topics = {"rgb/image": Image, "rgb/camera_info": CameraInfo, "depth/image": Image, "masks": Image}
        for topic, kind in {**topics, "replay_node/truth": Detection3DArray}.items():
            heard[topic] = []
            listener.create_subscription(kind, topic, heard[topic].append, QoSProfile(depth=100))
        if on_colour is not None:
            listener.create_subscription(Image, "rgb/image", lambda m: on_colour(m, listener), QoSProfile(depth=100))
        finished: list[bool] = []
        replay.finished = lambda: finished.append(True)
        executor = SingleThreadedExecutor(context=ros_context)
        executor.add_node(replay)
        executor.add_node(listener)
        quiet, count = 0, 0
        # Topics are delivered one by one: the end is when nothing came for a fifth of a second.
        while not finished or quiet < 20:
            executor.spin_once(timeout_sec=0.01)
            before, count = count, sum(map(len, heard.values()))
            quiet = quiet + 1 if count == before else 0
        executor.shutdown()
        replay.destroy_node()
        listener.destroy_node()
        return heard

    yield played


def test_every_message_of_a_frame_carries_its_stamp_and_content(play: Play, pair: SyntheticScene) -> None:
    heard = play(mask_policy="every", stamps="recorded")
    stamps = [pair.frame(frame_id).stamp_ns for frame_id in pair.frame_ids]
    for topic, messages in heard.items():
        assert [stamp_to_ns(message.header.stamp) for message in messages] == stamps, topic
        assert {message.header.frame_id for message in messages} == {pair.frame(pair.frame_ids[0]).frame_id}
    for index, frame_id in enumerate(pair.frame_ids):
        frame = pair.frame(frame_id)
        np.testing.assert_array_equal(to_rgb(heard["rgb/image"][index]), frame.rgb)
        np.testing.assert_array_equal(to_depth_m(heard["depth/image"][index]), frame.depth_m)
        np.testing.assert_allclose(to_lens(heard["rgb/camera_info"][index]).camera.K, pair.camera.K, rtol=1e-6)
        labels = to_labels(heard["masks"][index])
        for label, name in enumerate(pair.object_names, start=1):
            np.testing.assert_array_equal(labels == label, pair.mask(frame_id, name))
        truth = {d.id: from_pose(d.results[0].pose.pose) for d in heard["replay_node/truth"][index].detections}
        for name in pair.object_names:
            np.testing.assert_allclose(truth[name], pair.truth(frame_id, name), atol=1e-5)


@pytest.mark.parametrize(("policy", "count"), [("none", 0), ("first", 1), ("every", 4), ("request", 1)])
def test_masks_come_as_the_policy_says(play: Play, policy: str, count: int) -> None:
    assert len(play(mask_policy=policy)["masks"]) == count


def test_a_mask_that_is_asked_for_comes_with_a_later_frame(play: Play, pair: SyntheticScene) -> None:
    def ask(message: Any, listener: Node) -> None:
        if not asked:
            asked.append(listener.create_publisher(String, "mask_request", 10))
        asked[0].publish(String(data="soda_can"))

    asked: list[Any] = []
    # At ten frames a second the question is there before the next frame.
    heard = play(ask, mask_policy="request", rate_hz=10.0)
    later = [to_labels(message) for message in heard["masks"][1:]]
    assert later
    for labels in later:
        assert set(np.unique(labels)) == {0, 2}


def test_lockstep_waits_for_the_answer_to_each_frame(play: Play) -> None:
    def answer(message: Any, listener: Node) -> None:
        if not answers:
            answers.append(listener.create_publisher(TrackedObjectArray, "objects", 10))
        stamps.append(stamp_to_ns(message.header.stamp))
        # Of the third frame nothing is said.
        if len(stamps) != 3:
            answers[0].publish(TrackedObjectArray(header=message.header))

    answers: list[Any] = []
    stamps: list[int] = []
    heard = play(answer, lockstep=True, lockstep_deadline_s=1.5)
    assert len(heard["rgb/image"]) == 4
    steps_s = np.diff(stamps) * 1e-9
    assert steps_s[1] < 1.4 and steps_s[2] >= 1.5


def test_start_and_end_choose_frames(play: Play, pair: SyntheticScene) -> None:
    heard = play(start=1, end=3, stamps="recorded")
    played = [stamp_to_ns(message.header.stamp) for message in heard["rgb/image"]]
    assert played == [pair.frame(frame_id).stamp_ns for frame_id in pair.frame_ids[1:3]]


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_bag_is_played_and_nobody_waits_for_masks_that_it_lacks(
    play: Play, pair: SyntheticScene, ros_context: Any, tmp_path: Path, storage: str
) -> None:
    write_bag(tmp_path / "bag", pair, storage)
    for name in pair.object_names:
        mesh_files(ReplaySource(pair, (name,)), folder=tmp_path / "meshes" / name)
    source = open_source(str(tmp_path / "bag"), [], meshes=str(tmp_path / "meshes"))
    assert set(source.object_names) == set(pair.object_names)
    heard = play(recording=source, stamps="recorded")
    assert len(heard["rgb/image"]) == len(pair.frame_ids) and not heard["masks"]
    for index, frame_id in enumerate(pair.frame_ids):
        frame = pair.frame(frame_id)
        assert stamp_to_ns(heard["rgb/image"][index].header.stamp) == frame.stamp_ns
        np.testing.assert_array_equal(to_rgb(heard["rgb/image"][index]), frame.rgb)
        np.testing.assert_allclose(to_depth_m(heard["depth/image"][index]), frame.depth_m, atol=0.0006)
        np.testing.assert_allclose(to_lens(heard["rgb/camera_info"][index]).camera.K, pair.camera.K, rtol=1e-6)
    for recording, masked in ((source, 0), (ReplaySource(pair, tuple(pair.object_names)), 1)):
        replay = ReplayNode(recording, context=ros_context)
        assert replay.count_publishers("masks") == masked, "who hears of a publisher waits for a mask"
        replay.destroy_node()


class Damaged:
    """A recording in which what is asked of one frame raises, or of every frame."""

    def __init__(self, whole: SyntheticScene, what: str, frame_id: str | None = None, mask: Any = None) -> None:
        self._whole, self._what, self._frame_id, self._mask = whole, what, frame_id, mask

    def __getattr__(self, name: str) -> Any:
        return self._damaged if name == self._what else getattr(self._whole, name)

    def _damaged(self, frame_id: str, *object_name: str) -> Any:
        if self._frame_id not in (None, frame_id):
            return getattr(self._whole, self._what)(frame_id, *object_name)
        if self._mask is not None:
            return self._mask
        raise InputRefused("unreadable_image", "the file can't be read")


@pytest.mark.parametrize("what", ["frame", "truth", "mask"])
def test_a_frame_with_a_broken_file_is_left_out(play: Play, pair: SyntheticScene, what: str) -> None:
    damaged = Damaged(pair, what, pair.frame_ids[2])
    heard = play(recording=damaged, mask_policy="every", stamps="recorded")
    wanted = [pair.frame(frame_id).stamp_ns for frame_id in pair.frame_ids if frame_id != pair.frame_ids[2]]
    for topic, messages in heard.items():
        assert [stamp_to_ns(message.header.stamp) for message in messages] == wanted, topic


def test_a_mask_of_another_size_leaves_its_frame_out(play: Play, pair: SyntheticScene) -> None:
    damaged = Damaged(pair, "mask", pair.frame_ids[0], np.ones((60, 80), bool))
    heard = play(recording=damaged, mask_policy="first")
    assert len(heard["rgb/image"]) == 3 and len(heard["masks"]) == 1


def test_a_loop_over_nothing_but_broken_frames_ends(play: Play, pair: SyntheticScene) -> None:
    heard = play(recording=Damaged(pair, "frame"), loop=True)
    assert not heard["rgb/image"]
