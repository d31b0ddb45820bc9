"""Each launch file by ROS's own `ros2 launch`, over real DDS: what it starts works, and all of it ends with Ctrl-C.

Needs launch, launch_ros and ros2cli, which aren't among ROS's wheels: docs/environment.md has how to build them.
Drivers of cameras and the player of bags are stood in for: packages of their names whose launch files play a made-up
scene on the topics that the driver would have, by the arguments that it is given.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")
pytest.importorskip("launch_ros", reason="launch isn't installed here: it isn't among ROS's wheels")
if shutil.which("ros2") is None:
    pytest.skip("the command ros2 isn't installed here: it isn't among ROS's wheels", allow_module_level=True)

from foundation_perception.msg import TrackedObject, TrackedObjectArray
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image

from foundation_pose_ros.nodes.replay.source import ReplaySource, mesh_files
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

from .recorded import DEPTH, INFO, RGB, write_bag
from .spinning import Spinning, wait_for

pytestmark = pytest.mark.slow

PATIENCE_S = 240.0
FRAMES = 6
# Topics of each driver, by arguments of its launch file; and what ours is given here.
DRIVERS: dict[str, tuple[str, str, dict[str, str], list[str]]] = {
    "realsense": (
        "realsense2_camera",
        "rs_launch.py",
        {
            "rgb/image": "/{camera_namespace}/{camera_name}/color/image_raw",
            "rgb/camera_info": "/{camera_namespace}/{camera_name}/color/camera_info",
            "depth/image": "/{camera_namespace}/{camera_name}/aligned_depth_to_color/image_raw",
        },
        ["camera_namespace:=arm", "camera_name:=wrist"],
    ),
    "zed": (
        "zed_wrapper",
        "zed_camera.launch.py",
        {
            "rgb/image": "/{camera_name}/zed_node/rgb/color/rect/image",
            "rgb/camera_info": "/{camera_name}/zed_node/rgb/color/rect/camera_info",
            "depth/image": "/{camera_name}/zed_node/depth/depth_registered",
        },
        ["camera_model:=zedm"],
    ),
    "orbbec": (
        "orbbec_camera",
        "femto_bolt.launch.py",
        {
            "rgb/image": "/{camera_name}/color/image_raw",
            "rgb/camera_info": "/{camera_name}/color/camera_info",
            "depth/image": "/{camera_name}/depth/image_raw",
        },
        ["camera_model:=femto_bolt", "camera_name:=left"],
    ),
    "azure_kinect": (
        "azure_kinect_ros_driver",
        "driver.launch.py",
        {
            "rgb/image": "/rgb/image_raw",
            "rgb/camera_info": "/rgb/camera_info",
            "depth/image": "/depth_to_rgb/image_raw",
        },
        [],
    ),
    "oak": (
        "depthai_ros_driver",
        "camera.launch.py",
        {
            "rgb/image": "/{name}/rgb/image_raw",
            "rgb/camera_info": "/{name}/rgb/camera_info",
            "depth/image": "/{name}/stereo/image_raw",
        },
        ["name:=oak_left"],
    ),
}
DRIVER = """
import re
from launch import LaunchDescription
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

def topic(text):
    parts = re.split(r"\\{(\\w+)\\}", text)
    return [LaunchConfiguration(part) if place % 2 else part for place, part in enumerate(parts) if part]

def generate_launch_description():
    played = {"sequence": "synthetic", "frames": FRAMES, "loop": True, "rate_hz": 5.0, "mask_policy": "every"}
    remapped = [(name, topic(text)) for name, text in TOPICS.items()]
    return LaunchDescription([Node(package="foundation_perception", executable="replay_node", name="driver",
                                   parameters=[played], remappings=remapped)])
"""
# `ros2 bag play FOLDER --clock ...`; all else is the true command's.
PLAYER = """#!/bin/sh
if [ "$1 $2" != "bag play" ]; then exec {ros2} "$@"; fi
exec {python} -m foundation_pose_ros.nodes.replay_node --ros-args -p sequence:="$3" -p rate_hz:=1.0 \
    -p stamps:=recorded -p publish_clock:=true {remapped}
