"""browser_node over real DDS in a real browser: what the page shows, and what clicks, buttons and forms do.

With BROWSER_SCREENSHOT=docs/images/browser.jpg it makes the picture of docs/nodes.md.
"""

import http.client
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")
pytest.importorskip("viser", reason="viser isn't installed here: pip install 'foundation-perception[browser]'")

from foundation_perception.msg import ObjectModelArray, OnboardingStatus, TrackedObject, TrackedObjectArray
from foundation_perception.srv import (
    AddObject,
    GetPose,
    Register,
    RegisterAtPixel,
    RemoveObject,
    Reset,
    StartOnboarding,
    StopOnboarding,
)
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from foundation_pose_ros import se3
from foundation_pose_ros.nodes.browser.node import BrowserNode
from foundation_pose_ros.nodes.demo.run import own_domain_id
from foundation_pose_ros.nodes.latched import LATCHED
from foundation_pose_ros.nodes.pose.messages import to_pose, to_stamp
from foundation_pose_ros.nodes.pose.models_publisher import to_model
from foundation_pose_ros.nodes.replay_node import to_camera_info
from foundation_pose_ros.streams.image_messages import fill_image
from foundation_pose_ros.synthetic.scene import SyntheticScene

from ..spinning import Spinning, wait_for
from .chromium import CHROMIUM, Chromium

PATIENCE_S, BETWEEN_CLICKS_S = 60.0, 3.0
SCREENSHOT = os.environ.get("BROWSER_SCREENSHOT", "")
SERVICES = {
    "register": Register,
    "get_pose": GetPose,
    "register_at_pixel": RegisterAtPixel,
    "add_object": AddObject,
    "remove_object": RemoveObject,
    "reset": Reset,
    "onboard_object/start": StartOnboarding,
    "onboard_object/stop": StopOnboarding,
}


def waited(condition: Callable[[], Any], what: str) -> None:
    wait_for(condition, what, PATIENCE_S)


class Robot:
    """A camera, a pose_node that tracks a mug and a can and notes what it is asked for, and the page's node.

    The mug's mesh is a file of browser_node's; the can was added while it runs.
    """

    def __init__(self, domain_id: int, scene: SyntheticScene, mesh_folder: Path) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        own = {
            "objects": ["mug"],
            "mug.mesh": "mug.glb",
            "mesh_directories": [str(mesh_folder)],
            "port": 0,
            "token": "known-to-the-test",
        }
        overrides = [Parameter(name, value=value) for name, value in own.items()]
        self.browser = BrowserNode(context=self.context, parameter_overrides=overrides)
        self.user = Node("pose_node", context=self.context)
        self.asked: list[tuple[str, Any]] = []
        self.filming = True
        self._scene, self._frames = scene, [scene.frame(frame_id) for frame_id in scene.frame_ids[:8]]
        kinds = {"rgb/image": Image, "rgb/camera_info": CameraInfo, "depth/image": Image, "objects": TrackedObjectArray}
        self._out = {t: self.user.create_publisher(k, t, QoSProfile(depth=10)) for t, k in kinds.items()}
        self._models = self.user.create_publisher(ObjectModelArray, "models", LATCHED)
        self._models.publish(ObjectModelArray(models=[to_model("cup", replace(scene.model("mug"), name="cup"))]))
        self._onboarding = self.user.create_publisher(OnboardingStatus, "~/onboard_object/status", LATCHED)
        for name, kind in SERVICES.items():
            self.user.create_service(kind, f"~/{name}", self._answering(name))
        self._spinning = [
            Spinning(SingleThreadedExecutor(context=self.context), node) for node in (self.browser, self.user)
        ]
        self._over = threading.Event()
        self._film_thread = threading.Thread(target=self._film, daemon=True)
        self._film_thread.start()
        waited(lambda: self.browser.session is not None and self.browser.active, "browser_node to be active")

    def close(self) -> None:
        self._over.set()
        self._film_thread.join(PATIENCE_S)
        for spinning in self._spinning:
            spinning.stop(PATIENCE_S)
        self.browser.destroy_node()
        self.user.destroy_node()
        rclpy.shutdown(context=self.context)

    def requested(self, service: str) -> Any:
        """The last request to a service, waited for."""
        waited(lambda: any(name == service for name, _ in self.asked), f"a request to {service}")
        return [request for name, request in self.asked if name == service][-1]

    def _film(self) -> None:
        count = 0
        while not self._over.wait(0.2):
            if not self.filming:
                continue
            k = count % len(self._frames)
            frame, T = self._frames[k], self._scene.truth(self._scene.frame_ids[k], "mug")
            header = Header(stamp=to_stamp(time.time_ns()), frame_id="camera")
            mug = TrackedObject(header=header, id="mug", class_id="mug", state=TrackedObject.TRACKING, score=0.93)
            mug.pose.pose = to_pose(T)
            turned = T @ se3.from_quaternion_xyzw(np.array([0.0, 0.0, 1.0, 0.0]), np.zeros(3))
            mug.alternatives, mug.alternative_scores = [to_pose(turned)], [0.06]
            cup = TrackedObject(header=header, id="cup", class_id="cup", state=TrackedObject.TRACKING, score=0.71)
            cup.in_doubt = True
            cup.pose.pose = to_pose(se3.apply_twist(T, np.array([-0.17, 0.02, 0.0, 0.0, 0.0, 0.0])))
            jar = TrackedObject(header=header, id="jar", class_id="jar", state=TrackedObject.SEARCHING)
            self._out["objects"].publish(TrackedObjectArray(header=header, objects=[mug, cup, jar]))
            self._out["rgb/camera_info"].publish(to_camera_info(frame.camera, header))
            self._out["depth/image"].publish(fill_image(Image(header=header), frame.depth_m, "32FC1"))
            self._out["rgb/image"].publish(fill_image(Image(header=header), frame.rgb, "rgb8"))
            count += 1

    def _answering(self, name: str) -> Callable[[Any, Any], Any]:
        def answer(request: Any, response: Any) -> Any:
            self.asked.append((name, request))
            response.success = name != "remove_object"
            response.message = "a robot holds it: let it go first" if name == "remove_object" else "as you say"
            if name == "register_at_pixel":
                response.object.score = 0.88
            if name == "onboard_object/start":
                self._onboarding.publish(
                    OnboardingStatus(state=OnboardingStatus.RECORDING, name=request.name, views=7, message="turn it on")
                )
            return response

        return answer


