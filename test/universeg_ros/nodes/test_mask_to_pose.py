"""From examples to a pose: segmentation_node finds the object in an image, pose_node registers it from that mask."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch isn't installed here")
rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")

from foundation_perception.msg import TrackedObjectArray
from foundation_perception.srv import AddSupport, Register, Reset, Segment
from rclpy.executors import MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.nodes.pose.messages import from_pose, to_stamp
from foundation_pose_ros.nodes.pose.node import PoseNode
from foundation_pose_ros.nodes.replay.source import ReplaySource, mesh_files
from foundation_pose_ros.nodes.replay_node import to_camera_info
from foundation_pose_ros.streams.image_messages import fill_image, to_array
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from universeg_ros.nodes.node import SegmentationNode

PATIENCE_S = 60.0
EXAMPLES = 12


class Robot:
    """Both nodes, and a third one that plays camera and user."""

    def __init__(self, context: Any, mesh: Path) -> None:
        self.pose = PoseNode(
            context=context,
            parameter_overrides=[
                Parameter("objects", value=["mug"]),
                Parameter("mug.mesh", value=str(mesh)),
                Parameter("mesh_directories", value=[str(mesh.parent)]),
                Parameter("buffer_s", value=60.0),  # a busy machine may take long over a mask
            ],
        )
        live = [Parameter("live_support", value="mug"), Parameter("live_least_confidence", value=0.5)]
        remapped = ["--ros-args", "-r", "segmentation_node:~/mask:=masks", "-r", "segmentation_node:image:=rgb/image"]
        self.segmentation = SegmentationNode(context=context, cli_args=remapped, parameter_overrides=live)
        self.user = rclpy.create_node("user", context=context)
        self.objects: list[Any] = []
        self.user.create_subscription(TrackedObjectArray, "/pose_node/objects", self.objects.append, 100)
        kinds = {"rgb/image": Image, "rgb/camera_info": CameraInfo, "depth/image": Image}
        self.publishers = {t: self.user.create_publisher(kind, t, QoSProfile(depth=50)) for t, kind in kinds.items()}
        self.executors = [MultiThreadedExecutor(2, context=context) for _ in range(2)]
        self.executors.append(SingleThreadedExecutor(context=context))
        for executor, node in zip(self.executors, (self.pose, self.segmentation, self.user), strict=True):
            executor.add_node(node)
        self.threads = [threading.Thread(target=executor.spin, daemon=True) for executor in self.executors]
        for thread in self.threads:
            thread.start()
        self.wait(lambda: all(p.get_subscription_count() for p in self.publishers.values()), "pose_node to subscribe")
        self.wait(lambda: self.publishers["rgb/image"].get_subscription_count() == 2, "segmentation_node to subscribe")

    def messages(self, scene: SyntheticScene, frame_id: str, stamp_ns: int) -> dict[str, Any]:
        frame = scene.frame(frame_id)
        header = Header(stamp=to_stamp(stamp_ns), frame_id=frame.frame_id)
        return {
            "rgb/camera_info": to_camera_info(frame.camera, header),
            "depth/image": fill_image(Image(header=header), frame.depth_m, "32FC1"),
            "rgb/image": fill_image(Image(header=header), frame.rgb, "rgb8"),
        }

    def show(self, messages: dict[str, Any]) -> None:
        for topic, message in messages.items():
            self.publishers[topic].publish(message)

    def ask(self, kind: Any, service: str, /, **fields: Any) -> Any:
        client = self.user.create_client(kind, service)
        assert client.wait_for_service(PATIENCE_S), service
        future = client.call_async(kind.Request(**fields))
        self.wait(future.done, f"an answer of {service}")
        return future.result()

    def tracked(self) -> list[Any]:
        """What pose_node said of objects that it follows."""
        return [o for message in list(self.objects) for o in message.objects if o.state == o.TRACKING]

    def wait(self, condition: Callable[[], Any], what: str) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end_s, f"waited {PATIENCE_S:.0f} s in vain for {what}"
            time.sleep(0.01)

    def close(self) -> None:
        for executor in self.executors:
            executor.shutdown()
        for thread in self.threads:
            thread.join(10)
        for node in (self.pose, self.segmentation, self.user):
            node.destroy_node()


@pytest.fixture(scope="module")
def scene() -> SyntheticScene:
    """A mug among clutter, seen from so many sides that each frame is another view."""
    return make_scene(
        SceneSettings(seed=1, frames=EXAMPLES + 2, objects=["mug"], clutter=3, rate_hz=2.0, supersample=1)
    )


@pytest.fixture
def robot(ros_context: Any, scene: SyntheticScene, tmp_path: Path) -> Iterator[Robot]:
    mesh = mesh_files(ReplaySource(scene, ("mug",)), seed=1, folder=tmp_path)["mug"].path
    robot = Robot(ros_context, mesh)
    try:
        yield robot
    finally:
        robot.close()


def test_a_mask_of_the_service_and_masks_of_the_live_mode_register_the_object(
    robot: Robot, scene: SyntheticScene
) -> None:
    *examples, asked, live = scene.frame_ids
    stamp_ns = time.time_ns()
    robot.wait(lambda: robot.segmentation.active, "activation")

    images = [fill_image(Image(), scene.frame(frame_id).rgb, "rgb8") for frame_id in examples]
    masks = [fill_image(Image(), scene.mask(f, "mug").astype(np.uint8) * 255, "mono8") for f in examples]  # type: ignore[union-attr]
    seen = robot.messages(scene, asked, stamp_ns)
    robot.show(seen)
    answer = robot.ask(
        Segment,
        "/segmentation_node/segment",
        image=seen["rgb/image"],
        support_images=images,
        support_masks=masks,
    )
    assert answer.success, answer.message
    truth = scene.mask(asked, "mug")
    found = to_array(answer.mask) > 0
    assert truth is not None and 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.65
    registered = robot.ask(Register, "/pose_node/register", object_name="mug", mask=answer.mask)
    assert registered.success, registered.message
    assert near(registered.object, scene, asked)

    for image, mask in zip(images, masks, strict=True):
        added = robot.ask(AddSupport, "/segmentation_node/add_support", support_set="mug", image=image, mask=mask)
        assert added.success, added.message
    assert robot.ask(Reset, "/pose_node/reset").success
    robot.objects.clear()
    robot.show(robot.messages(scene, live, stamp_ns + 1_000_000_000))
    robot.wait(robot.tracked, "a track from a live mask")
    assert near(robot.tracked()[0], scene, live)


def near(tracked: Any, scene: SyntheticScene, frame_id: str) -> bool:
    """Whether a pose is right to a centimetre, the mug's symmetries apart."""
    error = pose_error(
        from_pose(tracked.pose.pose), scene.truth(frame_id, "mug"), scene.model("mug").symmetries.transforms()
    )
    return error[0] < 0.01
