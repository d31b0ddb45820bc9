"""What turns on the table is where its pose says, stands on the table, and is shaded by a lamp that stands."""

import numpy as np
import pytest

from benchmarks.pose.turntable import Turntable
from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.synthetic.meshes import make_mesh


@pytest.fixture(scope="module")
def table() -> Turntable:
    mesh = make_mesh("cracker_box", 0)
    return Turntable(ObjectModel("box", np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces), None))


@pytest.mark.parametrize("turn_deg", [0.0, 100.0])
def test_depth_and_mask_show_it_at_its_pose(table, turn_deg):
    frame, mask = table.frame(turn_deg, stamp_ns=5)
    v, u = np.nonzero(mask & (frame.depth_m > 0))
    points_cam = frame.camera.rays(u, v) * frame.depth_m[v, u][:, None]
    points = se3.transform_points(se3.inverse(table.pose(turn_deg)), points_cam)
    low, high = table.model.vertices.min(axis=0) - 0.005, table.model.vertices.max(axis=0) + 0.005
    assert frame.stamp_ns == 5 and len(u) > 3000
    assert ((points > low) & (points < high)).all(axis=1).mean() > 0.97


def test_it_turns_about_the_vertical_and_stays_in_place(table):
    first, turned = table.pose(0.0), table.pose(90.0)
    twist = se3.twist_between(first, turned, table.model.centre_m)
    np.testing.assert_allclose(twist[:3], 0, atol=1e-6)
    assert np.rad2deg(np.linalg.norm(twist[3:])) == pytest.approx(90)
    # Its own vertical stays the same.
    np.testing.assert_allclose(first[:3, 2], turned[:3, 2], atol=1e-6)


def test_it_stands_on_the_table(table):
    """Beside its lowest corner the table is as far away as that."""
    frame, mask = table.frame(0.0, 0)
    corner = se3.transform_points(table.pose(0.0), table.model.vertices)
    lowest = corner[np.argmax(corner[:, 1])]
    u, v = frame.camera.project(lowest[None])[0].round().astype(int)
    beside = frame.depth_m[v + 4 : v + 12, u - 10 : u + 10][~mask[v + 4 : v + 12, u - 10 : u + 10]]
    assert np.median(beside[beside > 0]) == pytest.approx(lowest[2], abs=0.03)
