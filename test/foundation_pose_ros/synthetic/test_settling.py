"""What is dropped comes to rest on the table, on what lies there, and not inside it."""

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="falls need MuJoCo")
from foundation_pose_ros.se3 import transform_points
from foundation_pose_ros.synthetic.layout import Item
from foundation_pose_ros.synthetic.scene_bodies import made_item
from foundation_pose_ros.synthetic.settling import dropped


def items() -> list[Item]:
    return [made_item(name, 0) for name in ("cracker_box", "book", "sticker_cube", "mug", "bracket")]


@pytest.fixture(scope="module")
def heap():
    return dropped(items(), np.random.default_rng(0))


def test_bodies_end_on_the_table(heap):
    resting = 0
    for item, T_world_obj in zip(items(), heap, strict=True):
        if T_world_obj is None:
            continue
        lowest_m = transform_points(T_world_obj, item.model.vertices)[:, 2].min()
        assert lowest_m > -0.002
        resting += lowest_m < 0.002
    # The others lie on these.
    assert resting >= 2


def test_they_lie_as_things_lie(heap):
    """A box that fell ends on a side, or leans; it doesn't stand on a corner."""
    T_world_obj = heap[2]
    assert T_world_obj is not None
    tilt = np.abs(T_world_obj[2, :3]).max()
    assert tilt > 0.75  # on a corner 0.58, on an edge 0.71


def test_equal_draws_end_alike(heap):
    again = dropped(items(), np.random.default_rng(0))
    for first, second in zip(heap, again, strict=True):
        np.testing.assert_array_equal(first, second)


def test_hulls_do_not_reach_into_each_other(heap):
    """Points of one are at most a millimetre or two within the hull of another."""
    bodies = [(item, T) for item, T in zip(items(), heap, strict=True) if T is not None]
    for one, T_world_one in bodies:
        points = transform_points(T_world_one, one.model.surface_points(400))
        for other, T_world_other in bodies:
            if other is one:
                continue
            hull = other.model.mesh.convex_hull
            local = transform_points(np.linalg.inv(T_world_other), points)
            # How far beyond the nearest of its planes: negative within.
            normals, corners = hull.face_normals, hull.triangles[:, 0]
            beyond = (np.einsum("pc,fc->pf", local, normals) - np.einsum("fc,fc->f", corners, normals)).max(axis=1)
            assert beyond.min() > -0.003
