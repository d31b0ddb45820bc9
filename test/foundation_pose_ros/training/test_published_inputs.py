"""What RefineNet and ScoreNet are shown in training, against geometry and against what they see when they are used."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import Camera, Frame, ObjectModel, se3
from foundation_pose_ros.learned.input_pairs import PairMaker
from foundation_pose_ros.learned.observed_image import ObservedImage
from foundation_pose_ros.networks.weights_info import PUBLISHED_SETTINGS, Kind, WeightsInfo
from foundation_pose_ros.rendering.torch_embree import EmbreeTensorRenderer
from foundation_pose_ros.synthetic.mesh_library import MeshLibrary
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.surface_textures import TextureLibrary
from foundation_pose_ros.training.crop_pictures import Defects
from foundation_pose_ros.training.drawn_scenes import DrawnScenes, DrawnSceneSettings
from foundation_pose_ros.training.pictured_scene import PicturedScene
from foundation_pose_ros.training.posed_scene import KnownMesh, PosedScene
from foundation_pose_ros.training.published_inputs import PublishedInputs
from foundation_pose_ros.training.step_sets import StepSets, StepSettings
from foundation_pose_ros.training.wrong_poses import Jitter

CAMERA = Camera(600.0, 600.0, 319.5, 239.5, 640, 480)
CLEAN = DrawnSceneSettings(
    own_surface=1.0, plain=0.0, baked=0.0, defects=Defects(0.0, ground=0.0, clutter=0.0, noise=0.0, stickers=0.0)
)
REFINE = PUBLISHED_SETTINGS["refine"]


@pytest.fixture(scope="module")
def mug() -> KnownMesh:
    return KnownMesh.of(ObjectModel.from_mesh(make_mesh("mug"), name="mug"))


@pytest.fixture(scope="module")
def truth(mug: KnownMesh) -> np.ndarray:
    R = np.array([[0.8, 0.6, 0], [0.3, -0.4, -0.866], [-0.52, 0.693, -0.5]])
    u, _, v = np.linalg.svd(R)
    return se3.from_rotation_translation((u @ v)[None], np.array([[0.08, -0.05, 0.6]]))[0].astype(np.float32)


@pytest.fixture(scope="module")
def frame(mug: KnownMesh, truth: np.ndarray) -> Frame:
    renderer = EmbreeTensorRenderer(mug.renderer.model, threads=1)
    seen = renderer.render_tensors(torch.from_numpy(truth[None]), torch.from_numpy(CAMERA.K), (480, 640))
    rgb = (255 * seen.rgb[0].movedim(0, -1).numpy()).round().astype(np.uint8)
    return Frame(rgb, seen.depth_m[0].numpy(), CAMERA)


def pictured(mug: KnownMesh, frame: Frame, truth: np.ndarray) -> PicturedScene:
    return PicturedScene.of(np.random.default_rng(0), mug, frame, (truth, frame.depth_m > 0), plain=False, baked=0.0)


def drawn(mesh_folder, texture_folder, settings: DrawnSceneSettings = CLEAN) -> DrawnScenes:
    return DrawnScenes(MeshLibrary.from_folder(mesh_folder), TextureLibrary.from_folder(texture_folder), settings, 4)


@pytest.mark.parametrize("kind", ["refine", "score"])
def test_a_frame_is_seen_as_networks_see_it_in_use(mug: KnownMesh, frame: Frame, truth: np.ndarray, kind: Kind):
    guess = se3.apply_twist(truth[None], np.array([0.006, -0.004, 0.01, 0.1, 0, 0.05]), mug.renderer.model.centre_m)
    guess = guess.astype(np.float32)
    settings = PUBLISHED_SETTINGS[kind]
    made = PublishedInputs(settings)(pictured(mug, frame, truth), guess)
    pairs = PairMaker(
        EmbreeTensorRenderer(mug.renderer.model, threads=1), mug.renderer.model, WeightsInfo(kind, settings)
    )
    # As it is, since filtered depth has no outermost pixels.
    image = ObservedImage(
        torch.from_numpy(frame.rgb).movedim(-1, 0) / 255, torch.from_numpy(frame.depth_m), torch.from_numpy(CAMERA.K)
    )
    rendered, sampled = pairs(image, pairs.centred(torch.from_numpy(guess)))
    # But for pixels at an outline, which rounding puts on either side.
    assert (np.abs(made.rendered - rendered.numpy()) > 1e-3).mean() < 1e-3
    observed = torch.from_numpy(made.observed)
    both = observed[:, 3:].any(dim=1) & sampled[:, 3:].any(dim=1)
    assert (observed[:, 3:].any(dim=1) != sampled[:, 3:].any(dim=1)).float().mean() < 0.03
    difference = (observed - sampled).movedim(1, -1)[both]
    # Nearest pixels of an image whose pixels are 1.3 of the crop's: up to 0.01 radii away; in use the scorer's depth is
    # sampled twice.
    nearest = 0.006 if kind == "refine" else 0.012
    assert difference[:, 3:].abs().median() < nearest
    assert difference[:, :3].abs().median() < 0.01
    assert difference.mean(dim=0)[3:5].abs().max() < nearest


def test_the_true_pose_is_rendered_where_its_picture_shows_it(mesh_folder, texture_folder):
    scenes = drawn(mesh_folder, texture_folder)
    for number in range(4):
        scene = scenes[number]
        crops = PublishedInputs(REFINE, 64)(scene, scene.T_true[None])
        assert crops.rendered.shape == crops.observed.shape == (1, 6, 64, 64)
        both = crops.rendered[0, 3:].any(axis=0) & crops.observed[0, 3:].any(axis=0)
        assert both.sum() > 100
        assert np.median(np.abs(crops.rendered[0, 3:] - crops.observed[0, 3:])[:, both]) < 0.03
        # About the guess in radii: the visible side.
        assert np.abs(crops.rendered[0, 3:]).max() < 1.2
        assert crops.rendered[0, 5][both].mean() < 0.2


def test_guesses_see_one_picture_each_from_its_own_crop(mesh_folder, texture_folder):
    """A guess that is 0.2 radii too far to the right finds the picture's points 0.2 to the left."""
    scene = drawn(mesh_folder, texture_folder)[2]
    push_m = 0.1 * scene.shown.model.diameter_m
    guess = scene.T_true.copy()
    guess[0, 3] += push_m
    crops = PublishedInputs(REFINE, 64)(scene, np.stack([scene.T_true, guess]))
    np.testing.assert_allclose(crops.centre_cam[1] - crops.centre_cam[0], [push_m, 0, 0], atol=1e-6)
    middles = [points[:, points.any(axis=0)].mean(axis=1) for points in crops.observed[:, 3:]]
    assert middles[1] - middles[0] == pytest.approx([-0.2, 0, 0], abs=0.02)
    # In one light: colours of what both see are alike.
    colours = [image[:3, image[3:].any(axis=0)].mean(axis=1) for image in crops.observed]
    assert colours[0] == pytest.approx(colours[1], abs=0.02)