"""


class Launched:
    """`ros2 launch` of a launch file, and a node that looks at what it started.

    words: all that was said. right_status: what it is to end with.
    """

    right_status = 0

    def __init__(self, arguments: list[str], variables: dict[str, str], node: Node, log: Path) -> None:
        self.node, self._log = node, log
        self._stream = log.open("w")
        self.process = subprocess.Popen(
            ["ros2", "launch", "foundation_perception", *arguments],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=self._stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def words(self) -> str:
        return self._log.read_text()

    def wait(self, condition: Callable[[], Any], what: str) -> None:
        """Wait until a condition holds, as long as launch goes on."""
        wait_for(lambda: self.process.poll() is not None or condition(), what, PATIENCE_S)
        assert self.process.poll() is None, self.words

    def active(self, name: str) -> None:
        """Wait until a lifecycle node is active."""
        client = self.node.create_client(GetState, f"/{name}/get_state")
        self.wait(client.service_is_ready, f"{name} to answer")

        def is_active() -> bool:
            future = client.call_async(GetState.Request())
            wait_for(future.done, f"the state of {name}", PATIENCE_S)
            return bool(future.result().current_state.id == State.PRIMARY_STATE_ACTIVE)

        self.wait(is_active, f"{name} to be active")

    def tracked(self) -> TrackedObject:
        """An object that is tracked with a high score, waited for."""
        heard: list[TrackedObject] = []
        self.node.create_subscription(
            TrackedObjectArray, "/pose_node/objects", lambda message: heard.extend(message.objects), 10
        )
        good = [TrackedObject.TRACKING]
        self.wait(lambda: any(o.state in good and o.score > 0.8 for o in heard), "an object to be tracked")
        return next(o for o in heard if o.state in good and o.score > 0.8)

    def end(self) -> None:
        """End all as Ctrl-C does, which each process of the terminal hears; nothing is left, and nothing complains."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        status = self.process.wait(60)
        left = subprocess.run(["pgrep", "-g", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        for pid in left:
            os.kill(int(pid), signal.SIGKILL)
        self._stream.close()
        assert status == self.right_status and not left and "Traceback" not in self.words, self.words


@pytest.fixture(scope="module")
def played() -> SyntheticScene:
    """The scene of replay_node's `synthetic`, of so many frames: a mug."""
    return make_scene(SceneSettings(seed=0, frames=FRAMES, objects=1))


@pytest.fixture(scope="module")
def mesh(played: SyntheticScene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FOLDER/mug/mug.glb."""
    folder = tmp_path_factory.mktemp("meshes") / "mug"
    written = mesh_files(ReplaySource(played, tuple(played.object_names)), folder=folder)
    return next(iter(written.values())).path.rename(folder / "mug.glb")


@pytest.fixture
def launched(ros_context: Any, ros_domain_id: int, tmp_path: Path) -> Iterator[Callable[..., Launched]]:
    """launched(file, *arguments): starts it beside a node in the same domain; at the end it is told to end, too."""
    node = Node("onlooker", context=ros_context)
    spinning = Spinning(SingleThreadedExecutor(context=ros_context), node)
    prefixes = os.pathsep.join([str(tmp_path), os.environ["AMENT_PREFIX_PATH"]])
    variables = os.environ | {
        "ROS_DOMAIN_ID": str(ros_domain_id),
        "ROS_LOG_DIR": str(tmp_path / "log"),
        "AMENT_PREFIX_PATH": prefixes,
        "PATH": os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    runs: list[Launched] = []

    def start(file: str, *arguments: str) -> Launched:
        runs.append(Launched([f"{file}.launch.py", *arguments], variables, node, tmp_path / "words.txt"))
        return runs[-1]

    try:
        yield start
    finally:
        try:
            for run in runs:
                run.end()
        finally:
            spinning.stop(PATIENCE_S)
            node.destroy_node()


@pytest.mark.parametrize(
    ("file", "name", "arguments"),
    [
        ("pose", "pose_node", ["mesh:={mesh}", "output_frame:=base_link"]),
        ("onboard", "pose_node", ["models:={folder}"]),
        ("segmentation", "segmentation_node", []),
        ("prompts", "prompt_node", []),
    ],
)
def test_a_node_becomes_active(
    file: str, name: str, arguments: list[str], launched: Any, mesh: Path, tmp_path: Path
) -> None:
    run = launched(file, *(argument.format(mesh=mesh, folder=tmp_path) for argument in arguments))
    run.active(name)


def test_collision_node_listens_to_the_pose_node_that_is_named(launched: Any) -> None:
    pytest.importorskip("moveit_msgs", reason="moveit_msgs isn't installed here")
    run = launched("collision", "pose_node:=/arm/pose_node")
    run.wait(lambda: run.node.count_subscribers("/arm/pose_node/objects"), "collision_node to listen")
    run.wait(lambda: run.node.count_publishers("/collision_object"), "collision_node to publish")


def test_a_made_up_scene_is_played_tracked_and_shown(launched: Any) -> None:
    run = launched("synthetic", f"frames:={FRAMES}", "rate_hz:=5.0", "overlay:=true")
    assert run.tracked().id == "mug"
    pictures: list[Image] = []
    run.node.create_subscription(Image, "/overlay_node/image", pictures.append, 1)
    run.wait(lambda: pictures, "a picture of overlay_node")
    assert (pictures[0].width, pictures[0].height) == (640, 480)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_bag_is_replayed(storage: str, launched: Any, played: SyntheticScene, mesh: Path, tmp_path: Path) -> None:
    write_bag(tmp_path / "recording", played, storage)
    objects = f"mesh:={mesh}" if storage == "mcap" else f"meshes:={mesh.parent.parent}"
    run = launched("replay", f"sequence:={tmp_path / 'recording'}", objects, "rate_hz:=5.0")
    assert run.tracked().id == "mug"


def test_a_bag_is_played_by_its_own_clock(launched: Any, played: SyntheticScene, mesh: Path, tmp_path: Path) -> None:
    write_bag(tmp_path / "recording", played, "mcap")
    (tmp_path / "bin").mkdir()
    topics = {"rgb": f"/camera/{RGB}", "rgb_info": f"/camera/{INFO}", "depth": f"/camera/{DEPTH}"}
    ours = dict(zip(topics, ("rgb/image", "rgb/camera_info", "depth/image"), strict=True))
    remapped = " ".join(f"-r {ours[name]}:={topic}" for name, topic in topics.items())
    player = tmp_path / "bin" / "ros2"
    player.write_text(PLAYER.format(ros2=shutil.which("ros2"), python=sys.executable, remapped=remapped))
    player.chmod(0o755)
    arguments = [f"{name}:={topic}" for name, topic in topics.items()]
    run = launched("bag", f"bag:={tmp_path / 'recording'}", f"mesh:={mesh}", *arguments)
    assert run.tracked().header.stamp.sec <= played.frame(played.frame_ids[-1]).stamp_ns // 10**9


@pytest.mark.parametrize("camera", DRIVERS)
def test_a_driver_is_started_and_its_images_are_tracked(camera: str, launched: Any, mesh: Path, tmp_path: Path) -> None:
    package, file, topics, arguments = DRIVERS[camera]
    index = tmp_path / "share" / "ament_index" / "resource_index" / "packages" / package
    launch_file = tmp_path / "share" / package / "launch" / file
    for path, text in ((index, ""), (launch_file, f"TOPICS = {json.dumps(topics)}\nFRAMES = {FRAMES}\n{DRIVER}")):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    run = launched(camera, f"mesh:={mesh}", *arguments)
    assert run.tracked().id == "mug"


def test_a_driver_that_is_not_installed_is_named_and_nothing_is_left(launched: Any, mesh: Path) -> None:
    run = launched("realsense", f"mesh:={mesh}")
    run.right_status = run.process.wait(PATIENCE_S)
    assert run.right_status == 1 and "package 'realsense2_camera' not found" in run.words


def test_fast_dds_is_set_up_in_a_moment(launched: Any) -> None:
    assert launched("fast_dds").process.wait(PATIENCE_S) == 0


def test_the_arm_picks_what_it_finds(launched: Any) -> None:
    pytest.importorskip("mujoco", reason="MuJoCo isn't installed here: pip install mujoco-core pyopengl")
    pytest.importorskip("OpenGL", reason="MuJoCo renders through PyOpenGL, which isn't installed here")
    run = launched("manipulation", "scenes:=1")
    assert run.process.wait(PATIENCE_S) == 0
    assert "off by" in run.words
