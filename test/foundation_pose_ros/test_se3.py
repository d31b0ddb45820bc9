"""Rigid transforms against their definitions, over drawn rotations and translations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.linalg import expm
from scipy.spatial.transform import Rotation

from foundation_pose_ros import se3

TRANSLATIONS = arrays(np.float64, 3, elements=st.floats(-2, 2, width=32))
# Up to half a turn: the rotation vector of a larger one isn't unique.
ROTATION_VECTORS = arrays(np.float64, 3, elements=st.floats(-1.75, 1.75, width=32))


@st.composite
def poses(draw: st.DrawFn) -> np.ndarray:
    return se3.from_rotation_translation(
        Rotation.from_rotvec(draw(ROTATION_VECTORS)).as_matrix(), draw(TRANSLATIONS)
    ).astype(np.float64)


def about(axis: str, degrees: float) -> np.ndarray:
    return Rotation.from_euler(axis, degrees, degrees=True).as_matrix()


def test_a_transform_is_float32_and_broadcasts():
    R = np.stack([about("x", angle) for angle in (0, 30, 60)])  # (3, 3, 3)
    T = se3.from_rotation_translation(R, np.array([1, 2, 3]))
    assert (T.shape, T.dtype) == ((3, 4, 4), np.float32)
    assert T[2, :3, :3] == pytest.approx(R[2], abs=1e-7)
    assert T[:, :3, 3].tolist() == [[1, 2, 3]] * 3
    assert T[:, 3].tolist() == [[0, 0, 0, 1]] * 3


@given(poses())
def test_inverse_undoes(T):
    assert T @ se3.inverse(T) == pytest.approx(np.eye(4), abs=1e-6)
    assert se3.inverse(se3.inverse(T)) == pytest.approx(T, abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_inverse_keeps_type_and_batch(dtype):
    T = np.tile(np.eye(4, dtype=dtype), (2, 3, 1, 1))
    assert se3.inverse(T).dtype == dtype
    assert se3.inverse(T).shape == (2, 3, 4, 4)


@given(poses(), poses(), arrays(np.float64, (5, 3), elements=st.floats(-1, 1, width=32)))
def test_points_go_through_a_product_as_through_its_factors(T_a_b, T_b_c, points_c):
    through = se3.transform_points(T_a_b, se3.transform_points(T_b_c, points_c))
    assert se3.transform_points(T_a_b @ T_b_c, points_c) == pytest.approx(through, abs=1e-6)
    homogeneous = np.concatenate([points_c, np.ones((5, 1))], axis=1)
    assert se3.transform_points(T_b_c, points_c) == pytest.approx((homogeneous @ T_b_c.T)[:, :3], abs=1e-12)


def test_points_of_a_batch_share_or_bring_their_own(rng):
    T = se3.from_rotation_translation(Rotation.random(4, rng=rng).as_matrix(), rng.normal(size=(4, 3)))
    shared, own = rng.normal(size=(6, 3)), rng.normal(size=(4, 6, 3))
    assert se3.transform_points(T, shared)[2] == pytest.approx(se3.transform_points(T[2], shared))
    assert se3.transform_points(T, own)[3] == pytest.approx(se3.transform_points(T[3], own[3]))


@given(poses(), TRANSLATIONS, ROTATION_VECTORS, TRANSLATIONS)
def test_a_twist_moves_the_centre_by_its_translation_and_turns_about_camera_axes(T, v, w, centre_obj):
    moved = se3.apply_twist(T, np.concatenate([v, w]), centre_obj)
    centre_cam = se3.transform_points(T, centre_obj[None])[0]
    assert se3.transform_points(moved, centre_obj[None])[0] == pytest.approx(centre_cam + v, abs=2e-5)
    skew = np.array([[0, -w[2], w[1]], [w[2], 0, -w[0]], [-w[1], w[0], 0]])
    assert moved[:3, :3] == pytest.approx(expm(skew) @ T[:3, :3], abs=1e-5)


@given(poses(), TRANSLATIONS, ROTATION_VECTORS)
def test_twist_between_is_the_twist_that_was_applied(T, v, w):
    twist = np.concatenate([v, w])
    assert se3.twist_between(T, se3.apply_twist(T, twist)) == pytest.approx(twist, abs=2e-4)


@given(poses(), poses())
def test_applying_the_twist_between_two_poses_reaches_the_second(T_from, T_to):
    assert se3.apply_twist(T_from, se3.twist_between(T_from, T_to)) == pytest.approx(T_to, abs=2e-5)


def test_one_twist_serves_a_batch(rng):
    T = se3.from_rotation_translation(Rotation.random(5, rng=rng).as_matrix(), rng.normal(size=(5, 3)))
    twists = rng.normal(0, 0.3, (5, 6))
    batch = se3.apply_twist(T, twists)
    assert batch == pytest.approx(np.stack([se3.apply_twist(*pair) for pair in zip(T, twists, strict=True)]), abs=1e-6)
    assert se3.twist_between(T, batch) == pytest.approx(twists, abs=1e-5)


def test_thousands_of_small_steps_stay_rigid(rng):
    T = se3.from_rotation_translation(np.eye(3), np.zeros(3))
    for twist in rng.normal(0, 0.02, (3000, 6)):
        T = se3.apply_twist(T, twist)
    assert T[:3, :3] @ T[:3, :3].T == pytest.approx(np.eye(3), abs=1e-6)
    assert np.linalg.det(T[:3, :3]) == pytest.approx(1, abs=1e-6)


@given(ROTATION_VECTORS, arrays(np.float64, (3, 3), elements=st.floats(-1e-3, 1e-3)))
def test_orthonormalized_squares_the_error(w, error):
    R = Rotation.from_rotvec(w).as_matrix()
    repaired = se3.orthonormalized(R + error)
    assert np.abs(repaired @ repaired.T - np.eye(3)).max() < 3e-5
    assert se3.rotation_angle_rad(R, repaired) < 5e-3


@pytest.mark.parametrize("degrees", [0, 1e-5, 1e-3, 1, 45, 90, 135, 179, 179.999, 180])
@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_angle_is_exact_from_none_to_half_a_turn(degrees, axis):
    base = about("z", 20) @ about("y", -50) @ about("x", 70)
    angle_rad = se3.rotation_angle_rad(base, base @ about(axis, degrees))
    assert np.rad2deg(angle_rad) == pytest.approx(degrees, abs=1e-6)


@given(ROTATION_VECTORS, ROTATION_VECTORS, ROTATION_VECTORS)
def test_angle_is_a_metric_that_common_turns_leave_alone(a, b, c):
    A, B, C = (Rotation.from_rotvec(w).as_matrix() for w in (a, b, c))
    angle = se3.rotation_angle_rad
    assert angle(A, B) == pytest.approx(angle(B, A), abs=1e-9)
    assert angle(C @ A, C @ B) == pytest.approx(angle(A, B), abs=1e-7)
    assert angle(A, C) <= angle(A, B) + angle(B, C) + 1e-7


def test_angles_broadcast(rng):
    R = Rotation.random(6, rng=rng).as_matrix()
    table = se3.rotation_angle_rad(R[:, None], R[None])
    assert table.shape == (6, 6)
    assert np.diag(table) == pytest.approx(np.zeros(6), abs=1e-7)
    assert table[1, 4] == pytest.approx(se3.rotation_angle_rad(R[1], R[4]))


def test_quaternions_are_in_the_order_of_ros():
    T = se3.from_rotation_translation(about("z", 90), np.zeros(3))
    assert se3.to_quaternion_xyzw(T) == pytest.approx([0, 0, np.sqrt(0.5), np.sqrt(0.5)], abs=1e-6)


@given(poses(), st.floats(0.1, 10), st.sampled_from([-1, 1]))
def test_quaternions_of_any_length_and_sign_give_the_pose_back(T, length, sign):
    quaternion = se3.to_quaternion_xyzw(T)
    assert np.linalg.norm(quaternion) == pytest.approx(1, abs=1e-6)
    assert quaternion[3] >= 0
    assert se3.from_quaternion_xyzw(sign * length * quaternion, T[:3, 3]) == pytest.approx(T, abs=1e-5)


def test_best_fit_finds_the_transform_that_moved_points(rng):
    T = se3.apply_twist(np.broadcast_to(np.eye(4, dtype=np.float32), (5, 4, 4)), rng.normal(0, 1, (5, 6)))
    points = rng.normal(size=(5, 6, 3))
    assert se3.best_fit(points, se3.transform_points(T, points)) == pytest.approx(T, abs=1e-5)
    assert se3.best_fit(points[0], se3.transform_points(T, points[0])) == pytest.approx(T, abs=1e-5)


def test_best_fit_never_mirrors_and_keeps_to_the_middle_of_noise(rng):
    points = rng.normal(size=(40, 3))
    mirrored = se3.best_fit(points, points * (-1, 1, 1))
    assert np.linalg.det(mirrored[:3, :3]) == pytest.approx(1)
    noisy = se3.best_fit(points, points + np.array([0.1, 0, 0]) + rng.normal(0, 0.01, points.shape))
    assert noisy == pytest.approx(se3.from_rotation_translation(np.eye(3), np.array([0.1, 0, 0])), abs=0.02)
