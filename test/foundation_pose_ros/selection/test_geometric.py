"""The scorer prefers the truth: before pushed, turned and wrongly coloured poses, and says what is hidden."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from foundation_pose_ros import se3
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.observation.crop_box import CropBox
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.selection.geometric import GeometricScorer


@pytest.fixture
def scorer(cube, cube_renderer):
    return GeometricScorer(cube, cube_renderer)


@pytest.mark.parametrize("masked", [True, False])
def test_the_truth_ranks_first_and_errors_rank_by_size(masked, see, cube, cube_renderer, cube_pose, moved, scorer):
    view = see(cube_pose)
    seen = Crop(
        view.frame, CropBox.around_mask(view.frame, view.mask, cube.diameter_m), view.mask if masked else None
    ).observe(64)
    poses = np.stack(
        [
            cube_pose,
            *[moved(cube_pose, (0, mm, 0), (0, 0, 0)) for mm in (3, 6, 12)],
            moved(cube_pose, (0, 0, 8), (0, 0, 0)),
        ]
    )
    evidence = scorer.score(seen, poses)
    assert (np.diff(evidence.rank[:4]) < 0).all() and evidence.rank[4] < evidence.rank[1]
    assert evidence.agreement[0] > 0.93 and evidence.inliers[0] > 0.97 and evidence.visible[0] > 0.98
    if masked:
        assert evidence.outline[0] > 0.97 > evidence.outline[3]


def test_colour_tells_sides_apart_that_depth_cannot(see, cube, cube_renderer, cube_pose, scorer):
    """All 24 turns of a cube look alike to depth."""
    view = see(cube_pose)
    seen = Crop.around_mask(view.frame, view.mask, cube.diameter_m).observe(64)
    turns = se3.from_rotation_translation(Rotation.create_group("O").as_matrix(), np.zeros(3))
    to_centre = np.eye(4)
    to_centre[:3, 3] = cube.centre_m
    poses = cube_pose @ to_centre @ turns @ np.linalg.inv(to_centre)
    identity = int(np.argmax(np.trace(turns[:, :3, :3], axis1=1, axis2=2)))
    evidence = scorer.score(seen, poses)
    others = np.arange(24) != identity
    assert np.ptp(evidence.agreement) < 0.02
    assert evidence.colour[identity] > 0.7 > 0.6 > evidence.colour[others].max()
    assert np.argmax(evidence.rank) == identity


def test_what_hides_the_object_counts_neither_for_nor_against(see, cube, cube_renderer, cube_pose, scorer):
    view = see(cube_pose, hidden=(0, 0, 170, 240))
    seen = Crop.around_mask(view.frame, view.mask, cube.diameter_m).observe(64)
    evidence = scorer.score(seen, cube_pose[None])
    assert evidence.agreement[0] > 0.9 and evidence.inliers[0] > 0.95
    assert 0.3 < evidence.visible[0] < 0.7


def test_an_object_that_is_not_there_has_no_inliers(see, cube, cube_renderer, cube_pose, moved, scorer):
    view = see(cube_pose)
    empty = type(view.frame)(view.frame.rgb, np.full_like(view.frame.depth_m, 1.0), view.frame.camera)
    seen = Crop(empty, CropBox.around_mask(view.frame, view.mask, cube.diameter_m)).observe(64)
    evidence = scorer.score(seen, cube_pose[None])
    assert evidence.agreement[0] < 0.01 and evidence.inliers[0] < 0.01


def test_depth_noise_within_the_tolerance_costs_little(see, cube, cube_renderer, cube_pose, rng, scorer):
    view = see(cube_pose)
    noisy = view.frame.depth_m + rng.normal(0, 0.001, view.frame.depth_m.shape).astype(np.float32)
    frame = type(view.frame)(view.frame.rgb, noisy, view.frame.camera)
    seen = Crop.around_mask(frame, view.mask, cube.diameter_m).observe(64)
    assert scorer.score(seen, cube_pose[None]).agreement[0] > 0.8


def test_depth_that_is_noisier_than_expected_still_tells_the_true_pose(see, cube, cube_pose, moved, rng, scorer):
    view = see(cube_pose)
    noisy = view.frame.depth_m + rng.normal(0, 0.003, view.frame.depth_m.shape).astype(np.float32)
    seen = Crop.around_mask(replace(view.frame, depth_m=noisy), view.mask, cube.diameter_m).observe(64)
    off = moved(cube_pose, (0, 0, 150 * cube.diameter_m), (0, 0, 0))
    inliers = scorer.score(seen, np.stack([cube_pose, off])).inliers
    assert inliers[0] > 0.7 and inliers[1] < 0.4
    smooth = scorer.score(Crop.around_mask(view.frame, view.mask, cube.diameter_m).observe(64), off[None]).inliers[0]
    assert smooth < 0.1


def test_a_pose_inside_a_flat_wall_agrees_in_depth_but_has_no_border(see, cube, cube_renderer, cube_pose, scorer):
    """Where an object was taken away, tracking comes to rest in what is behind."""
    before_wall = scorer.score(observe_cube(see(cube_pose), cube), cube_pose[None])
    wall = see(cube_pose).frame
    wall = type(wall)(wall.rgb, np.full_like(wall.depth_m, 1.0), wall.camera)
    sunk = se3.from_rotation_translation(np.eye(3), [0, 0, 1.0] - np.array([0, 0, cube.vertices[:, 2].min()]))
    seen = Crop(wall, CropBox(100, 60, 1.15 * cube.diameter_m * 600)).observe(64)
    inside = scorer.score(seen, sunk.astype(np.float32)[None])
    assert inside.agreement[0] > 0.9 and before_wall.agreement[0] > 0.9
    assert inside.border[0] < 0.1 and before_wall.border[0] > 0.8


def observe_cube(view, cube):
    return Crop(view.frame, CropBox.around_mask(view.frame, view.mask, cube.diameter_m)).observe(64)


@pytest.mark.parametrize("masked", [True, False])
def test_surface_that_the_model_never_saw_counts_neither_for_nor_against(masked, see, cube, cube_pose, scorer, guessed):
    view = see(cube_pose)
    seen = Crop(
        view.frame, CropBox.around_mask(view.frame, view.mask, cube.diameter_m), view.mask if masked else None
    ).observe(64)
    marked, taken_for_true = (
        GeometricScorer(cube, EmbreeRenderer(guessed(8, sigma_m))).score(seen, cube_pose[None])
        for sigma_m in (np.inf, None)
    )
    assert marked.agreement[0] > 0.9 and marked.inliers[0] > 0.95
    assert taken_for_true.agreement[0] < marked.agreement[0] - 0.2
    assert taken_for_true.inliers[0] < marked.inliers[0] - 0.2


def test_surface_that_the_model_knows_less_well_may_be_off(see, cube, cube_pose, scorer, guessed):
    view = see(cube_pose)
    seen = Crop.around_mask(view.frame, view.mask, cube.diameter_m).observe(64)
    agreement = [
        GeometricScorer(cube, EmbreeRenderer(guessed(3, sigma_m))).score(seen, cube_pose[None]).agreement[0]
        for sigma_m in (0.0, 0.001, 0.004)
    ]
    assert agreement[0] < agreement[1] < agreement[2] and agreement[2] > 0.85


def test_a_pose_that_shows_little_but_unseen_surface_ranks_low(see, cube, cube_renderer, cube_pose, scorer):
    """All sides were never seen but for a few faces, which agree."""
    view = see(cube_pose)
    seen = Crop.around_mask(view.frame, view.mask, cube.diameter_m).observe(64)
    sigma_m = np.full(len(cube.vertices), np.inf, np.float32)
    nearest = np.argsort(se3.transform_points(cube_pose, cube.vertices)[:, 2])[: len(sigma_m) // 12]
    sigma_m[nearest] = 0
    sliver = EmbreeRenderer(replace(cube, sigma_m=sigma_m))
    assert GeometricScorer(cube, sliver).score(seen, cube_pose[None]).agreement[0] < 0.5


def test_turns_that_depth_confuses_are_told_apart_by_what_sets_them_apart(see, cube, cube_pose, scorer):
    """Of 24 turns of a cube the true one leads by more once what all of them share is left out."""
    seen = observe_cube(see(cube_pose), cube)
    turns = np.tile(np.eye(4), (24, 1, 1))
    turns[:, :3, :3] = Rotation.create_group("O").as_matrix()
    turns[:, :3, 3] = cube.centre_m - turns[:, :3, :3] @ cube.centre_m
    poses = (cube_pose @ turns).astype(np.float32)
    true = int(np.argmax(np.trace(turns, axis1=1, axis2=2)))
    plain, apart = scorer.score(seen, poses), scorer.score_apart(seen, poses)

    def lead(rank):
        return rank[true] - np.delete(rank, true).max()

    assert lead(apart.rank) > lead(plain.rank) + 0.2 and lead(plain.rank) > 0
    assert apart.agreement == pytest.approx(plain.agreement) and apart.colour == pytest.approx(plain.colour)


def test_without_colours_nothing_sets_turns_apart(see, cube, cube_pose):
    bare = replace(cube, appearance=None)
    scorer, seen = GeometricScorer(bare, EmbreeRenderer(bare)), observe_cube(see(cube_pose), cube)
    poses = np.stack([cube_pose, cube_pose])
    assert scorer.score_apart(seen, poses).rank == pytest.approx(scorer.score(seen, poses).rank)
