"""overlay_node over real DDS: what it draws on images, by the poses that it hears, and when it draws nothing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from diagnostic_msgs.msg import DiagnosticArray
from foundation_perception.msg import ObjectModelArray, TrackedObject, TrackedObjectArray
from geometry_msgs.msg import TransformStamped
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header
from std_srvs.srv import SetBool
from tf2_msgs.msg import TFMessage

from foundation_pose_ros import Camera, se3
from foundation_pose_ros.nodes.demo.run import own_domain_id
from foundation_pose_ros.nodes.latched import LATCHED
from foundation_pose_ros.nodes.overlay.node import OverlayNode
from foundation_pose_ros.nodes.pose.messages import to_pose, to_stamp, to_transform
from foundation_pose_ros.nodes.pose.models_publisher import to_model
from foundation_pose_ros.nodes.replay_node import to_camera_info
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.streams.image_messages import compressed_to_rgb, fill_image, to_rgb
from foundation_pose_ros.streams.time_synchronizer import stamp_to_ns
from foundation_pose_ros.synthetic.scene import SyntheticScene

from .spinning import Spinning, wait_for

PATIENCE_S = 60.0
STEP_NS = 33_333_333
CAMERA = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)
GREY = np.full((240, 320, 3), 120, np.uint8)
# What differs from the image then is the object.
SURFACE_ALONE = {"surface": "plain", "opacity": 1.0, "outline": False, "axes": False, "labels": False}


class Bench:
    """An overlay_node, and a node that is its camera, its pose_node and whoever looks at its pictures."""

    def __init__(self, domain_id: int, parameters: dict[str, Any]) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.node = OverlayNode(context=self.context, parameter_overrides=overrides)
        self.user = Node("user", context=self.context)
        self.pictures: list[Any] = []
        self.compressed: list[Any] = []
        self.diagnostics: list[Any] = []
        self.stamp_ns = time.time_ns()
        self.user.create_subscription(DiagnosticArray, "/diagnostics", self.diagnostics.append, 10)
        kinds = {"rgb/image": Image, "rgb/camera_info": CameraInfo, "objects": TrackedObjectArray}
        self.models = self.user.create_publisher(ObjectModelArray, "models", LATCHED)
        self._out = {
            topic: self.user.create_publisher(kind, topic, QoSProfile(depth=50)) for topic, kind in kinds.items()
        }
        self.record = self.user.create_client(SetBool, "/overlay_node/record")
        self._spinning = Spinning(SingleThreadedExecutor(context=self.context), self.node, self.user)
        self.wait(lambda: all(p.get_subscription_count() for p in self._out.values()), "overlay_node to subscribe")

    def close(self) -> None:
        self._spinning.stop(PATIENCE_S)
        self.node.destroy_node()
        self.user.destroy_node()
        rclpy.shutdown(context=self.context)

    def look(self) -> None:
        """Subscribe to the pictures."""
        self.user.create_subscription(Image, "/overlay_node/image", self.pictures.append, 10)
        self.wait(lambda: self.user.count_subscribers("/overlay_node/image"), "the picture's subscription")
        assert self.node.session is not None
        self.wait(lambda: self.node.session.wanted, "overlay_node to see it")

    def diagnosed(self, words: str) -> bool:
        """Whether the section overlay of /diagnostics has said so."""
        statuses = [s for m in list(self.diagnostics) for s in m.status if s.name == "overlay_node: overlay"]
        return any(words in status.message for status in statuses)

    def publish_depth(self) -> None:
        """Be a depth camera as well."""
        self._out["depth/image"] = self.user.create_publisher(Image, "depth/image", QoSProfile(depth=50))
        self.wait(
            lambda: self._out["depth/image"].get_subscription_count() and self.node.count_publishers("/depth/image"),
            "overlay_node to hear depth",
        )

    def say(self, T: np.ndarray | None, frame_id: str = "camera", **fields: Any) -> int:
        """Publish a pose of the mug as of a new image's stamp; gives the stamp."""
        self.stamp_ns += STEP_NS
        header = Header(stamp=to_stamp(self.stamp_ns), frame_id=frame_id)
        told: dict[str, Any] = {"class_id": "mug", "state": TrackedObject.TRACKING, "score": 0.9} | fields
        tracked = TrackedObject(header=header, id=told["class_id"], **told)
        if T is not None:
            tracked.pose.pose = to_pose(T)
        self._out["objects"].publish(TrackedObjectArray(header=header, objects=[tracked]))
        self.wait(lambda: self._knows(told["class_id"], told["state"]), "overlay_node to hear of the object")
        return self.stamp_ns

    def _knows(self, id: str, state: int) -> bool:
        heard = self.node.session.view.objects._heard.get(id)
        current = heard is not None and stamp_to_ns(heard.message.header.stamp) == self.stamp_ns
        return current and heard.message.state == state

    def send(self, rgb: np.ndarray, camera: Camera, ahead_ns: int = 0, depth_m: np.ndarray | None = None) -> None:
        """Publish an image at a time after the last pose."""
        header = Header(stamp=to_stamp(self.stamp_ns + ahead_ns), frame_id="camera")
        self._out["rgb/camera_info"].publish(to_camera_info(camera, header))
        if depth_m is not None:
            self._out["depth/image"].publish(fill_image(Image(header=header), depth_m, "32FC1"))
        self._out["rgb/image"].publish(fill_image(Image(header=header), rgb, "rgb8"))

    def picture(self, *image: Any, **more: Any) -> np.ndarray:
        """What is drawn on an image."""
        known = len(self.pictures)
        self.send(*image, **more)
        self.wait(lambda: len(self.pictures) > known, "a picture")
        return to_rgb(self.pictures[-1])

    def ask(self, record: bool) -> Any:
        assert self.record.wait_for_service(timeout_sec=PATIENCE_S)
        answer = self.record.call_async(SetBool.Request(data=record))
        self.wait(answer.done, "an answer")
        return answer.result()

    def wait(self, condition: Callable[[], Any], what: str) -> None:
        wait_for(condition, what, PATIENCE_S)


