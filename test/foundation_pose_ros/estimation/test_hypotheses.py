"""First poses: every rotation is near one of them, symmetries thin them, and they stand where the mask is."""

import numpy as np
from scipy.spatial.transform import Rotation

from foundation_pose_ros import se3
from foundation_pose_ros.estimation.hypotheses import (
    initial_poses,
    rotation_grid,
    spread_rotations,
    unique_rotations,
)
from foundation_pose_ros.object_model.symmetry import Axis, Symmetries
from foundation_pose_ros.observation.crop import Crop


def farthest_and_mean_deg(rotations, turns):
    """Return how far any rotation is from the nearest of some (B, 3, 3), over turns (S, 3, 3) that look alike."""
    drawn = Rotation.random(500, random_state=0).as_matrix()
    equivalents = (rotations[:, None] @ turns[None]).reshape(-1, 3, 3)
    nearest_deg = np.rad2deg(se3.rotation_angle_rad(drawn[:, None], equivalents[None]).min(axis=1))
    return nearest_deg.max(), nearest_deg.mean()


def test_every_rotation_is_near_one_of_the_grid():
    grid = rotation_grid()
    assert grid.shape == (252, 3, 3)
    np.testing.assert_allclose(grid @ grid.swapaxes(1, 2), np.tile(np.eye(3), (252, 1, 1)), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(grid), 1)
    farthest_deg, mean_deg = farthest_and_mean_deg(grid, np.eye(3)[None])
    assert farthest_deg < 36 and mean_deg < 21


def test_of_few_rotations_some_are_near_every_other_one():
    few = spread_rotations(rotation_grid(), Symmetries.none(), 60)
    farthest_deg, mean_deg = farthest_and_mean_deg(few, np.eye(3)[None])
    assert len(few) == 60 and farthest_deg < 65 and mean_deg < 33
    box = Symmetries.from_config({"discrete": [{"axis": axis, "angle": 180} for axis in np.eye(3).tolist()]})
    turns = box.transforms()[:, :3, :3]
    few = spread_rotations(unique_rotations(rotation_grid(), box), box, 30)
    farthest_deg, mean_deg = farthest_and_mean_deg(few, turns)
    assert len(few) == 30 and farthest_deg < 60 and mean_deg < 28


def test_no_symmetry_thins_nothing():
    assert len(unique_rotations(rotation_grid(), Symmetries.none())) == 252


def test_what_symmetries_repeat_is_left_out_and_nothing_else():
    half_turn = Symmetries.from_config({"discrete": [{"axis": [0, 0, 1], "angle": 180}]})
    kept = unique_rotations(rotation_grid(), half_turn)
    assert 252 / 4 < len(kept) < 252
    equivalents = kept[:, None] @ half_turn.transforms()[None, :, :3, :3]  # (K, S, 3, 3)
    drawn = Rotation.random(300, random_state=1).as_matrix()
    angle = se3.rotation_angle_rad(drawn[:, None, None], equivalents[None]).min(axis=(1, 2))
    assert np.rad2deg(angle.max()) < 36 + 30  # a neighbour at most 30 degrees from the one that was left out


def test_a_continuous_axis_leaves_directions_alone():
    kept = unique_rotations(rotation_grid(), Symmetries(np.zeros((0, 4, 4)), (Axis((0.0, 0.0, 1.0)),)))
    assert len(kept) < 45
    axes = kept[:, :, 2]  # where the axis points in the camera
    cosine = (axes @ axes.T)[np.triu_indices(len(axes), 1)]
    assert np.rad2deg(np.arccos(cosine.max())) > 29


def test_visible_surfaces_stand_where_the_masked_one_does(see, cube, cube_renderer, cube_pose):
    view = see(cube_pose)
    seen = Crop.around_mask(view.frame, view.mask, cube.diameter_m).observe(32)
    assert seen.mask is not None
    poses = initial_poses(rotation_grid(), seen, seen.mask, cube_renderer, cube)
    depth_m = cube_renderer.render(poses, seen.K, (32, 32)).depth_m.reshape(252, -1)
    centre_m = se3.transform_points(poses, cube.centre_m[None])[:, 0]
    truth_m = se3.transform_points(cube_pose, cube.centre_m[None])[0]
    hit = depth_m > 0
    overlap = (hit & seen.mask).sum(axis=1) / (hit | seen.mask).sum(axis=1)
    assert np.median(overlap) > 0.7 and overlap.min() > 0.4
    assert np.linalg.norm(centre_m - truth_m, axis=1).max() < 0.015
