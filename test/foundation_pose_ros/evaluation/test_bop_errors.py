"""VSD, MSSD and MSPD against values worked out by hand."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from foundation_pose_ros.evaluation.bop_errors import VSD_TAUS, mspd_px, mssd_m, symmetry_transforms, vsd
from foundation_pose_ros.object_model.symmetry import Axis, Symmetries

SQUARE = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]], np.float64) * 0.1
K = np.array([[100.0, 0, 32], [0, 200.0, 24], [0, 0, 1]])
ALONG_AXIS = np.array([[1e9, 0, 0], [0, 1e9, 0], [0, 0, 1.0]])
ALONE = np.eye(4)[None]


def pose(rotvec_deg=(0, 0, 0), t=(0, 0, 0)) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3] = Rotation.from_rotvec(rotvec_deg, degrees=True).as_matrix()
    T[:3, 3] = t
    return T


def test_mssd_is_that_of_the_vertex_that_is_farthest_off():
    # A half turn about an axis through the first corner takes the opposite one from -0.1 to 0.3 m.
    T = pose(t=(0.1, 0, 0)) @ pose((0, 0, 180)) @ pose(t=(-0.1, 0, 0))
    assert mssd_m(T, pose(), SQUARE, ALONE) == pytest.approx(0.4)


def test_mssd_over_symmetries_is_the_least():
    quarters = np.stack([pose((0, 0, angle)) for angle in (0, 90, 180, 270)])
    T = pose((0, 0, 90), t=(0, 0, 0.002))
    assert mssd_m(T, pose(), SQUARE, quarters) == pytest.approx(0.002)
    assert mssd_m(T, pose(), SQUARE, ALONE) > 0.14


def test_mssd_of_all_vertices_is_that_of_the_hull(rng):
    vertices = rng.normal(size=(500, 3))
    T = pose((20, -40, 60), t=(0.1, 0.2, -0.3))
    moved = vertices @ T[:3, :3].T + T[:3, 3]
    assert mssd_m(T, pose(), vertices, ALONE) == pytest.approx(np.linalg.norm(moved - vertices, axis=1).max())


def test_mspd_is_largest_where_the_vertex_is_near():
    vertices = np.array([[0, 0, 1.0], [0, 0, 0.5], [0.2, 0, 2.0]])
    # 10 mm across at 0.5 m and fx = 100: 2 pixels; down, at fy = 200: 4.
    assert mspd_px(pose(t=(0.01, 0, 0)), pose(), vertices, K, ALONE) == pytest.approx(2.0)
    assert mspd_px(pose(t=(0, 0.01, 0)), pose(), vertices, K, ALONE) == pytest.approx(4.0)


def test_mspd_of_a_vertex_behind_the_camera_is_infinite():
    assert mspd_px(pose(t=(0, 0, -0.7)), pose(), np.array([[0, 0, 1.0], [0, 0, 0.5]]), K, ALONE) == np.inf


def test_vsd_compares_distances_from_the_camera_not_depth():
    # The second pixel's ray is 1.25 long where depth is 1: 45 mm of depth are 56 mm of distance.
    slanted = np.array([[4 / 3, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    truth, estimate = np.array([[0, 1.0]]), np.array([[0, 1.045]])
    errors = vsd(estimate, truth, np.zeros((1, 2)), slanted, diameter_m=1.0)
    assert errors.tolist() == [1] + [0] * 9


def test_vsd_counts_what_either_pose_shows_and_the_measurement_doesnt_hide():
    truth = np.array([[1.0, 1.0, 1.0, 0]])
    estimate = np.array([[0, 1.0, 1.032, 1.0]])
    measured = np.array([[1.0, 0.9, 1.0, 0]])
    # The second pixel is hidden in both. The third is 32 mm behind the measured surface, but compared for the truth is
    # seen there: 0.16 of the diameter. The last has no measurement, so the estimate counts as seen.
    errors = vsd(estimate, truth, measured, ALONG_AXIS, diameter_m=0.2)
    assert errors == pytest.approx([(1 + 2) / 3] * 3 + [2 / 3] * 7)


def test_vsd_tolerates_15_mm_behind_the_measured_surface():
    rendered, nothing = np.array([[1.0]]), np.array([[0.0]])
    assert vsd(rendered, rendered, np.array([[0.986]]), ALONG_AXIS, 0.1).max() == 0
    # Hidden in both: nothing is left to compare, and the pose counts as wrong.
    assert vsd(rendered, rendered, np.array([[0.984]]), ALONG_AXIS, 0.1).min() == 1
    assert vsd(nothing, nothing, np.array([[0.984]]), ALONG_AXIS, 0.1).tolist() == [1] * len(VSD_TAUS)


def test_continuous_symmetries_come_in_the_benchmarks_steps():
    axis = Axis((0, 0, 1.0), (0.01, 0, 0))
    turns = symmetry_transforms(Symmetries(np.zeros((0, 4, 4)), (axis,)))
    assert len(turns) == 315
    about_axis = turns @ [0.01, 0, 0.5, 1]
    assert about_axis == pytest.approx(np.tile([0.01, 0, 0.5, 1], (315, 1)))
    # No vertex of an object as wide as its diameter moves by more than a hundredth of it.
    assert 2 * 0.5 * np.sin(np.pi / 315) < 0.01
    angles = np.degrees(np.arctan2(turns[:, 1, 0], turns[:, 0, 0])) % 360
    assert np.diff(np.sort(angles)) == pytest.approx(360 / 315)

    flipped = symmetry_transforms(Symmetries(pose((180, 0, 0))[None], (axis,)))
    assert len(flipped) == 2 * 315


def test_without_symmetries_there_is_the_identity():
    assert symmetry_transforms(Symmetries.none()).tolist() == np.eye(4)[None].tolist()
