"""A textured object before a wall, rendered with a known pose: the smallest scene in which a pose can be right.

And an endpoint of a vision-language model that answers as a test likes.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from foundation_pose_ros import Camera, Frame, ObjectModel, se3
from foundation_pose_ros.object_model.surface_distance import SurfaceDistance
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.synthetic.body import Body
from foundation_pose_ros.synthetic.layout import on_table
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.scene import SyntheticScene
from foundation_pose_ros.synthetic.scene_bodies import made_item

CAMERA = Camera(600.0, 600.0, 159.5, 119.5, 320, 240)
WALL_M = 1.0
# A second, in the camera's own axes: right, down and away, then turns about those.
OBJECT_TWIST = np.array([0.25, 0.05, 0.1, 0.3, 0.8, 0.3])
CAMERA_TWIST = np.array([-0.2, 0.1, 0.0, 0.1, 0.1, 0.2])


@dataclass(frozen=True)
class View:
    """A frame of an object with its true pose and the mask of its visible pixels."""

    frame: Frame
    T_cam_obj: np.ndarray
    mask: np.ndarray


@pytest.fixture(scope="session")
def cube() -> ObjectModel:
    """57 mm cube, every sticker tells its side."""
    return ObjectModel.from_mesh(make_mesh("sticker_cube", 0), name="cube")


@pytest.fixture(scope="session")
def cube_renderer(cube: ObjectModel) -> EmbreeRenderer:
    return EmbreeRenderer(cube)


@pytest.fixture
def cube_pose(cube: ObjectModel) -> np.ndarray:
    """Corner towards the camera, 0.45 m away."""
    R = Rotation.from_euler("xyz", (-135, 35, 10), degrees=True).as_matrix()
    return se3.from_rotation_translation(R, np.array([0.01, -0.005, 0.45]) - R @ cube.centre_m)


@pytest.fixture
def see(cube_renderer: EmbreeRenderer) -> Callable[..., View]:
    """Renders the cube at a pose (4, 4) before a wall; a box [left, top, right, bottom] hides what is behind it."""

    def render(T_cam_obj: np.ndarray, hidden: tuple[int, int, int, int] | None = None, stamp_ns: int = 0) -> View:
        size = (CAMERA.height, CAMERA.width)
        rendering = cube_renderer.render(T_cam_obj[None], CAMERA.K, size, colour=True)
        hit = rendering.depth_m[0] > 0
        depth_m = np.where(hit, rendering.depth_m[0], np.float32(WALL_M))
        rgb = np.where(hit[..., None], rendering.rgb[0], 0.5)
        if hidden is not None:
            left, top, right, bottom = hidden
            depth_m[top:bottom, left:right] = 0.3
            rgb[top:bottom, left:right] = (0.9, 0.7, 0.6)
            hit[top:bottom, left:right] = False
        return View(Frame((rgb * 255).astype(np.uint8), depth_m, CAMERA, stamp_ns, "camera"), T_cam_obj, hit)

    return render


@pytest.fixture
def moved(cube: ObjectModel) -> Callable[..., np.ndarray]:
    """moved(T_cam_obj, mm, deg): the cube pushed and turned about the camera's axes through its centre."""

    def move(T_cam_obj: np.ndarray, mm: tuple[float, ...], deg: tuple[float, ...]) -> np.ndarray:
        return se3.apply_twist(T_cam_obj, np.concatenate([np.array(mm) / 1000, np.deg2rad(deg)]), cube.centre_m)

    return move


