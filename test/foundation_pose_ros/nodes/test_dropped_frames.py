"""Images that never come, and such as the node has no time for: what is published of the others is right or in doubt.

A grey cube is lifted and turned, beside a mug, before a camera in a hand: what depth leaves open, a slide down its own
sides, is held by colours that are learned and by the motion that was foreseen.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_perception.msg import TrackedObject
from sensor_msgs.msg import Image

from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.nodes.pose.messages import from_pose, to_stamp
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.streams.image_messages import fill_image
from foundation_pose_ros.streams.time_synchronizer import stamp_to_ns
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.trajectory import Motion

SEED, FRAMES, STEP_NS = 2, 48, 33_333_333
OBJECTS = ("sticker_cube", "mug")
# A pose that is farther off than either is wrong.
WRONG_MM, WRONG_DEG = 20.0, 20.0


@pytest.fixture(scope="module")
def lifted() -> SyntheticScene:
    motion = Motion(0.2, 40.0)
    return make_scene(SceneSettings(SEED, FRAMES, OBJECTS, clutter=2, motion=motion, moving_object=True, supersample=1))


@pytest.fixture(scope="module")
def meshes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cube without colours, and a mug with."""
    folder = tmp_path_factory.mktemp("meshes")
    make_mesh("sticker_cube", SEED).export(folder / "sticker_cube.stl")
    make_mesh("mug", SEED).export(folder / "mug.glb")
    return folder


@pytest.fixture(scope="module")
def node(start: Callable[[dict[str, Any]], Any], meshes: Path) -> Any:
    parameters = {"sticker_cube.mesh": "sticker_cube.stl", "mug.mesh": "mug.glb", "mesh_directories": [str(meshes)]}
    bench = start(parameters | {"objects": list(OBJECTS), "retry_first_s": 0.0})
    bench.ready()
    return bench


class Film:
    """A scene that is sent to a node at a camera's stamps, and how far off the poses are that come back."""

    def __init__(self, bench: Any, scene: SyntheticScene, meshes: Path) -> None:
        self._bench, self._scene = bench, scene
        models = {name: ObjectModel.from_mesh(next(meshes.glob(f"{name}.*"))) for name in OBJECTS}
        self._symmetries = {name: model.symmetries.transforms() for name, model in models.items()}
        # Rendering one takes longer than a camera does.
        self._frames = [scene.frame(frame_id) for frame_id in scene.frame_ids]
        # By a camera's clock, which goes on from film to film: an image far ahead of the last would be refused.
        self._start_ns = self._last_ns = time.time_ns()

    def begin(self) -> None:
        """Register both objects in the first frame."""
        self._bench.call("reset")
        self._start_ns = self._last_ns + STEP_NS
        labels = np.zeros((self._scene.camera.height, self._scene.camera.width), np.uint16)
        for label, name in enumerate(OBJECTS, start=1):
            labels[self._scene.mask(self._scene.frame_ids[0], name)] = label
        self.send(0, labels)
        self._bench.wait(lambda: self._states(0) == [TrackedObject.TRACKING] * len(OBJECTS), "both objects")

    def send(self, index: int, labels: np.ndarray | None = None) -> None:
        self._last_ns = self._start_ns + index * STEP_NS
        stamp = to_stamp(self._last_ns)

        def change(messages: dict[str, Any]) -> None:
            if labels is not None:
                messages["masks"] = fill_image(Image(), labels, "mono16")
            for message in messages.values():
                message.header.stamp = stamp

        self._bench.send(self._frames[index], labels, change=change)

    def answered(self, index: int) -> None:
        """Wait until the node has said something of a frame."""
        self._bench.wait(lambda: index in self._objects(), f"an answer to frame {index}")

    def errors(self) -> dict[str, np.ndarray]:
        """By object: frame, mm, degrees of each pose that is tracked and not in doubt."""
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in OBJECTS}
        for index, objects in self._objects().items():
            for tracked in objects:
                if tracked.state == TrackedObject.TRACKING and tracked.score > 0 and not tracked.in_doubt:
                    truth = self._scene.truth(self._scene.frame_ids[index], tracked.id)
                    error_m, error_deg = pose_error(from_pose(tracked.pose.pose), truth, self._symmetries[tracked.id])
                    found[tracked.id].append((index, 1000 * error_m, error_deg))
        return {name: np.array(rows) for name, rows in found.items()}

    def _states(self, index: int) -> list[int]:
        return [tracked.state for tracked in self._objects().get(index, [])]

    def _objects(self) -> dict[int, list[Any]]:
        """The last that was said of each frame of this film, by its number."""
        said = {}
        for message in list(self._bench.heard["/pose_node/objects"]):
            since_ns = stamp_to_ns(message.header.stamp) - self._start_ns
            if since_ns >= 0:
                said[round(since_ns / STEP_NS)] = list(message.objects)
        return said


@pytest.fixture(scope="module")
def film(node: Any, lifted: SyntheticScene, meshes: Path) -> Film:
    return Film(node, lifted, meshes)


def assert_right(errors: dict[str, np.ndarray], least: int) -> None:
    """Nothing that is said to be right is wrong, nearly all is exact, and there are so many poses at least."""
    for name, rows in errors.items():
        assert len(rows) >= least, (name, len(rows))
        wrong = rows[(rows[:, 1] > WRONG_MM) | (rows[:, 2] > WRONG_DEG)]
        assert not len(wrong), (name, wrong)
        assert np.median(rows[:, 1]) < 3.0 and np.median(rows[:, 2]) < 2.0, (name, np.median(rows, axis=0))


@pytest.mark.parametrize("every", [2, 3])
def test_images_that_never_come(film: Film, every: int) -> None:
    film.begin()
    sent = range(every, FRAMES, every)
    for index in sent:
        film.send(index)
        film.answered(index)
    assert_right(film.errors(), least=round(0.8 * len(sent)))


def test_images_that_the_node_has_no_time_for(film: Film, node: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tracker = node.node.session.pipeline.tracker
    track = tracker.track

    def slow(*arguments: Any) -> Any:
        time.sleep(0.1)
        return track(*arguments)

    film.begin()
    monkeypatch.setattr(tracker, "track", slow)
    for index in range(1, FRAMES):
        film.send(index)
        time.sleep(STEP_NS * 1e-9)
    film.answered(FRAMES - 1)
    errors = film.errors()
    answered = max(len(rows) for rows in errors.values())
    assert answered < 0.7 * FRAMES, "the node answered them all: nothing was dropped"
    assert_right(errors, least=round(0.8 * answered))