@pytest.fixture
def bench(mesh_folder: Path) -> Iterator[Callable[..., Bench]]:
    """Starts an overlay_node that knows the mug and draws its surface alone."""
    started: list[Bench] = []
    with own_domain_id() as domain_id:

        def start(**parameters: Any) -> Bench:
            own = {"objects": ["mug"], "mug.mesh": "mug.glb", "mesh_directories": [str(mesh_folder)]}
            started.append(Bench(domain_id, own | SURFACE_ALONE | parameters))
            return started[-1]

        yield start
        for each in started:
            each.close()


def changed(picture: np.ndarray, image: np.ndarray = GREY) -> np.ndarray:
    return (picture != image).any(axis=-1)


def iou(drawn: np.ndarray, wanted: np.ndarray) -> float:
    return float((drawn & wanted).sum() / (drawn | wanted).sum())


def silhouette(scene: SyntheticScene, T: np.ndarray, camera: Camera = CAMERA) -> np.ndarray:
    rendering = EmbreeRenderer(scene.model("mug")).render(T[None], camera.K, (camera.height, camera.width))
    return rendering.depth_m[0] > 0


def across(ahead_s: float) -> np.ndarray:
    """A mug that moves across the view at 0.4 m/s and turns."""
    start = se3.from_rotation_translation(np.eye(3), np.array([-0.05, 0.0, 0.6]))
    return se3.apply_twist(start, np.array([0.4, 0.05, 0.0, 0.0, 0.0, 1.0]) * ahead_s)


@pytest.mark.slow
def test_the_mesh_covers_the_object_and_depth_hides_it(bench, scene):
    overlay = bench()
    overlay.look()
    overlay.publish_depth()
    for frame_id in scene.frame_ids[::8]:
        frame, T = scene.frame(frame_id), scene.truth(frame_id, "mug")
        overlay.say(T)
        picture = overlay.picture(frame.rgb, frame.camera, depth_m=frame.depth_m)
        visible = scene.mask(frame_id, "mug")
        assert iou(changed(picture, frame.rgb), visible) > 0.93
        assert overlay.pictures[-1].header.stamp == to_stamp(overlay.stamp_ns)
        # What comes before its left half hides that.
        columns = np.flatnonzero(visible.any(axis=0))
        middle = int(columns.mean())
        covered_m = frame.depth_m.copy()
        covered_m[:, :middle] = 0.2
        drawn = changed(overlay.picture(frame.rgb, frame.camera, depth_m=covered_m), frame.rgb)
        in_sight = visible & (np.arange(visible.shape[1]) >= middle)
        assert iou(drawn, in_sight) > 0.9
        assert drawn[:, :middle].sum() < 0.02 * in_sight.sum()


