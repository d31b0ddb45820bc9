"""Images that never come, and such as the node has no time for: what is published of the others is right or in doubt.

A grey cube is lifted and turned, beside a mug, before a camera in a hand: what depth leaves open, a slide down its own
sides, is held by colours that are learned and by the motion that was foreseen.
"""

import time
from collections.abc import Callable
from itertools import accumulate, cycle, takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_perception.msg import TrackedObject
from sensor_msgs.msg import Image

from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.frame import Frame
from foundation_pose_ros.nodes.pose.messages import from_pose, to_stamp
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.streams.image_messages import fill_image
from foundation_pose_ros.streams.time_synchronizer import stamp_to_ns
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.trajectory import Motion
from foundation_pose_ros.tracking.pipeline import PosePipeline

from .conftest import PATIENCE_S
from .spinning import wait_for

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
        self._last_ns = self.stamp_ns(index)
        stamp = to_stamp(self._last_ns)

        def change(messages: dict[str, Any]) -> None:
            if labels is not None:
                messages["masks"] = fill_image(Image(), labels, "mono16")
            for message in messages.values():
                message.header.stamp = stamp

        self._bench.send(self._frames[index], labels, change=change)

    def answered(self, index: int) -> None:
        """Wait until the node has said something of a frame."""
        self._bench.wait(lambda: index in self.objects(), f"an answer to frame {index}")

    def errors(self) -> dict[str, np.ndarray]:
        """By object: frame, mm, degrees of each pose that is tracked and not in doubt."""
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in OBJECTS}
        for index, objects in self.objects().items():
            for tracked in objects:
                if tracked.state == TrackedObject.TRACKING and tracked.score > 0 and not tracked.in_doubt:
                    truth = self._scene.truth(self._scene.frame_ids[index], tracked.id)
                    error_m, error_deg = pose_error(from_pose(tracked.pose.pose), truth, self._symmetries[tracked.id])
                    found[tracked.id].append((index, 1000 * error_m, error_deg))
        return {name: np.array(rows) for name, rows in found.items()}

    def objects(self) -> dict[int, list[Any]]:
        """The last that was said of each frame of this film, by its number."""
        said = {}
        for message in list(self._bench.heard["/pose_node/objects"]):
            index = self.index(stamp_to_ns(message.header.stamp))
            if index >= 0:
                said[index] = list(message.objects)
        return said

    def stamp_ns(self, index: int) -> int:
        """The stamp of a frame, by its number."""
        return self._start_ns + index * STEP_NS

    def index(self, stamp_ns: int) -> int:
        """The number of the frame with a stamp, below 0 for those of the film before."""
        return round((stamp_ns - self._start_ns) / STEP_NS)

    def _states(self, index: int) -> list[int]:
        return [tracked.state for tracked in self.objects().get(index, [])]


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


class Held:
    """Holds a node in each frame until a later one waits: what it drops follows from the film, not from the machine."""

    def __init__(self, film: Film, pipeline: PosePipeline) -> None:
        self._film, self._pipeline, self._track = film, pipeline, pipeline.tracker.track
        self._at = self._next = 0

    def track(self, frame: Frame, *rest: Any) -> list[Any]:
        """Track a frame once a later one is there, but for the last."""
        self._at = self._film.index(frame.stamp_ns)
        wait_for(lambda: self._at == FRAMES - 1 or self._waits(), f"a frame after {self._at}", PATIENCE_S)
        return self._track(frame, *rest)

    def send(self, until: int) -> None:
        """Send the frames after the one that it is held in, and wait until it is held in the last of them."""
        self._next = until
        for index in range(self._at + 1, until + 1):
            self._film.send(index)
        wait_for(lambda: self._at == until, f"the node to be at frame {until}", PATIENCE_S)

    def _waits(self) -> bool:
        return self._next > self._at and self._pipeline.frame_of(self._film.stamp_ns(self._next)) is not None


def test_images_that_the_node_has_no_time_for(film: Film, node: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    film.begin()
    held = Held(film, node.node.session.pipeline)
    monkeypatch.setattr(node.node.session.pipeline.tracker, "track", held.track)
    looked_at = [*takewhile(lambda index: index < FRAMES - 1, accumulate(cycle((1, 3, 2))))]
    for index in (*looked_at, FRAMES - 1):
        held.send(index)
    film.answered(FRAMES - 1)
    assert len(film.objects()) <= len(looked_at) + 3, "the node had time for images that came while it was held"
    assert_right(film.errors(), least=round(0.8 * len(looked_at)))