def test_small_crops_show_the_same_square_in_fewer_pixels(mug: KnownMesh, frame: Frame, truth: np.ndarray):
    scene = pictured(mug, frame, truth)
    large, small = (PublishedInputs(REFINE, size)(scene, truth[None]) for size in (160, 40))
    for name in ("rendered", "observed"):
        whole, part = getattr(large, name)[0, 3:], getattr(small, name)[0, 3:]
        assert part.any(axis=0).mean() == pytest.approx(whole.any(axis=0).mean(), rel=0.05)
        for axis in range(3):
            extents = [np.ptp(image[axis][image.any(axis=0)]) for image in (whole, part)]
            assert extents[0] == pytest.approx(extents[1], abs=0.12)


def test_starts_lie_on_opposite_sides_and_say_how_to_move(mesh_folder, texture_folder):
    settings = StepSettings(starts=4, aside=Jitter(0.1, 0.3), apart=0.5, opposite=True)
    sets = StepSets(drawn(mesh_folder, texture_folder), settings, PublishedInputs(REFINE, 32))
    one, again = sets[3], sets[3]
    np.testing.assert_array_equal(one.observed, again.observed)
    assert one.observed.shape == (4, 6, 32, 32)
    translation, turn = one.motion[:, :3, 3], one.motion[:, :3, :3]
    np.testing.assert_allclose(translation[:2], -translation[2:], atol=1e-4)
    np.testing.assert_allclose(turn[:2], turn[2:].transpose(0, 2, 1), atol=1e-4)
    assert np.abs(translation).max() > 0.02


def test_views_within_an_angle_are_upright_to_that(mesh_folder, texture_folder):
    some = drawn(mesh_folder, texture_folder, DrawnSceneSettings(within_rad=0.3))
    R = np.stack([some[number].T_true[:3, :3] for number in range(40)])
    middle = drawn(mesh_folder, texture_folder, DrawnSceneSettings(within_rad=0.0))[0].T_true[:3, :3]
    angle = se3.rotation_angle_rad(R, middle)
    assert 0.15 < angle.max() <= 0.301
    assert middle[:, 2] == pytest.approx([0, -np.cos(np.deg2rad(30)), -np.sin(np.deg2rad(30))], abs=1e-5)


def test_a_model_without_colours_is_rendered_grey(mesh_folder, texture_folder):
    scenes = drawn(mesh_folder, texture_folder, DrawnSceneSettings(plain=1.0, defects=CLEAN.defects))
    scene: PosedScene = scenes[1]
    rgb = PublishedInputs(REFINE, 48)(scene, scene.T_true[None]).rendered[0, :3]
    assert np.ptp(rgb, axis=0).max() < 1e-6 and rgb.max() > 0.3