@pytest.mark.slow
def test_poses_are_carried_on_to_the_newest_images_stamp(bench, scene):
    overlay = bench()
    overlay.look()
    for k in range(4):
        overlay.say(across(k * STEP_NS * 1e-9))
    ahead_ns = 2 * STEP_NS
    then = across((3 * STEP_NS + ahead_ns) * 1e-9)
    drawn = changed(overlay.picture(GREY, CAMERA, ahead_ns=ahead_ns))
    true, before = silhouette(scene, then), silhouette(scene, across(3 * STEP_NS * 1e-9))
    middle_px = [np.argwhere(mask).mean(axis=0) for mask in (drawn, true, before)]
    assert np.linalg.norm(middle_px[2] - middle_px[1]) > 10
    assert np.linalg.norm(middle_px[0] - middle_px[1]) < 0.7
    assert iou(drawn, true) > 0.97 and iou(drawn, before) < 0.85


@pytest.mark.slow
def test_doubt_loss_age_and_unknown_meshes_are_seen(bench, scene):
    overlay = bench(labels=False)
    overlay.look()
    T = across(0.0)
    overlay.say(T)
    sure = overlay.picture(GREY, CAMERA)
    overlay.say(T, in_doubt=True)
    doubted = overlay.picture(GREY, CAMERA)
    inside = silhouette(scene, T)
    assert (doubted[inside, 0] > sure[inside, 0].astype(int) + 30).mean() > 0.2  # stripes of the warning's colour
    # Too old to be drawn without a sign of doubt, then too old to be drawn.
    overlay.say(T)
    assert (overlay.picture(GREY, CAMERA, ahead_ns=300_000_000) != sure)[inside].any(axis=-1).mean() > 0.2
    assert not changed(overlay.picture(GREY, CAMERA, ahead_ns=900_000_000))[inside].any()
    for fields in ({"state": TrackedObject.LOST, "score": 0.0, "reason": "out of view"}, {"class_id": "cup"}):
        overlay.say(T, **fields)
        drawn = changed(overlay.picture(GREY, CAMERA))
        assert not drawn[inside].any() and drawn[200:, :160].any()  # a line at the lower left says why


@pytest.mark.slow
def test_what_is_added_while_it_runs_is_drawn_by_the_mesh_that_pose_node_publishes(bench, scene):
    overlay = bench()
    overlay.look()
    T, mug = across(0.0), scene.model("mug")
    cup, plate = replace(mug, name="cup"), replace(mug, name="plate", vertices=1.5 * mug.vertices)
    overlay.say(T, class_id="cup")
    assert not changed(overlay.picture(GREY, CAMERA))[silhouette(scene, T)].any()
    # A second node of that name has another mesh for the mug; one more object has none that could be drawn.
    broken = to_model("broken", mug)
    broken.mesh.vertices = broken.mesh.vertices[:3]
    published = [broken, *(to_model(model.name, model) for model in (cup, replace(plate, name="mug")))]
    overlay.models.publish(ObjectModelArray(models=published))
    overlay.wait(lambda: overlay.diagnosed("broken: a vertex"), "the refusal of the third")
    overlay.say(T, class_id="cup")
    assert iou(changed(overlay.picture(GREY, CAMERA)), silhouette(scene, T)) > 0.95
    overlay.say(T)
    wanted = EmbreeRenderer(plate).render(T[None], CAMERA.K, (CAMERA.height, CAMERA.width)).depth_m[0] > 0
    assert iou(changed(overlay.picture(GREY, CAMERA)), wanted) > 0.95
    # It is known as the one of the own file again, and no more once it is gone.
    overlay.models.publish(ObjectModelArray(models=[to_model("mug", mug)]))
    overlay.wait(lambda: overlay.node.session.view.objects._models["cup"] is None, "the models")
    overlay.say(T)
    assert iou(changed(overlay.picture(GREY, CAMERA)), silhouette(scene, T)) > 0.97


