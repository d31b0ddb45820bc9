"""How far apart poses put a surface: as every vertex says, over symmetries, whatever moves both poses."""

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation_pose_ros import se3
from foundation_pose_ros.object_model.surface_distance import SurfaceDistance
from foundation_pose_ros.object_model.symmetry import Axis, Symmetries

BOX = trimesh.creation.box((0.1, 0.06, 0.04)).vertices + np.array([0.02, 0.0, 0.01])
HALF_TURN = Symmetries(np.array([np.diag([-1.0, -1.0, 1.0, 1.0])]))
twists = st.lists(st.floats(-2, 2), min_size=6, max_size=6).map(np.array)


def pose(twist: np.ndarray) -> np.ndarray:
    return se3.apply_twist(np.eye(4), twist).astype(np.float64)


@given(twists, twists)
@settings(max_examples=30, deadline=None)
def test_it_is_the_largest_distance_of_a_vertex(one, other):
    distance = SurfaceDistance(BOX, Symmetries.none())
    T, T_other = pose(one), pose(other)
    wanted = np.linalg.norm(se3.transform_points(T, BOX) - se3.transform_points(T_other, BOX), axis=1).max()
    assert distance(T[None], T_other)[0] == pytest.approx(wanted, rel=1e-4, abs=1e-5)


@given(twists, twists, twists)
@settings(max_examples=30, deadline=None)
def test_a_motion_of_both_changes_nothing(one, other, moved):
    distance = SurfaceDistance(BOX, HALF_TURN)
    T, T_other, T_move = pose(one), pose(other), pose(moved)
    assert distance((T_move @ T)[None], T_move @ T_other) == pytest.approx(distance(T[None], T_other), abs=1e-5)


def test_equivalent_poses_are_no_distance_apart():
    T = pose(np.array([0.1, 0.2, 0.8, 0.3, -0.2, 0.9]))
    can = Symmetries(np.zeros((0, 4, 4)), (Axis((0.0, 0.0, 1.0)),))
    ball = Symmetries(np.zeros((0, 4, 4)), (Axis((0.0, 0.0, 1.0)), Axis((1.0, 0.0, 0.0))))
    turn = pose(np.array([0, 0, 0, 0, 0, 0.7]))
    sphere, cylinder = trimesh.creation.icosphere(radius=0.05).vertices, trimesh.creation.cylinder(0.03, 0.1).vertices
    assert SurfaceDistance(cylinder, can)((T @ turn)[None], T)[0] < 0.5 * np.deg2rad(1) * 0.03 + 1e-6
    assert SurfaceDistance(sphere, ball)((T @ pose(np.array([0, 0, 0, 0.4, 1.0, 0.7])))[None], T)[0] < 1e-6
    assert SurfaceDistance(BOX, HALF_TURN)((T @ HALF_TURN.discrete[0])[None], T)[0] < 1e-6
    assert SurfaceDistance(BOX, Symmetries.none())((T @ HALF_TURN.discrete[0])[None], T)[0] > 0.1


def test_no_point_of_a_fine_mesh_moves_much_farther():
    mug = trimesh.creation.uv_sphere(0.05, count=(64, 64)).vertices * (1.0, 0.7, 1.3)
    T, T_other = pose(np.array([0.0, 0.01, 0.5, 1.0, 0.4, -0.6])), pose(np.array([0.01, 0.0, 0.52, 0.2, 0.4, 0.6]))
    wanted = np.linalg.norm(se3.transform_points(T, mug) - se3.transform_points(T_other, mug), axis=1).max()
    assert wanted * 0.99 < SurfaceDistance(mug, Symmetries.none())(T[None], T_other)[0] <= wanted + 1e-6
