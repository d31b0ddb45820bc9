"""Symmetries declared and in BOP's form, and what equivalent poses they make."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from foundation_pose_ros import InputRefused
from foundation_pose_ros.object_model.symmetry import Axis, Symmetries, turn_about
from foundation_pose_ros.se3 import rotation_angle_rad, transform_points

DIRECTIONS = st.tuples(*[st.floats(-1, 1).map(lambda x: round(x, 3))] * 3).filter(
    lambda axis: np.linalg.norm(axis) > 0.1
)


def half_turn(axis: str) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3] = Rotation.from_euler(axis, 180, degrees=True).as_matrix()
    return T


def is_group(transforms: np.ndarray, tolerance_deg: float = 0.5) -> bool:
    """Whether every product of two of them is one of them, rotation for rotation."""
    R = transforms[:, :3, :3]
    products = (R[:, None] @ R[None]).reshape(-1, 1, 3, 3)
    return bool(np.rad2deg(rotation_angle_rad(products, R[None]).min(axis=1).max()) < tolerance_deg)


def test_no_symmetry_is_the_identity_alone():
    assert Symmetries.none().order == 1
    assert np.array_equal(Symmetries.none().transforms(), np.eye(4)[None])


@given(DIRECTIONS, st.integers(2, 6), DIRECTIONS)
def test_a_declared_turn_brings_all_its_multiples(axis, parts, point):
    entry = {"axis": list(axis), "angle": 360 / parts, "point": list(point)}
    symmetries = Symmetries.from_config({"discrete": [entry]})
    transforms = symmetries.transforms()
    assert symmetries.order == len(transforms) == parts
    assert np.array_equal(transforms[0], np.eye(4))
    assert is_group(transforms)
    on_axis = np.asarray(point) + np.outer([-1, 0, 2], axis)
    assert transform_points(transforms, on_axis) == pytest.approx(np.tile(on_axis, (parts, 1, 1)), abs=1e-9)


@given(DIRECTIONS, DIRECTIONS)
def test_a_continuous_axis_is_sampled_all_around(axis, point):
    symmetries = Symmetries.from_config({"continuous": [{"axis": list(axis), "point": list(point)}]})
    assert symmetries.order == np.inf
    transforms = symmetries.transforms(step_deg=30)
    assert len(transforms) == 12
    assert is_group(transforms)
    on_axis = np.asarray(point) + np.outer([-1, 0, 2], axis)
    assert transform_points(transforms, on_axis) == pytest.approx(np.tile(on_axis, (12, 1, 1)), abs=1e-9)


@given(DIRECTIONS)
def test_flip_adds_the_half_turn_that_exchanges_the_ends(axis):
    config = {"continuous": [{"axis": list(axis), "flip": True, "point": [0.1, 0.2, 0.3]}]}
    transforms = Symmetries.from_config(config).transforms(step_deg=30)
    assert len(transforms) == 24
    assert is_group(transforms)
    ends = transforms[:, :3, :3] @ (np.asarray(axis) / np.linalg.norm(axis))
    along = ends @ (np.asarray(axis) / np.linalg.norm(axis))
    assert sorted(np.round(along).tolist()) == [-1] * 12 + [1] * 12
    centre = np.array([[0.1, 0.2, 0.3]])
    assert transform_points(transforms, centre) == pytest.approx(np.tile(centre, (24, 1, 1)), abs=1e-9)


def test_nothing_declared_is_none():
    assert Symmetries.from_config({}).order == 1
    assert Symmetries.from_config({"discrete": None, "continuous": []}).order == 1


@pytest.mark.parametrize(
    "config",
    [
        {"discrete": [{"axis": [0, 0, 0], "angle": 180}]},
        {"discrete": [{"axis": [0, 0, 1]}]},
        {"discrete": [{"axis": [0, 0, 1], "angle": 0}]},
        {"discrete": [{"axis": [0, 1], "angle": 180}]},
        {"discrete": [{"axis": "z", "angle": 180}]},
        {"discrete": {"axis": [0, 0, 1], "angle": 180}},
        {"continuous": [{"angle": 180}]},
        {"continuous": [[0, 0, 1]]},
        {"kontinuous": [{"axis": [0, 0, 1]}]},
        {"discrete": [{"axis": [0, 0, 1], "angle": float("nan")}]},
        {"discrete": [{"axis": [0, 0, float("nan")], "angle": 180}]},
        {"discrete": [{"axis": [0, 0, 1], "angle": 180, "point": [0, 0]}]},
        {"continuous": [{"axis": [0, 0, 1], "point": [0, float("nan"), 0]}]},
        [{"axis": [0, 0, 1], "angle": 180}],
    ],
)
def test_what_cannot_be_read_is_refused_with_an_example(config):
    with pytest.raises(InputRefused, match=r"continuous: \[\{axis: \[0, 0, 1\], flip: true\}\]") as refusal:
        Symmetries.from_config(config)
    assert refusal.value.reason == "bad_symmetries"


def test_bops_form_is_in_millimetres():
    turn = half_turn("z")
    turn[:3, 3] = (20, -40, 0)
    symmetries = Symmetries.from_bop(
        {
            "symmetries_discrete": [turn.ravel().tolist()],
            "symmetries_continuous": [{"axis": [0, 0, 2], "offset": [10, -20, 30]}],
        }
    )
    assert symmetries.discrete[0, :3, 3] == pytest.approx([0.02, -0.04, 0])
    assert symmetries.discrete[0, :3, :3] == pytest.approx(half_turn("z")[:3, :3])
    assert symmetries.axes == (Axis((0, 0, 1), (0.01, -0.02, 0.03)),)
    # The point on the axis stays, whichever of both is applied.
    centre = np.array([[0.01, -0.02, 0.03]])
    assert transform_points(symmetries.transforms(), centre) == pytest.approx(
        np.tile(centre, (len(symmetries.transforms()), 1, 1)), abs=1e-9
    )


def test_an_object_of_bop_without_symmetries_has_none():
    assert Symmetries.from_bop({"diameter": 100.0}).order == 1


def random_pose(seed: int) -> np.ndarray:
    T = np.eye(4)
    rng = np.random.default_rng(seed)
    T[:3, :3], T[:3, 3] = Rotation.random(rng=rng).as_matrix(), rng.uniform(-1, 1, 3)
    return T


SEEDS = st.integers(0, 2**32 - 1)


@given(st.floats(-180, 180), DIRECTIONS, DIRECTIONS, SEEDS)
def test_a_turn_about_a_continuous_axis_is_undone_exactly(angle_deg, axis, point, seed):
    symmetries = Symmetries.from_config({"continuous": [{"axis": list(axis), "point": list(point)}]})
    T_cam_obj = random_pose(seed)
    turn = turn_about(np.array(axis) / np.linalg.norm(axis), np.deg2rad([angle_deg]), np.array(point))[0]
    nearest = symmetries.nearest(T_cam_obj @ turn, T_cam_obj)
    assert np.rad2deg(rotation_angle_rad(nearest[:3, :3], T_cam_obj[:3, :3])) < 0.01
    assert nearest[:3, 3] == pytest.approx(T_cam_obj[:3, 3], abs=1e-5)


@pytest.mark.parametrize(
    "config",
    [
        {"discrete": [{"axis": [1, 2, 3], "angle": 120}]},
        {"continuous": [{"axis": [1, 2, 3]}]},
        {"continuous": [{"axis": [1, 2, 3], "flip": True, "point": [0.1, 0, 0]}]},
        {"continuous": [{"axis": [1, 0, 0]}, {"axis": [0, 1, 0]}]},
    ],
)
@given(seed=SEEDS)
def test_the_nearest_is_an_equivalent_and_none_is_nearer(config, seed):
    symmetries = Symmetries.from_config(config)
    T_cam_obj, reference = random_pose(seed), random_pose(seed + 1)
    nearest = symmetries.nearest(T_cam_obj, reference)
    turn = np.linalg.inv(T_cam_obj) @ nearest
    transforms = symmetries.transforms(step_deg=2)
    # Within half a step of one that is listed, and at most as far off as the best of those.
    spacing_deg = 27 if symmetries.is_sphere else 1.01
    assert np.rad2deg(rotation_angle_rad(transforms[:, :3, :3], turn[:3, :3]).min()) < spacing_deg
    listed_rad = rotation_angle_rad((T_cam_obj @ transforms)[:, :3, :3], reference[:3, :3])
    assert rotation_angle_rad(nearest[:3, :3], reference[:3, :3]) < listed_rad.min() + 1e-4


@given(SEEDS)
def test_a_sphere_turns_about_its_centre_into_any_rotation(seed):
    centre = np.array([0.1, -0.2, 0.3])
    axes = [{"axis": [1, 0, 0], "point": centre.tolist()}, {"axis": [0, 0, 1], "point": centre.tolist()}]
    T_cam_obj, reference = random_pose(seed), random_pose(seed + 1)
    nearest = Symmetries.from_config({"continuous": axes}).nearest(T_cam_obj, reference)
    assert nearest[:3, :3] == pytest.approx(reference[:3, :3], abs=1e-5)
    assert transform_points(nearest, centre[None]) == pytest.approx(transform_points(T_cam_obj, centre[None]), abs=1e-5)


def test_without_symmetry_the_nearest_is_the_pose_itself():
    T = half_turn("x")
    assert Symmetries.none().nearest(T, np.eye(4)) is T


OBLONG = Symmetries.from_config({"discrete": [{"axis": axis, "angle": 180} for axis in np.eye(3).tolist()]})


@pytest.mark.parametrize(
    ("own", "distinguishable"),
    [
        (Symmetries.none(), 4),
        (Symmetries.from_config({"discrete": [{"axis": [0, 0, 1], "angle": 180}]}), 2),
        (Symmetries.from_config({"continuous": [{"axis": [0, 0, 1]}]}), 2),
        (OBLONG, 1),
        (Symmetries.from_config({"continuous": [{"axis": [1, 0, 0]}, {"axis": [0, 1, 0]}]}), 1),
    ],
)
def test_of_a_boxs_turns_those_are_told_apart_that_its_own_symmetries_do_not_cover(own, distinguishable):
    turns = own.distinguishable(OBLONG, np.deg2rad(20))
    assert len(turns) == distinguishable
    assert np.array_equal(turns[0], np.eye(4))


def test_turns_about_an_axis_are_told_apart_by_a_print():
    turns = Symmetries.none().distinguishable(
        Symmetries.from_config({"continuous": [{"axis": [0, 0, 1]}]}), np.deg2rad(20)
    )
    assert len(turns) == 12


@pytest.mark.parametrize(
    "info",
    [
        [],
        {"symmetries_discrete": [[1, 2]]},
        {"symmetries_continuous": [{"axis": [0, 0, 0], "offset": [0, 0, 0]}]},
        {"symmetries_continuous": [{"axis": [0, 0, 1]}]},
    ],
)
def test_symmetries_of_a_broken_models_info_are_refused(info):
    with pytest.raises(InputRefused, match=r"models_info\.json") as refusal:
        Symmetries.from_bop(info)
    assert refusal.value.reason == "bad_symmetries"


def test_more_turns_than_any_object_has_are_refused() -> None:
    with pytest.raises(InputRefused, match="more than 1000 turns"):
        Symmetries.from_config({"discrete": [{"axis": [0, 0, 1], "angle": 1}] * 4})