@pytest.fixture
def robot(scene: SyntheticScene, mesh_folder: Path) -> Iterator[Robot]:
    with ExitStack() as stack:
        robot = Robot(stack.enter_context(own_domain_id()), scene, mesh_folder)
        stack.callback(robot.close)
        yield robot


@pytest.fixture
def browser(robot: Robot, tmp_path: Path) -> Iterator[Chromium]:
    """The page, opened by the address with the token."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed here")
    browser = Chromium(tmp_path / "profile", PATIENCE_S, (1280, 1210) if SCREENSHOT else (1280, 900))
    try:
        browser.open(robot.browser.session.address.partition("?")[0])
        waited(lambda: "open the address that the node has logged" in browser.text, "to be kept out")
        browser.open(robot.browser.session.address)
        waited(lambda: "tracked" in browser.text and "0.93" in browser.text, "the mug's state")
        yield browser
    finally:
        browser.close()


def colours(shot: np.ndarray) -> int:
    """How many colours there are left of the panel."""
    return len(np.unique(shot[100:600, 100:800].reshape(-1, 3) // 16, axis=0))


def on_page(robot: Robot, point_cam: np.ndarray) -> tuple[float, float]:
    """Where (x, y) somebody sees a point of the scene, by what the browser says of its camera."""
    (client,) = robot.browser.session.page._server.get_clients().values()
    camera = client.camera
    w, x, y, z = camera.wxyz
    R_world_eye = se3.from_quaternion_xyzw(np.array([x, y, z, w]), np.zeros(3))[:3, :3]
    right, down, ahead = R_world_eye.T @ (point_cam - camera.position)
    focal_px = camera.image_height / (2 * np.tan(camera.fov / 2))
    return focal_px * right / ahead + camera.image_width / 2, focal_px * down / ahead + camera.image_height / 2


def clicked(robot: Robot, browser: Any, point_cam: np.ndarray) -> Any:
    """The request that comes of clicks at a point of the scene: the first ones may come before it is drawn."""
    last_s = [-np.inf]

    def asked() -> bool:
        if time.monotonic() - last_s[0] > BETWEEN_CLICKS_S:
            browser.click(*on_page(robot, point_cam))
            last_s[0] = time.monotonic()
        return any(name == "register_at_pixel" for name, _ in robot.asked)

    waited(asked, "a request to register_at_pixel")
    return robot.requested("register_at_pixel")


@pytest.mark.slow
def test_who_knows_no_token_gets_no_page(robot):
    host, port = robot.browser.session.address.split("/")[2].split(":")
    status, body = {}, {}
    for target in ("/", "/?token=guess", "/?token=known-to-the-test"):
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        connection.request("GET", target)
        answer = connection.getresponse()
        status[target], body[target] = answer.status, answer.read()
        cookie = answer.headers["Set-Cookie"]
    assert host == "127.0.0.1" and [*status.values()] == [401, 401, 303]
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request("GET", "/", headers={"Cookie": cookie.split(";")[0]})
    page = connection.getresponse()
    assert page.status == 200 and len(page.read()) > 100_000
    assert robot.browser.session.view.pictures == 0  # nobody looks


@pytest.mark.slow
def test_the_page_shows_what_is_tracked(robot, browser):
    waited(
        lambda: all(words in browser.text for words in ("0.71", "in doubt", "no mesh of jar here", "0.06")), "states"
    )
    browser.tick("show runners-up")
    waited(lambda: colours(browser.screenshot()) > 60, "a cloud in colours, not an empty scene")
    waited(lambda: robot.browser.session.page._scene._shown["mug"].runners_up, "the runner-up's mesh")
    time.sleep(2.0)  # until all is drawn
    if SCREENSHOT:
        browser.press("add an object")
        browser.close_notes()
        time.sleep(30.0)  # until the strip is full
        cv2.imwrite(SCREENSHOT, browser.screenshot()[..., ::-1])
    shot = browser.screenshot()
    mug_rgb = np.array(robot.browser.session.page._scene._shown["mug"].mesh.color)
    x, y = on_page(robot, robot._scene.truth(robot._scene.frame_ids[0], "mug")[:3, 3])
    around = shot[int(y) - 60 : int(y) + 60, int(x) - 60 : int(x) + 60].reshape(-1, 3).astype(float)
    hue = (around / np.linalg.norm(around, axis=1, keepdims=True).clip(1)) @ (mug_rgb / np.linalg.norm(mug_rgb))
    assert (hue > 0.97).mean() > 0.1  # the mesh, in its colour
    # What it says when the camera falls silent.
    robot.filming = False
    waited(lambda: "no images on /rgb/image" in browser.text, "a word about that")


@pytest.mark.slow
def test_clicks_buttons_and_forms_ask_pose_node(robot, browser):
    page = robot.browser.session.page
    waited(lambda: page._scene._cloud is not None and page._scene._board is not None, "cloud and picture")
    k = len(page._scene._cloud.pixels) // 2
    point, pixel = page._scene._cloud.points_cam[k], page._scene._cloud.pixels[k]
    request = clicked(robot, browser, point)
    assert request.object_name == "mug" and np.abs(np.subtract((request.u, request.v), pixel)).max() < 30
    waited(lambda: "found with score 0.88" in browser.text, "its answer")
    # The same by the picture, in which a click means its pixel.
    robot.asked.clear()
    browser.press("picture")
    waited(lambda: on_page(robot, np.array([0.1, -99.9, 0.0]))[0] > 0, "to stand before the picture")
    time.sleep(2.0)  # until it is drawn from there
    request = clicked(robot, browser, np.array([0.1, -99.9, 0.0]))
    assert np.abs(np.subtract((request.u, request.v), (319.5 + 48, 239.5 + 48))).max() < 3
    browser.press("forget where it is")
    assert robot.requested("reset").object_name == "mug"
    browser.press("remove it")
    waited(lambda: "let it go first" in browser.text, "a refusal in words")
    browser.press("add an object")
    browser.type("name", "tin")
    browser.type("mesh file", "tin.obj")
    browser.press("add it")
    request = robot.requested("add_object")
    assert (request.name, request.mesh, request.unit, request.instances) == ("tin", "tin.obj", "m", 1)
    waited(lambda: "tin is looked for" in browser.text, "its answer")
    browser.press("show an object without a mesh")
    browser.type("its name", "toy")
    browser.press("begin to look")
    request = robot.requested("onboard_object/start")
    assert request.name == "toy" and request.masks == StartOnboarding.Request.MASKS_FROM_PLANE
    waited(lambda: "toy: looking, 7 views: turn it on" in browser.text, "how far it is")
    browser.press("make its model")
    assert not robot.requested("onboard_object/stop").discard
