"""The region term: its derivative, from how far it pulls an outline back, and what it leaves alone."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import se3
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.observation.learned_colours import LearnedColours
from foundation_pose_ros.refinement.gauss_newton import NormalEquations, stepped
from foundation_pose_ros.refinement.geometric import GeometricRefiner
from foundation_pose_ros.refinement.region_residuals import LearnedRegion

SIZE = 48


@pytest.fixture
def learned(see_blob, blob, blob_renderer, blob_pose) -> LearnedColours:
    view = see_blob(blob_pose)
    seen = Crop.around_pose(view.frame, blob, blob_pose, 1.15).observe(SIZE)
    rendered_m = blob_renderer.render(blob_pose[None], seen.K, (SIZE, SIZE)).depth_m[0]
    return LearnedColours.of(view.frame, seen.K, seen.depth_m.reshape(SIZE, SIZE), rendered_m)


@pytest.fixture
def equations(see_blob, blob, blob_renderer, blob_pose, learned):
    """equations(T_cam_obj, gate_m): of the view at blob_pose, about its middle."""
    view = see_blob(blob_pose)
    seen = Crop.around_pose(view.frame, blob, blob_pose, 1.15, learned).observe(SIZE)
    pivot = se3.transform_points(blob_pose, blob.centre_m[None])[0]

    def at(T_cam_obj: np.ndarray, gate_m: float) -> NormalEquations:
        rendered_m = blob_renderer.render(T_cam_obj[None], seen.K, (SIZE, SIZE)).depth_m.reshape(1, -1)
        return LearnedRegion(seen, seen.foreground, pivot, blob.diameter_m).equations(
            rendered_m, gate_m, np.full(1, 100.0)
        )

    return at


def error_mm_deg(T_cam_obj: np.ndarray, truth: np.ndarray, centre_obj: np.ndarray) -> tuple[float, float]:
    twist = se3.twist_between(truth, T_cam_obj, centre_obj)
    return 1000 * float(np.linalg.norm(twist[:3])), float(np.rad2deg(np.linalg.norm(twist[3:])))


def test_the_gradient_changes_as_the_jacobian_says(equations, blob, blob_pose) -> None:
    """By finite differences along motions across the line of sight and about it: all of the outline moves."""
    gate_m = 0.01
    information = equations(blob_pose, gate_m).information[0]
    for axis, size in ((0, 0.003), (1, 0.003), (5, 0.05)):
        twist = size * np.eye(6)[axis]
        ahead, behind = (
            equations(se3.apply_twist(blob_pose, sign * twist, blob.centre_m), gate_m).gradient[0] for sign in (1, -1)
        )
        slope = (ahead - behind)[axis] / (2 * size)
        assert slope == pytest.approx(-information[axis, axis], rel=0.3)


@pytest.mark.parametrize(("mm", "deg"), [((12, 0, 0), (0, 0, 0)), ((0, -9, 0), (0, 0, 10)), ((-6, 6, 0), (7, -7, 0))])
def test_an_outline_is_pulled_back_with_no_depth(mm, deg, equations, blob, blob_pose) -> None:
    """12 mm are 15 pixels here. How far away it is, and what turns it within its outline, colours hardly tell."""
    start = se3.apply_twist(blob_pose, np.concatenate([np.array(mm) / 1000, np.deg2rad(deg)]), blob.centre_m)
    pivot = se3.transform_points(blob_pose, blob.centre_m[None])[0]
    T = start[None].copy()
    for gate_m in np.geomspace(0.02, 0.002, 12):
        found = equations(T[0], gate_m)
        T = stepped(
            T, found.information, found.gradient, pivot, blob.centre_m.astype(float), blob.diameter_m, 1e-3, 0.4
        )
    off = se3.twist_between(blob_pose, T[0], blob.centre_m)
    assert 1000 * np.abs(off[:2]).max() < 1.5
    assert np.rad2deg(np.abs(off[5])) < 5


def test_colours_hold_what_depth_leaves_open(see, cube, cube_renderer, moved, error_mm_deg) -> None:
    """A face straight on, 15 pixels along itself and turned in its plane by 10 degrees: depth sees the rim at most."""
    T = se3.from_rotation_translation(np.diag([1.0, -1.0, -1.0]), np.array([0, 0, 0.45]))
    T[:3, 3] -= T[:3, :3] @ cube.centre_m
    before, after = see(T), moved(T, (10, -5, 0), (0, 0, 10))
    seen = Crop.around_pose(before.frame, cube, T, 1.15).observe(SIZE)
    rendered_m = cube_renderer.render(T[None], seen.K, (SIZE, SIZE)).depth_m[0]
    learned = LearnedColours.of(before.frame, seen.K, seen.depth_m.reshape(SIZE, SIZE), rendered_m)
    refiner, errors = GeometricRefiner(cube, cube_renderer), []
    for colours in (learned, None):
        seen = Crop.around_pose(see(after).frame, cube, T, 1.3, colours).observe(SIZE)
        found = refiner.refine(seen, T[None], 10, (0.02, 0.003)).T_cam_obj[0]
        errors.append(error_mm_deg(found, after))
    (mm, deg), (without_mm, without_deg) = errors
    assert mm < 1 and deg < 1.5
    assert without_mm > 4 * mm and without_deg > 4 * deg


def test_a_place_that_looks_the_same_on_both_sides_pulls_nowhere(see_blob, blob, blob_renderer, blob_pose, learned):
    view = see_blob(blob_pose)
    gray = replace(view.frame, rgb=np.full_like(view.frame.rgb, 5))
    start = se3.apply_twist(blob_pose, np.array([0.004, 0, 0, 0, 0, 0]), blob.centre_m)
    refiner = GeometricRefiner(blob, blob_renderer)
    found = []
    for colours in (learned, None):
        seen = Crop.around_pose(gray, blob, blob_pose, 1.15, colours).observe(SIZE)
        found.append(refiner.refine(seen, start[None], 6, (0.01, 0.003)).T_cam_obj[0])
    assert error_mm_deg(found[0], found[1], blob.centre_m)[0] < 0.1


def test_what_may_be_hidden_pulls_nowhere(see_blob, blob, blob_renderer, blob_pose, learned):
    """Something yellow in front of a third moves the outline there, and would pull."""
    view, refiner = see_blob(blob_pose), GeometricRefiner(blob, blob_renderer)
    depth_m, rgb = view.frame.depth_m.copy(), view.frame.rgb.copy()
    columns = np.flatnonzero(view.mask.any(axis=0))
    left = columns.min() + 2 * len(columns) // 3
    depth_m[:, left : columns.max() + 40] = 0.3
    rgb[:, left : columns.max() + 40] = (200, 170, 40)
    errors_mm = []
    for colours in (learned, None):
        seen = Crop.around_pose(replace(view.frame, depth_m=depth_m, rgb=rgb), blob, blob_pose, 1.15, colours)
        T = refiner.refine(seen.observe(SIZE), blob_pose[None], 6, (0.01, 0.003)).T_cam_obj[0]
        errors_mm.append(error_mm_deg(T, blob_pose, blob.centre_m)[0])
    assert errors_mm[0] < 1.5 > errors_mm[1]
