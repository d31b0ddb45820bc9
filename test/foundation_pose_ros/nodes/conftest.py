"""A pose_node on real DDS, and a node beside it that plays camera and user."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from foundation_pose_ros.frame import Frame
from foundation_pose_ros.nodes.replay.source import ReplaySource, mesh_files
from foundation_pose_ros.streams.image_messages import fill_image
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

try:
    import rclpy
    from diagnostic_msgs.msg import DiagnosticArray
    from foundation_perception.msg import TrackedObject, TrackedObjectArray
    from foundation_perception.srv import AddObject, Register, RemoveObject, Reset
    from geometry_msgs.msg import PoseWithCovarianceStamped
    from lifecycle_msgs.srv import ChangeState
    from rclpy.context import Context
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.node import Node
    from rclpy.parameter import Parameter
    from rclpy.qos import QoSProfile
    from sensor_msgs.msg import CameraInfo, Image
    from std_msgs.msg import Header, String
    from tf2_msgs.msg import TFMessage
    from vision_msgs.msg import Detection3DArray
    from visualization_msgs.msg import MarkerArray

    from foundation_pose_ros.nodes.demo.run import own_domain_id
    from foundation_pose_ros.nodes.pose.messages import to_stamp
    from foundation_pose_ros.nodes.pose.node import PoseNode
    from foundation_pose_ros.nodes.replay_node import to_camera_info
    from foundation_pose_ros.streams.time_synchronizer import stamp_to_ns

    from .spinning import Spinning, wait_for
except ModuleNotFoundError as missing:
    ROS_IS_MISSING = f"{missing}: source a ROS 2 workspace with foundation_perception"
else:
    ROS_IS_MISSING = ""

PATIENCE_S = 120.0
FRAME_STEP_NS = 33_333_333


class Bench:
    """A pose_node and the node that feeds and hears it, each with an executor in a thread of its own.

    `heard` holds the messages of each output in the order in which they came. Stamps are the clock's, unless `steady`:
    then one step apart, however long the machine takes.
    """

    steady = False

    def __init__(self, parameters: dict[str, Any], domain_id: int) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.node = PoseNode(context=self.context, parameter_overrides=overrides)
        self.user = Node("user", context=self.context)
        self.heard: dict[str, list[Any]] = defaultdict(list)
        self._stamp_ns = 0
        inputs = {"rgb/image": Image, "rgb/camera_info": CameraInfo, "depth/image": Image, "masks": Image}
        outputs = {
            "/pose_node/detections": Detection3DArray,
            "/pose_node/objects": TrackedObjectArray,
            "/pose_node/pose/mug": PoseWithCovarianceStamped,
            "/tf": TFMessage,
            "/pose_node/markers": MarkerArray,
            "/pose_node/overlay": Image,
            "/pose_node/mask_request": String,
            "/diagnostics": DiagnosticArray,
        }
        services = {"register": Register, "reset": Reset, "add_object": AddObject, "remove_object": RemoveObject}
        self._publishers = {
            topic: self.user.create_publisher(kind, topic, QoSProfile(depth=50)) for topic, kind in inputs.items()
        }
        for topic, kind in outputs.items():
            self.user.create_subscription(kind, topic, self.heard[topic].append, QoSProfile(depth=500))
        self._clients: dict[str, tuple[Any, Any]] = {
            name: (self.user.create_client(kind, f"/pose_node/{name}"), kind) for name, kind in services.items()
        }
        self._lifecycle = self.user.create_client(ChangeState, "/pose_node/change_state")
        self._spinning = [
            Spinning(SingleThreadedExecutor(context=self.context), self.node),
            Spinning(SingleThreadedExecutor(context=self.context), self.user),
        ]

    def close(self) -> None:
        """End the threads before the context: rclpy aborts otherwise."""
        for spinning in self._spinning:
            spinning.stop(PATIENCE_S)
        self.node.destroy_node()
        self.user.destroy_node()
        rclpy.shutdown(context=self.context)

    def unmasked(self) -> None:
        """Publish no masks, nor say so."""
        self.user.destroy_publisher(self._publishers.pop("masks"))
        self.wait(lambda: not self.node.count_publishers("masks"), "the masks' publisher to be gone")

    def ready(self) -> None:
        """Wait until the node listens to all inputs."""
        self.wait(
            lambda: all(publisher.get_subscription_count() for publisher in self._publishers.values()),
            "pose_node to subscribe",
        )

    def send(
        self,
        frame: Frame,
        mask: Any = None,
        step_ns: int = FRAME_STEP_NS,
        change: Callable[[dict[str, Any]], None] | None = None,
    ) -> int:
        """Publish a frame at a stamp after that of the last, its mask first; gives the stamp in ns.

        `change` alters the messages, which it gets by topic, before they go out.
        """
        next_ns = self._stamp_ns + step_ns
        self._stamp_ns = next_ns if self.steady and self._stamp_ns else max(next_ns, time.time_ns())

        def header() -> Header:
            return Header(stamp=to_stamp(self._stamp_ns), frame_id=frame.frame_id)

        messages: dict[str, Any] = {}
        if mask is not None:
            messages["masks"] = fill_image(Image(header=header()), mask.astype("uint8") * 255, "mono8")
        messages["rgb/camera_info"] = to_camera_info(frame.camera, header())
        messages["depth/image"] = fill_image(Image(header=header()), frame.depth_m, "32FC1")
        messages["rgb/image"] = fill_image(Image(header=header()), frame.rgb, "rgb8")
        if change is not None:
            change(messages)
        for topic, message in messages.items():
            self._publishers[topic].publish(message)
        return self._stamp_ns

    @contextmanager
    def filming(self, frame: Frame) -> Iterator[None]:
        """Send a frame twice a second, as a camera would that stands still."""
        ended = threading.Event()

        def film() -> None:
            while not ended.is_set():
                self.send(frame)
                ended.wait(0.5)

        thread = threading.Thread(target=film)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def object_of(self, stamp_ns: int, state: int | None = None) -> Any:
        """The first object that is published about the frame of a stamp, in a state, waited for.

        A mask that comes after its frame gives a second message about the frame.
        """

        def found() -> list[Any]:
            messages = [m for m in self.heard["/pose_node/objects"] if stamp_to_ns(m.header.stamp) == stamp_ns]
            return [m.objects[0] for m in messages if state is None or m.objects[0].state == state]

        self.wait(found, f"an object in state {state} in frame {stamp_ns}")
        return found()[-1]

    def call(self, service: str, /, **fields: Any) -> Any:
        """The answer of a service."""
        client, kind = self._clients[service]
        assert client.wait_for_service(timeout_sec=PATIENCE_S)
        future = client.call_async(kind.Request(**fields))
        self.wait(future.done, f"an answer of {service}")
        return future.result()

    def transition(self, label: str) -> bool:
        """Whether a transition of the node's lifecycle came about."""
        request = ChangeState.Request()
        request.transition.label = label
        client = self._lifecycle
        assert client.wait_for_service(timeout_sec=PATIENCE_S)
        future = client.call_async(request)
        self.wait(future.done, label)
        return bool(future.result().success)

    def status(self, section: str) -> str:
        """The message of the newest report of a section."""
        statuses = [s for m in list(self.heard["/diagnostics"]) for s in m.status if s.name == f"pose_node: {section}"]
        return statuses[-1].message if statuses else ""

    def diagnosed(self, section: str, key: str) -> str:
        """A value in the newest report of a section of /diagnostics, '' where it isn't there."""
        for message in reversed(list(self.heard["/diagnostics"])):
            for status in message.status:
                if status.name == f"pose_node: {section}":
                    return next((value.value for value in status.values if value.key == key), "")
        return ""

    def refused(self, reason: str) -> int:
        """How often /diagnostics says that something was refused for a reason."""
        return int(self.diagnosed("input", f"refused.{reason}") or 0)

    def wait(self, condition: Callable[[], Any], what: str) -> None:
        """Wait until a condition holds."""
        wait_for(condition, what, PATIENCE_S)


