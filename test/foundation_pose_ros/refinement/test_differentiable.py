"""What depth, colour and outline each add to a pose, and that their derivatives are those of the renderings."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import Camera, Frame, ObjectModel, se3
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.observation.crop_box import CropBox
from foundation_pose_ros.observation.observation import Observation
from foundation_pose_ros.refinement.differentiable import DifferentiableRefiner
from foundation_pose_ros.refinement.differentiable_residuals import RenderedResiduals
from foundation_pose_ros.refinement.geometric import GeometricRefiner
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.rendering.torch_embree import EmbreeTensorRenderer
from foundation_pose_ros.synthetic.meshes import make_mesh

CAMERA = Camera(600.0, 600.0, 159.5, 119.5, 320, 240)
BOX = CropBox(70.0, 30.0, 180.0)
SIZE = 48


@pytest.fixture(scope="module")
def cube() -> ObjectModel:
    return ObjectModel.from_mesh(make_mesh("sticker_cube"), name="cube")


@pytest.fixture(scope="module")
def ball() -> ObjectModel:
    return ObjectModel.from_mesh(make_mesh("ball"), name="ball")


def pose(model: ObjectModel) -> np.ndarray:
    R = Rotation.from_euler("xyz", (-135, 35, 10), degrees=True).as_matrix()
    return se3.from_rotation_translation(R, np.array([0.0, 0.0, 0.45]) - R @ model.centre_m)


def seen(model: ObjectModel, T_cam_obj: np.ndarray, mask: bool = True, gain: float = 0.8) -> Observation:
    """The object in dimmed light before a grey wall."""
    rendering = EmbreeRenderer(model, threads=1).render(
        T_cam_obj[None], CAMERA.K, (CAMERA.height, CAMERA.width), colour=True
    )
    hit = rendering.depth_m[0] > 0
    rgb = np.where(hit[..., None], gain * rendering.rgb[0], 0.5)
    depth_m = np.where(hit, rendering.depth_m[0], np.float32(1.0))
    frame = Frame((255 * rgb).astype(np.uint8), depth_m, CAMERA, 0, "camera")
    return Crop(frame, BOX, hit if mask else None).observe(SIZE)


def moved(model: ObjectModel, T_cam_obj: np.ndarray, mm: tuple[float, ...], deg: tuple[float, ...]) -> np.ndarray:
    return se3.apply_twist(T_cam_obj, np.concatenate([np.array(mm) / 1000, np.deg2rad(deg)]), model.centre_m)


def error(model: ObjectModel, T_cam_obj: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Millimetres and degrees."""
    twist = se3.twist_between(T_cam_obj, truth, model.centre_m)
    return 1000 * float(np.linalg.norm(twist[:3])), float(np.rad2deg(np.linalg.norm(twist[3:])))


def refined(model: ObjectModel, observation: Observation, start: np.ndarray, iterations: int = 10) -> np.ndarray:
    refiner = DifferentiableRefiner(model, EmbreeTensorRenderer(model, threads=1))
    return refiner.refine(observation, start[None], iterations, (0.02, 0.006)).T_cam_obj[0]


def test_a_cube_comes_back_to_where_it_is(cube):
    truth = pose(cube)
    start = moved(cube, truth, (4, -3, 6), (4, 5, -6))
    mm, deg = error(cube, refined(cube, seen(cube, truth), start), truth)
    assert mm < 0.5  # a sample covers 2.8
    assert deg < 0.6


def test_texture_tells_how_a_ball_is_turned_where_depth_cannot(ball):
    truth = pose(ball)
    start = moved(ball, truth, (1, 1, 1), (4, -3, 3))
    observation = seen(ball, truth)
    mm, deg = error(ball, refined(ball, observation, start), truth)
    assert mm < 0.5
    assert deg < 1
    geometric = GeometricRefiner(ball, EmbreeRenderer(ball, threads=1))
    found = geometric.refine(observation, start[None], 10, (0.02, 0.006))
    assert error(ball, found.T_cam_obj[0], truth)[1] > 4


def test_outline_and_texture_do_without_depth(cube):
    truth = pose(cube)
    observation = seen(cube, truth)
    blind = Observation(**{**vars_of(observation), "depth_m": np.zeros_like(observation.depth_m)})
    start = moved(cube, truth, (3, -3, 0), (0, 0, 4))
    twist = se3.twist_between(refined(cube, blind, start), truth, cube.centre_m)
    assert 1000 * np.linalg.norm(twist[:2]) < 1
    assert 1000 * abs(twist[2]) < 6  # along the optical axis: the outline grows by less than a third of a sample
    assert np.rad2deg(np.linalg.norm(twist[3:])) < 1


def vars_of(observation: Observation) -> dict[str, object]:
    return {name: getattr(observation, name) for name in Observation.__dataclass_fields__}


def test_derivatives_are_those_of_renderings_at_moved_poses(cube):
    """Depth and colour at a pose that is moved by 0.3 mm and 0.3 degrees, against those foretold."""
    truth = pose(cube)
    T = moved(cube, truth, (2, 1, -2), (2, -1, 2))
    residuals = RenderedResiduals(EmbreeTensorRenderer(cube, threads=1), seen(cube, truth), cube.centre_m, 0.02)
    step = np.random.default_rng(0).uniform(-1, 1, 6) * np.repeat([3e-4, 6e-3], 3)
    before, after = (
        residuals.at(torch.from_numpy(at[None]), 0.05) for at in (T, se3.apply_twist(T, step, cube.centre_m))
    )
    changes = []
    for part in (0, 1):
        counted = ((before[part].weight > 0.3) & (after[part].weight > 0.3))[0].numpy()
        assert counted.sum() > 400
        foretold = (before[part].jacobian[0] @ torch.from_numpy(step).float()).numpy()[counted]
        changes.append((foretold, (after[part].value - before[part].value)[0].numpy()[counted]))
    foretold, change = changes[0]
    # Not of every pixel: at an edge the step brings another face into view.
    assert np.median(np.abs(change - foretold)) < 0.15 * np.median(np.abs(change))
    # Between the texels a texture has corners: its derivative holds on the whole.
    assert np.corrcoef(*changes[1])[0, 1] > 0.5


def test_several_poses_at_once_are_what_each_is_alone(cube):
    truth = pose(cube)
    observation = seen(cube, truth, mask=False)
    starts = np.stack([moved(cube, truth, (2, 0, 3), (3, 0, 0)), moved(cube, truth, (0, -2, 1), (0, 3, -3))])
    refiner = DifferentiableRefiner(cube, EmbreeTensorRenderer(cube, threads=1))
    together = refiner.refine(observation, starts, 2, (0.02, 0.006))
    assert together.information.shape == (2, 6, 6)
    assert together.variance_m2.shape == (2,)
    alone = refiner.refine(observation, starts[1:], 2, (0.02, 0.006))
    assert alone.T_cam_obj[0] == pytest.approx(together.T_cam_obj[1], abs=1e-4)
