"""RefineNet's steps in batches are the published steps one at a time; pruning and sharing change what they say."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import Frame, ObjectModel
from foundation_pose_ros.learned.input_pairs import PairMaker, agreement
from foundation_pose_ros.learned.observed_image import ImageSource, ObservedImage
from foundation_pose_ros.learned.refiner import LearnedRefiner, LearnedSettings
from foundation_pose_ros.learned.start_poses import published_rotations, start_poses
from foundation_pose_ros.networks.inference import InferenceSettings, PreparedNetwork
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.observation.crop_box import CropBox
from foundation_pose_ros.refinement.geometric import GeometricRefiner
from foundation_pose_ros.rendering import make_tensor_renderer

Make = Callable[..., LearnedRefiner]


@pytest.fixture(scope="module")
def make_refiner(cube: ObjectModel, cube_renderer: Any, gentle_refine_net: Any) -> Make:
    renderer = make_tensor_renderer(cube)

    def make(batch: int = 4, **settings: Any) -> LearnedRefiner:
        network = PreparedNetwork(gentle_refine_net, settings=InferenceSettings(batch=batch))
        pairs = PairMaker(renderer, cube, gentle_refine_net.info)
        geometric = GeometricRefiner(cube, cube_renderer)
        return LearnedRefiner(network, pairs, ImageSource(), geometric, LearnedSettings(**settings))

    return make


@pytest.fixture
def frame(see: Callable[..., Any], cube_pose: np.ndarray) -> Frame:
    return see(cube_pose).frame


@pytest.fixture
def starts(cube_pose: np.ndarray, cube: ObjectModel) -> torch.Tensor:
    """Two turns of the centred cube, a few millimetres off."""
    centre = cube_pose[:3, :3] @ cube.centre_m + cube_pose[:3, 3] + (0.004, -0.003, 0.01)
    return start_poses(published_rotations()[[0, 101]], torch.from_numpy(centre).float())


def published_step(
    T: np.ndarray, frame: Frame, image: ObservedImage, model: ObjectModel, network: Any, renderer: Any
) -> np.ndarray:
    """One hypothesis, one step, pixel by pixel as published; nothing here is shared with what is tested but the net."""
    camera, t, size = frame.camera, T[:3, 3].astype(float), 160
    K = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
    corners = t + model.diameter_m * 1.2 / 2 * np.array([[0, 0, 0], [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
    uv = (corners @ K.T)[:, :2] / corners[:, 2:]
    (cu, cv), r = uv[0], np.abs(uv[1:] - uv[0]).max()
    left, right, top, bottom = np.round([cu - r, cu + r, cv - r, cv + r])
    to_crop = np.diag([size / (right - left), size / (bottom - top), 1]) @ [[1, 0, -left], [0, 1, -top], [0, 0, 1]]
    quirk = np.array([[160 / 159, 0, -0.5], [0, 160 / 159, -0.5], [0, 0, 1]])

    own = T.copy()
    own[:3, 3] -= T[:3, :3] @ model.centre_m
    rendering = renderer.render_tensors(
        torch.from_numpy(own[None]), torch.from_numpy(quirk @ to_crop @ K).float(), (size, size)
    )
    i = np.arange(size)
    x = (left + i * (right - left) / size) * camera.width / (camera.width - 1) - 0.5
    y = (top + i * (bottom - top) / size) * camera.height / (camera.height - 1) - 0.5
    at = np.meshgrid(y, x, indexing="ij")
    rgb = np.stack(
        [map_coordinates(c / 255.0, at, order=1, mode="grid-constant") for c in np.moveaxis(frame.rgb, 2, 0)]
    )
    column, row = np.round(x).astype(int), np.round(y).astype(int)
    depth = image.depth_m.numpy()[np.ix_(row, column)]
    xyz = np.stack([(column - camera.cx) / camera.fx * depth, (row - camera.cy)[:, None] / camera.fy * depth, depth])

    def joined(colour: np.ndarray, points: np.ndarray) -> torch.Tensor:
        near = points[2] < 0.001
        v = (points - t[:, None, None]) / (model.diameter_m / 2)
        v[:, near] = 0
        v[np.abs(v) >= 2] = 0
        return torch.from_numpy(np.concatenate([colour, v])[None].astype(np.float32))

    with torch.no_grad():
        rendered = joined(rendering.rgb[0].numpy(), rendering.xyz_cam[0].numpy().astype(float))
        trans, rot = network(rendered, joined(rgb, xyz))
    moved = T.copy()
    moved[:3, 3] += trans[0].numpy() * model.diameter_m / 2
    turn = Rotation.from_rotvec(-np.tanh(rot[0].numpy()) * 0.3490658503988659)
    moved[:3, :3] = turn.as_matrix() @ T[:3, :3]
    return moved


@pytest.mark.slow
def test_five_steps_in_batches_are_the_published_ones(
    make_refiner: Make, frame: Frame, starts: torch.Tensor, cube: ObjectModel, gentle_refine_net: Any
) -> None:
    image = ObservedImage.of(frame)
    found = make_refiner(batch=1).moved(image, starts, 5, shared=True).numpy()
    renderer = make_tensor_renderer(cube)
    T = start = starts[1].numpy()
    for _ in range(5):
        T = published_step(T, frame, image, cube, gentle_refine_net, renderer)
    assert np.abs(T - start).max() > 0.01  # it moved
    assert np.abs(found[1] - T).max() < 1e-4


def test_refine_keeps_count_and_order_and_gives_information(
    make_refiner: Make, frame: Frame, cube_pose: np.ndarray, cube_renderer: Any, moved: Callable[..., np.ndarray]
) -> None:
    observation = Crop(frame, CropBox(110, 60, 100)).observe(48)
    poses = moved(cube_pose, (3, 0, 2), (0, 4, 0))[None]
    refiner = make_refiner(polish=0)
    refined = refiner.refine(observation, poses, 1, (0.01, 0.004))
    expected = refiner.pairs.uncentred(
        refiner.moved(ObservedImage.of(frame), refiner.pairs.centred(torch.from_numpy(poses)), 1)
    )
    assert np.abs(refined.T_cam_obj - expected.numpy()).max() < 1e-5
    assert (np.linalg.eigvalsh(refined.information) > 0).all() and refined.variance_m2.shape == (1,)


def test_polish_brings_a_pose_that_is_near_home(
    make_refiner: Make,
    frame: Frame,
    cube_pose: np.ndarray,
    moved: Callable[..., np.ndarray],
    error_mm_deg: Callable[..., tuple[float, float]],
) -> None:
    observation = Crop(frame, CropBox(110, 60, 100)).observe(64)
    near = moved(cube_pose, (2, -1, 2), (1, 2, -1))[None]
    polished = make_refiner(polish=4).polish(observation, near, (0.006, 0.006))
    mm, deg = error_mm_deg(polished.T_cam_obj[0], cube_pose)
    assert mm < 0.5 and deg < 0.7


def test_pruning_keeps_what_agrees_with_the_depth(
    make_refiner: Make, frame: Frame, starts: torch.Tensor, cube_pose: np.ndarray, cube: ObjectModel
) -> None:
    refiner = make_refiner()
    image = ObservedImage.of(frame)
    truth = refiner.pairs.centred(torch.from_numpy(cube_pose).float()[None])
    away = truth.repeat(2, 1, 1)
    away[:, 0, 3] += torch.tensor([0.03, -0.05])
    poses = torch.cat([away, truth])
    scores = agreement(*refiner.pairs(image, poses))
    assert int(scores.argmax()) == 2 and scores[0] > scores[1]
    assert len(refiner.moved(image, poses, 2, entering=(3, 1))) == 1