@pytest.fixture(scope="session")
def scene() -> SyntheticScene:
    """A mug on a cluttered table before a moving camera, with noise and holes in its depth."""
    return make_scene(SceneSettings(seed=1, frames=16, objects=["mug"], clutter=3, supersample=1))


@pytest.fixture(scope="session")
def mesh_folder(scene: SyntheticScene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with mug.glb in it."""
    folder = tmp_path_factory.mktemp("meshes")
    meshes = mesh_files(ReplaySource(scene, ("mug",)), seed=1, folder=folder)
    meshes["mug"].path.rename(folder / "mug.glb")
    return folder


@pytest.fixture(scope="module")
def start() -> Iterator[Callable[[dict[str, Any]], Bench]]:
    """Starts pose_nodes with parameters, each in a domain of its own; they end with the module."""
    if ROS_IS_MISSING:
        pytest.skip(ROS_IS_MISSING)
    with ExitStack() as stack:

        def started(parameters: dict[str, Any]) -> Bench:
            bench = Bench(parameters, stack.enter_context(own_domain_id()))
            stack.callback(bench.close)
            return bench

        yield started


@pytest.fixture(scope="module")
def bench(start: Callable[[dict[str, Any]], Bench], mesh_folder: Path) -> Bench:
    """A pose_node that knows the mug."""
    bench = start(
        {
            "objects": ["mug"],
            "mug.mesh": "mug.glb",
            "mesh_directories": [str(mesh_folder)],
            "overlay_rate_hz": 120.0,
            "retry_first_s": 0.0,
        }
    )
    bench.ready()
    return bench


@pytest.fixture
def tracking(bench: Bench, scene: SyntheticScene) -> Iterator[Bench]:
    """The bench with the mug tracked from the scene's first frame on."""
    bench.steady = True
    register(bench, scene)
    yield bench
    bench.call("reset")


def register(bench: Bench, scene: SyntheticScene) -> int:
    """Register the mug from the mask of the scene's first frame, whatever was tracked; return the image's stamp, ns."""
    bench.call("reset")
    first = scene.frame_ids[0]
    stamp_ns = bench.send(scene.frame(first), scene.mask(first, "mug"))
    bench.object_of(stamp_ns, TrackedObject.TRACKING)
    return stamp_ns
