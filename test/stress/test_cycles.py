"""pose_node lives through its own calls: life cycle and objects that come and go, under a camera's images at 30 Hz.

The node is a process of its own, as users run it: that it lives means that its process does.
"""

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_perception.srv import AddObject, RemoveObject, Reset

from foundation_pose_ros.camera import Camera
from foundation_pose_ros.frame import Frame
from foundation_pose_ros.nodes.demo.run import own_domain_id
from foundation_pose_ros.synthetic.meshes import make_mesh
from test.stress.conftest import LONG
from test.stress.running_node import Running, Shot, User

pytestmark = [pytest.mark.ros, pytest.mark.slow]
# After a warm-up of a tenth of the cycles: a handle that leaks with each cycle is more than this in a thousand.
MOST_GROWTH_MB = 60.0
CAMERA = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A pose_node that is active, under images; each test leaves it so."""
    folder = tmp_path_factory.mktemp("node")
    make_mesh("sticker_cube", 0).export(folder / "cube.glb")
    cube = {"mesh": "cube.glb", "symmetries": "none"}
    parameters = {"objects": ["cube"], "cube": cube, "mesh_directories": [str(folder)]}
    shape = (CAMERA.height, CAMERA.width)
    rgb = np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8)
    noise = Shot(Frame(rgb, np.full(shape, 0.6, np.float32), CAMERA))
    with own_domain_id() as domain_id:
        running = Running(domain_id, folder, parameters, User(domain_id, [noise]))
        try:
            running.user.call(Reset, "reset")  # is answered once it has started
            yield running
        finally:
            running.close()


def lives_through(running: Running, cycles: int, cycle: Callable[[], None]) -> None:
    """Do something again and again, while someone else resets the tracks; memory is flat after a tenth of it."""
    ending = threading.Event()
    client = running.user.node.create_client(Reset, "/pose_node/reset")

    def bother() -> None:
        while not ending.wait(0.05):
            if client.service_is_ready():
                client.call_async(Reset.Request())

    bothering = threading.Thread(target=bother)
    bothering.start()
    try:
        memory_mb = 0.0
        for number in range(cycles):
            cycle()
            running.must_live()
            if number == cycles // 10:
                memory_mb = running.memory_mb
        print(f"{cycles} cycles: {memory_mb:.0f} MB after a tenth of them, {running.memory_mb:.0f} MB at the end")
        assert running.memory_mb - memory_mb < MOST_GROWTH_MB
    finally:
        ending.set()
        bothering.join()


def test_activated_and_deactivated(running: Running, cycles: int) -> None:
    def cycle() -> None:
        assert running.user.transition("deactivate")
        assert running.user.transition("activate")

    lives_through(running, cycles, cycle)


def test_cleaned_up_and_configured(running: Running, cycles: int) -> None:
    def cycle() -> None:
        for label in ("deactivate", "cleanup", "configure", "activate"):
            assert running.user.transition(label), label

    # Configuring takes a second.
    lives_through(running, cycles if cycles == LONG else cycles // 10, cycle)


def test_objects_come_and_go(running: Running, cycles: int) -> None:
    def cycle() -> None:
        added = running.user.call(AddObject, "add_object", name="more", mesh="cube.glb", symmetries_yaml="none")
        assert added is not None and added.success, added
        removed = running.user.call(RemoveObject, "remove_object", name="more")
        assert removed is not None and removed.success, removed

    lives_through(running, cycles, cycle)
