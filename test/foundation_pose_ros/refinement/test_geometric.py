"""The refiner as a whole: from how far it comes back, whatever its normals, and what its information says."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from foundation_pose_ros import se3
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.observation.crop_box import CropBox
from foundation_pose_ros.refinement.geometric import GeometricRefiner, GeometricSettings
from foundation_pose_ros.rendering import EmbreeRenderer


@pytest.fixture
def refiner(cube, cube_renderer):
    return GeometricRefiner(cube, cube_renderer)


@pytest.mark.parametrize("few", [0, 100], ids=["observed normals", "rendered normals"])
@pytest.mark.parametrize("masked", [True, False])
def test_many_starts_converge_to_the_truth(few, masked, see, cube, cube_renderer, cube_pose, moved, error_mm_deg):
    view = see(cube_pose)
    box = CropBox.around_mask(view.frame, view.mask, cube.diameter_m)
    seen = Crop(view.frame, box, view.mask if masked else None).observe(64)
    rng = np.random.default_rng(0)
    starts = np.stack([moved(cube_pose, rng.normal(0, 4, 3), rng.normal(0, 5, 3)) for _ in range(12)])
    refiner = GeometricRefiner(cube, cube_renderer, GeometricSettings(few=few))
    refined = refiner.refine(seen, starts, 8, (0.03, 0.006))
    errors = np.array([error_mm_deg(T, cube_pose) for T in refined.T_cam_obj])
    assert np.median(errors[:, 0]) < 0.3 and np.median(errors[:, 1]) < 0.4
    assert np.quantile(errors[:, 0], 0.8) < 1 and np.quantile(errors[:, 1], 0.8) < 1


def test_hypotheses_of_a_batch_do_not_touch_each_other(see, cube, cube_renderer, cube_pose, moved, refiner):
    view = see(cube_pose)
    seen = Crop.around_mask(view.frame, view.mask, cube.diameter_m).observe(48)
    start = moved(cube_pose, (2, 1, 0), (2, 0, 1))
    alone = refiner.refine(seen, start[None], 4, (0.03, 0.006)).T_cam_obj[0]
    pair = np.stack([start, start])
    together = refiner.refine(seen, pair, 4, (0.03, 0.006)).T_cam_obj
    np.testing.assert_allclose(together, np.stack([alone, alone]), atol=1e-5)


def test_results_are_rotations_even_from_far_off(see, cube, cube_renderer, cube_pose, refiner):
    view = see(cube_pose)
    seen = Crop.around_mask(view.frame, view.mask, cube.diameter_m).observe(32)
    R = Rotation.random(20, random_state=0).as_matrix()
    starts = se3.from_rotation_translation(R, cube_pose[:3, 3] + np.array([0.02, 0.0, 0.01]))
    T = refiner.refine(seen, starts, 6, (0.05, 0.006)).T_cam_obj
    np.testing.assert_allclose(T[:, :3, :3] @ T[:, :3, :3].swapaxes(1, 2), np.tile(np.eye(3), (20, 1, 1)), atol=1e-5)
    assert np.isfinite(T).all()


def test_nothing_observed_moves_nothing(see, cube, cube_renderer, cube_pose, refiner):
    view = see(cube_pose)
    frame = type(view.frame)(view.frame.rgb, np.zeros_like(view.frame.depth_m), view.frame.camera)
    seen = Crop(frame, CropBox.around_mask(view.frame, view.mask, cube.diameter_m)).observe(32)
    refined = refiner.refine(seen, cube_pose[None], 3, (0.03, 0.006))
    np.testing.assert_allclose(refined.T_cam_obj[0], cube_pose, atol=1e-6)
    np.testing.assert_allclose(refined.information, 0, atol=1e-9)


def test_information_knows_the_direction_that_a_flat_face_leaves_open(see, cube, cube_renderer, refiner):
    """A cube seen straight on slides in x and y and turns about z for all that depth knows."""
    T = se3.from_rotation_translation(np.diag([1.0, -1.0, -1.0]), np.array([0, 0, 0.45]))
    T[:3, 3] -= T[:3, :3] @ cube.centre_m
    view = see(T)
    seen = Crop(view.frame, CropBox.around_mask(view.frame, view.mask, cube.diameter_m)).observe(64)
    information = refiner.refine(seen, T[None], 1, (0.01, 0.01)).information[0]
    radius = cube.diameter_m / 4
    known = np.diag(information) / np.array([1, 1, 1, *[radius**2] * 3])
    assert known[[2, 3, 4]].min() > 50 * known[[0, 1, 5]].max()


@pytest.mark.parametrize("few", [0, 100], ids=["observed normals", "rendered normals"])
@pytest.mark.parametrize("masked", [True, False])
def test_surface_that_the_model_never_saw_pulls_nowhere(
    few, masked, see, cube, cube_pose, moved, error_mm_deg, guessed
):
    view = see(cube_pose)
    box = CropBox.around_mask(view.frame, view.mask, cube.diameter_m)
    seen = Crop(view.frame, box, view.mask if masked else None).observe(64)
    start = moved(cube_pose, (2, -2, 3), (2, 3, -2))[None]
    settings, errors_mm = GeometricSettings(few=few), []
    for sigma_m in (np.inf, None):
        refiner = GeometricRefiner(cube, EmbreeRenderer(guessed(8, sigma_m)), settings)
        errors_mm.append(error_mm_deg(refiner.refine(seen, start, 12, (0.03, 0.01)).T_cam_obj[0], cube_pose)[0])
    marked, taken_for_true = errors_mm
    assert marked < 0.6
    assert taken_for_true > 1.5 * marked