@pytest.mark.slow
def test_poses_in_a_frame_of_the_robots_are_drawn_by_tf(bench, scene):
    overlay = bench()
    overlay.look()
    T = across(0.1)
    R_base_cam = np.array([[0, 0, 1], [-1, 0, 0], [0, -1, 0]], float)
    T_base_cam = se3.from_rotation_translation(R_base_cam, np.array([0.1, 0.2, 0.5]))
    static = overlay.user.create_publisher(TFMessage, "/tf_static", LATCHED)
    stamped = TransformStamped(header=Header(frame_id="base_link"), child_frame_id="camera")
    stamped.transform = to_transform(to_pose(T_base_cam))
    static.publish(TFMessage(transforms=[stamped]))
    overlay.say(T_base_cam @ T, frame_id="base_link")
    deadline_s = time.monotonic() + PATIENCE_S
    # TF is heard from the first pose on that needs it.
    while iou(changed(overlay.picture(GREY, CAMERA)), silhouette(scene, T)) < 0.97:
        assert time.monotonic() < deadline_s
        overlay.say(T_base_cam @ T, frame_id="base_link")


@pytest.mark.slow
def test_nothing_is_drawn_for_nobody_and_jpeg_shows_the_same(bench):
    overlay = bench()
    overlay.say(across(0.0))
    for _ in range(5):
        overlay.send(GREY, CAMERA)
        time.sleep(0.02)
    assert overlay.node.session.view.pictures == 0
    overlay.look()
    overlay.picture(GREY, CAMERA)
    assert not overlay.compressed
    topic = "/overlay_node/image/compressed"
    overlay.user.create_subscription(CompressedImage, topic, overlay.compressed.append, 10)
    overlay.wait(lambda: overlay.node.count_subscribers(topic), "the subscription")
    while not overlay.compressed:  # until the publisher knows of it as well
        picture = overlay.picture(GREY, CAMERA)
        time.sleep(0.05)
    assert overlay.compressed[-1].format.endswith("jpeg compressed bgr8")
    assert np.abs(compressed_to_rgb(overlay.compressed[-1]).astype(int) - picture).mean() < 2
    assert len(overlay.compressed[-1].data) < 0.1 * GREY.nbytes


@pytest.mark.slow
def test_videos_are_recorded_into_the_folder_alone(bench, tmp_path):
    overlay = bench(video_directory=str(tmp_path / "videos"), video_longest_s=1.0)
    assert not overlay.ask(False).success
    began = overlay.ask(True)
    assert began.success and str(tmp_path / "videos") in began.message
    assert not overlay.ask(True).success
    for k in range(6):
        overlay.say(across(k * STEP_NS * 1e-9))
        overlay.send(GREY, CAMERA)
        overlay.wait(lambda k=k: overlay.node.session.view.pictures == k + 1, "a picture")
    ended = overlay.ask(False)
    assert ended.success and "0.2 s" in ended.message
    (file,) = (tmp_path / "videos").iterdir()
    video = cv2.VideoCapture(str(file))
    bgr = [video.read()[1] for _ in range(6)]
    assert bgr[-1].shape == GREY.shape and (np.abs(bgr[-1].astype(int) - 120) > 40).any(axis=-1).sum() > 500
    assert not video.read()[0]
    # One that grows too long ends by itself, and is whole.
    overlay.ask(True)
    for k in range(40):
        overlay.say(across(0.0))
        overlay.send(GREY, CAMERA)
        overlay.wait(
            lambda k=k: overlay.node.session.view.pictures == k + 7 or not overlay.node.session.wanted, "a picture"
        )
    assert not overlay.node.session.wanted and len(list((tmp_path / "videos").glob("*.mp4"))) == 2


@pytest.mark.slow
def test_without_a_folder_no_video_and_without_a_mesh_a_word_in_diagnostics(bench):
    overlay = bench(**{"mug.mesh": "nowhere.glb"})
    answer = overlay.ask(True)
    assert not answer.success and "video_directory" in answer.message
    overlay.wait(lambda: overlay.diagnosed("nowhere.glb"), "diagnostics that name the mesh")
