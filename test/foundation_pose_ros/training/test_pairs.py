"""What networks are shown in training, against geometry and against what they see when they are used."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.learned.input_pairs import PairMaker
from foundation_pose_ros.learned.observed_image import ObservedImage
from foundation_pose_ros.learned.pose_update import stepped
from foundation_pose_ros.networks.weights_info import PUBLISHED_SETTINGS, WeightsInfo
from foundation_pose_ros.rendering.torch_embree import EmbreeTensorRenderer
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.training.batches import RankingBatches, StepBatches
from foundation_pose_ros.training.pairs import PairRenderer, Surroundings
from foundation_pose_ros.training.pose_sampling import CAMERA, Perturbation, ViewDistribution, moved_by
from foundation_pose_ros.training.settings import Pairs, ResolutionStage

BARE = Surroundings(ambient=(0.8, 0.8), diffuse=(0.5, 0.5), wall=0.0, depth_noise=0.0)
SIZE = 64


@pytest.fixture(scope="module")
def mug() -> PairRenderer:
    model = ObjectModel.from_mesh(make_mesh("mug"), name="mug")
    return PairRenderer(model, EmbreeTensorRenderer(model, threads=1), CAMERA, PUBLISHED_SETTINGS["refine"])


@pytest.fixture
def truth(mug) -> torch.Tensor:
    return torch.from_numpy(ViewDistribution().drawn(np.random.default_rng(2), 1, mug.model.centre_m))


def test_a_guess_fills_its_crop_to_the_published_share(mug, truth):
    image = mug.rendered(truth, SIZE)[0]
    assert image.shape == (6, SIZE, SIZE)
    rows, columns = torch.nonzero(image[3:].any(dim=0), as_tuple=True)
    largest = max(int(rows.max() - rows.min()), int(columns.max() - columns.min())) + 1
    assert 0.5 * SIZE < largest <= SIZE / 1.2 + 2
    # XYZ about the guess in radii: the visible side. The handle moves the box's middle away from the cup's.
    xyz = image[3:][:, rows, columns]
    assert 0.9 < xyz.norm(dim=0).max() < 1.2
    assert xyz[2].mean() < 0


def test_picture_and_rendering_of_the_true_pose_show_the_same_but_for_their_pixels_grids(mug, truth):
    rendered = mug.rendered(truth, 160)[0]
    observed = mug.observed(np.random.default_rng(0), truth, truth, 160, BARE)[0]
    both = rendered[3:].any(dim=0) & observed[3:].any(dim=0)
    assert both.sum() > 3000
    # About a pixel apart, which is 2.4 radii / 160.
    difference = (rendered - observed)[:, both]
    assert difference[3:].abs().median() < 0.015
    assert difference[:3].abs().median() < 0.02
    sides = [torch.nonzero(image[3:].any(dim=0)).float().mean(dim=0) for image in (rendered, observed)]
    assert (sides[0] - sides[1]).abs().max() < 1


def test_pictures_are_what_a_crop_of_a_frame_is(mug, truth):
    """As the networks see them in use: a frame, its crop, sampled."""
    renderer, K = EmbreeTensorRenderer(mug.model, threads=1), torch.from_numpy(CAMERA.K)
    seen = renderer.render_tensors(truth, K, (480, 640))
    image = ObservedImage(seen.rgb[0], seen.depth_m[0], K.double())
    guess = torch.from_numpy(moved_by(np.random.default_rng(1), truth.numpy(), mug.model.centre_m, 0.01, 0.1))
    pairs = PairMaker(renderer, mug.model, WeightsInfo("refine", mug.settings))
    rendered, sampled = pairs(image, pairs.centred(guess))
    assert torch.allclose(mug.rendered(guess, 160), rendered, atol=1e-4)
    observed = mug.observed(np.random.default_rng(0), truth, guess, 160, BARE)
    both = observed[:, 3:].any(dim=1) & sampled[:, 3:].any(dim=1)
    assert (observed[:, 3:].any(dim=1) != sampled[:, 3:].any(dim=1)).float().mean() < 0.02
    difference = (observed - sampled).movedim(1, -1)[both].abs()
    # Nearest pixels of an image whose pixels are 1.3 of the crop's: up to 0.01 radii away.
    assert difference[:, 3:].median() < 0.006
    assert difference[:, :3].median() < 0.01
    signed = (observed - sampled).movedim(1, -1)[both].mean(dim=0)
    assert signed[3:5].abs().max() < 0.006


def test_the_object_is_seen_where_the_true_pose_is_not_where_the_guess_is(mug, truth):
    push_m = 0.1 * mug.model.diameter_m
    guess = torch.from_numpy(se3.apply_twist(truth.numpy(), np.array([[push_m, 0, 0, 0, 0, 0]])))
    rendered, observed = (
        mug.rendered(guess, SIZE)[0],
        mug.observed(np.random.default_rng(0), truth, guess, SIZE, BARE)[0],
    )
    # In radii the picture's points lie 0.2 to the left of the rendering's.
    shift = [image[3][image[3:].any(dim=0)].mean() for image in (rendered, observed)]
    assert float(shift[1] - shift[0]) == pytest.approx(-0.2, abs=0.02)
    moved = stepped(guess, torch.tensor([[-0.2, 0, 0]]), torch.zeros(1, 3), mug.centre_obj, mug.radius_m, 0.3)
    assert torch.allclose(moved, truth, atol=1e-5)


def test_a_wall_stands_behind_the_object_and_noise_grows_with_depth(mug, truth):
    rng = np.random.default_rng(0)
    image = mug.observed(rng, truth, truth, SIZE, Surroundings(wall=1.0, behind=(0.5, 0.5), depth_noise=0.0))[0]
    bare = mug.observed(rng, truth, truth, SIZE, BARE)[0]
    wall = ~bare[3:].any(dim=0)
    assert image[5][wall].numpy() == pytest.approx(1.0, abs=1e-4)  # half a diameter behind the centre
    assert image[:3, wall].std(dim=1).max() == 0
    noisy = mug.observed(rng, truth, truth, SIZE, Surroundings(wall=0.0, depth_noise=0.002))[0]
    off_m = (noisy - bare)[5][~wall] * mug.radius_m
    expected_m = 0.002 * float((truth[0, :3, :3] @ mug.centre_obj + truth[0, :3, 3])[2])
    assert float(off_m.std()) == pytest.approx(expected_m, rel=0.15)


def test_what_is_too_far_from_the_guess_is_left_out_channel_by_channel(mug, truth):
    image = mug.observed(np.random.default_rng(0), truth, truth, SIZE, Surroundings(wall=1.0, behind=(3.0, 3.0)))[0]
    assert image[3:].abs().max() < 2
    wall = image[5] == 0
    assert wall.sum() > 1000
    assert (image[3][wall] != 0).any()


def test_perturbations_have_the_published_size():
    rng = np.random.default_rng(0)
    centre = np.array([0.03, 0.0, 0.01])
    T = ViewDistribution().drawn(rng, 2000, centre)
    twist = se3.twist_between(T, Perturbation().drawn(rng, T, centre, 0.2), centre)
    assert np.abs(twist[:, :3]).max(axis=0) == pytest.approx([0.02, 0.02, 0.05], rel=0.02)
    angle = np.linalg.norm(twist[:, 3:], axis=1)
    assert np.rad2deg(angle.max()) == pytest.approx(20, abs=0.3)
    assert np.rad2deg(angle.mean()) == pytest.approx(10, abs=0.5)
    exact = se3.twist_between(T, moved_by(rng, T, centre, 0.02, 0.1), centre)
    assert np.linalg.norm(exact[:, :3], axis=1) == pytest.approx(0.02, abs=1e-5)
    assert np.linalg.norm(exact[:, 3:], axis=1) == pytest.approx(0.1, abs=1e-5)


def test_a_batch_is_made_from_its_number_alone(mug):
    batches = StepBatches([mug], Pairs(), ResolutionStage(1, 32, 3), seed=5)
    first, again, other = batches[7], batches[7], batches[8]
    assert first.rendered.shape == first.observed.shape == (6, 6, 32, 32)
    assert first.translation.shape == first.rotation.shape == (6, 3)
    assert torch.equal(first.observed, again.observed)
    assert not torch.equal(first.observed, other.observed)
    assert first.rotation.norm(dim=1).max() <= 1


def test_two_guesses_at_a_view_lie_on_opposite_sides_of_the_truth(mug):
    batch = StepBatches([mug], Pairs(surroundings=BARE), ResolutionStage(1, 32, 3), seed=5)[0]
    for steps in (batch.translation, batch.rotation):
        assert steps.abs().max() > 0.1
        assert torch.allclose(steps[::2], -steps[1::2], atol=1e-4)
    assert not torch.equal(batch.rendered[0], batch.rendered[1])


def test_views_within_an_angle_are_upright_to_that_and_seen_from_above(mug):
    rng, centre = np.random.default_rng(0), mug.model.centre_m
    R = ViewDistribution(within_rad=0.3).drawn(rng, 500, centre)[:, :3, :3]
    middle = ViewDistribution(within_rad=0.0).drawn(rng, 1, centre)[0, :3, :3]
    angle = se3.rotation_angle_rad(R, middle)
    assert angle.max() <= 0.301
    assert angle.mean() == pytest.approx(0.75 * 0.3, rel=0.05)  # of a ball
    up_cam = middle[:, 2]
    assert up_cam == pytest.approx([0, -np.cos(np.deg2rad(30)), -np.sin(np.deg2rad(30))], abs=1e-5)
    # Its handle shows: to the right of the cup, and in front.
    handle_cam = middle[:, 0]
    assert handle_cam[0] > 0.7


def test_groups_are_guesses_at_one_picture(mug):
    batch = RankingBatches([mug], Pairs(group_size=4, surroundings=BARE), ResolutionStage(1, 32, 2), seed=1)[0]
    assert batch.rendered.shape == batch.observed.shape == (8, 6, 32, 32)
    assert batch.error_m.shape == batch.angle_rad.shape == (2, 4)
    assert (batch.error_m > 0).all()
    assert np.rad2deg(float(batch.angle_rad.max())) <= 20.01