@pytest.fixture
def error_mm_deg(cube: ObjectModel) -> Callable[..., tuple[float, float]]:
    """error_mm_deg(T_cam_obj, truth): distance of the cube's centres, and angle."""

    def error(T_cam_obj: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
        centres = se3.transform_points(np.stack([T_cam_obj, truth]), cube.centre_m[None])[:, 0]
        angle = se3.rotation_angle_rad(T_cam_obj[:3, :3], truth[:3, :3])
        return 1000 * float(np.linalg.norm(centres[0] - centres[1])), float(np.rad2deg(angle))

    return error


@pytest.fixture(scope="session")
def off_share() -> Callable[[ObjectModel, np.ndarray, np.ndarray], float]:
    """off_share(model, T_cam_obj, truth): the largest error of any surface point, over symmetries, in diameters."""

    def share(model: ObjectModel, T_cam_obj: np.ndarray, truth: np.ndarray) -> float:
        off_m = SurfaceDistance(model.vertices, model.symmetries)(T_cam_obj[None], truth)[0]
        return float(off_m) / model.diameter_m

    return share


@pytest.fixture(scope="session")
def upright() -> Callable[..., Body]:
    """upright(kind, x_m, yaw_deg): a made-up thing as it was built, on the table, turned about the vertical."""

    def stand(kind: str, x_m: float = 0.0, yaw_deg: float = 45.0) -> Body:
        item = made_item(kind, 4)
        R = Rotation.from_euler("z", yaw_deg, degrees=True).as_matrix()
        return item.at(on_table(item.model, R, np.array([x_m, 0.0])))

    return stand


@pytest.fixture(scope="session")
def passing() -> Callable[[SyntheticScene, int], SyntheticScene]:
    """passing(scene, frame): it with its first object and its camera moving past each other, as fast for any seed.

    At a frame (index) both are where they were.
    """

    def moved(scene: SyntheticScene, frame: int) -> SyntheticScene:
        name, rate_hz = scene.object_names[0], scene._settings.rate_hz
        time_s = (np.arange(len(scene.frame_ids)) - frame)[:, None] / rate_hz
        T_world_cam, T_cam_obj = scene.T_world_cam[frame], scene.truth(scene.frame_ids[frame], name)
        carried = se3.apply_twist(T_cam_obj, time_s * OBJECT_TWIST, scene.model(name).centre_m)
        return scene.with_paths(
            {name: T_world_cam @ carried}, T_world_cam @ se3.apply_twist(np.eye(4), time_s * CAMERA_TWIST)
        )

    return moved


@pytest.fixture(scope="session")
def blob() -> ObjectModel:
    """A plain lump of 120 mm without colours, none of whose turns look alike."""
    sphere = trimesh.creation.icosphere(4)
    x, y, z = sphere.vertices.T
    radius = 1 + 0.35 * x * y + 0.25 * z * x + 0.2 * np.sin(3 * y + 1) + 0.15 * z**3
    vertices = sphere.vertices * radius[:, None]
    vertices *= 0.12 / np.ptp(vertices, axis=0).max()
    return ObjectModel("blob", vertices.astype(np.float32), sphere.faces.astype(np.uint32))


@pytest.fixture(scope="session")
def blob_renderer(blob: ObjectModel) -> EmbreeRenderer:
    return EmbreeRenderer(blob)


@pytest.fixture
def blob_pose(blob: ObjectModel) -> np.ndarray:
    """0.5 m away."""
    R = Rotation.from_euler("xyz", (20, -30, 10), degrees=True).as_matrix()
    return se3.from_rotation_translation(R, np.array([0.01, -0.005, 0.5]) - R @ blob.centre_m)


@pytest.fixture
def see_blob(blob_renderer: EmbreeRenderer) -> Callable[..., View]:
    """Renders the blob, evenly yellow, at a pose (4, 4) before a wall of gray and brown patches, with pixel noise."""

    def render(T_cam_obj: np.ndarray, stamp_ns: int = 0) -> View:
        rng = np.random.default_rng(0)
        size = (CAMERA.height, CAMERA.width)
        depth_m = blob_renderer.render(T_cam_obj[None], CAMERA.K, size).depth_m[0]
        hit = depth_m > 0
        patches = rng.uniform((60, 50, 40), (150, 120, 110), (30, 40, 3)).repeat(8, axis=0).repeat(8, axis=1)
        rgb = np.where(hit[..., None], (200, 170, 40), patches) + rng.normal(0, 6, (*size, 3))
        depth_m = np.where(hit, depth_m, np.float32(WALL_M))
        return View(Frame(rgb.clip(0, 255).astype(np.uint8), depth_m, CAMERA, stamp_ns, "camera"), T_cam_obj, hit)

    return render


@pytest.fixture
def guessed(cube: ObjectModel, cube_pose: np.ndarray) -> Callable[..., ObjectModel]:
    """guessed(mm, sigma_m): the cube with one of the sides seen at `cube_pose` so far out of place, its sigma there."""

    def guess(mm: float, sigma_m: float | None) -> ObjectModel:
        # The side that faces the camera most.
        towards = -cube_pose[:3, :3].T @ cube_pose[:3, :3] @ cube.centre_m - cube_pose[:3, :3].T @ cube_pose[:3, 3]
        axis = int(np.argmax(np.abs(towards)))
        sign = np.sign(towards[axis])
        side = sign * (cube.vertices[:, axis] - cube.centre_m[axis]) > 0.49 * cube.extents_m[axis]
        vertices = cube.vertices.copy()
        vertices[side, axis] += sign * mm / 1000
        sigma = None if sigma_m is None else np.where(side, sigma_m, 0).astype(np.float32)
        return ObjectModel("guessed", vertices, cube.faces, cube.appearance, sigma_m=sigma)

    return guess


def seeded(network: Any, seed: int) -> Any:
    """The network with weights of one stream of random numbers, in order of their names."""
    import torch

    from foundation_pose_ros.networks.blocks import PositionEmbedding

    random = np.random.RandomState(seed)
    tensors = {}
    for name, tensor in sorted(network.state_dict().items()):
        shape = tuple(tensor.shape)
        if name.endswith("num_batches_tracked"):
            tensors[name] = torch.zeros((), dtype=torch.long)
            continue
        if name == "pos_embed.pe":
            tensors[name] = PositionEmbedding().pe
            continue
        if name.endswith("running_var"):
            values = 0.5 + random.uniform(0, 1, size=shape)
        elif name.endswith("running_mean"):
            values = 0.1 * random.standard_normal(size=shape)
        elif len(shape) == 1:
            values = random.standard_normal(size=shape)
            values = 1 + 0.1 * values if name.endswith("weight") else 0.05 * values
        else:
            gain = 0.1 if name.endswith("in_proj_weight") else 2.0
            values = random.standard_normal(size=shape) * np.sqrt(gain / np.prod(shape[1:]))
        tensors[name] = torch.from_numpy(np.asarray(values, np.float32))
    network.load_state_dict(tensors, strict=True, assign=True)
    return network


@pytest.fixture(scope="session")
def refine_net() -> Any:
    torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")
    from foundation_pose_ros.networks import RefineNet

    with torch.device("meta"):
        network = RefineNet()
    return seeded(network, 20240501)


@pytest.fixture(scope="session")
def score_net() -> Any:
    torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")
    from foundation_pose_ros.networks import ScoreNet

    with torch.device("meta"):
        network = ScoreNet()
    return seeded(network, 20240502)


@pytest.fixture(scope="session")
def gentle_refine_net(refine_net: Any) -> Any:
    """With made-up weights whose steps are as small as those of a trained network."""
    import copy

    network = copy.deepcopy(refine_net)
    for head in (network.trans_head, network.rot_head):
        head[1].weight.data *= 0.02
        head[1].bias.data *= 0.02
    return network


@dataclass
class Endpoint:
    """An API of a vision-language model on this machine. answer: writes the answer to a request.

    asked: the requests, as they came. headers: those of the last.
    """

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    answer: Callable[[BaseHTTPRequestHandler], None] = lambda handler: None
    ended: threading.Event = field(default_factory=threading.Event)

    def says(self, content: Any, status: int = 200) -> None:
        """Answer with a model's text from now on."""
        self.sends(json.dumps({"choices": [{"message": {"content": content}}]}).encode(), status)

    def sends(self, body: bytes, status: int = 200) -> None:
        """Answer with this body from now on."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.answer = answer


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """An endpoint on loopback."""
    made = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            made.headers = dict(self.headers)
            made.headers["path"] = self.path
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked didn't wait
                made.answer(self)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    made.ended.set()
    server.shutdown()
    server.server_close()
    thread.join()
