"""A view that was tracked a little off is put where the views beside it say."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.reconstruction.view_poses.realignment import RealignmentSettings, realigned
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, turn_poses


@pytest.fixture(scope="module")
def turn() -> tuple[ReferenceView, ...]:
    """Five views of a carton, twelve degrees apart."""
    carton = ObjectModel.from_mesh(make_mesh("cracker_box", 0), name="carton")
    return render_views(carton, turn_poses(carton, 5, turn_deg=60), settings=StudioSettings(light_turns=True))


def off(view: ReferenceView, twist: tuple[float, ...]) -> ReferenceView:
    return replace(view, T_cam_obj=se3.apply_twist(view.pose, np.array(twist)))


@pytest.mark.parametrize("twist", [(0.004, 0.003, -0.003, 0, 0, 0), (0, 0, 0, 0.0, 0.04, 0.02)])
def test_a_view_that_is_off_comes_back(twist, turn):
    moved = off(turn[4], twist)
    before_m, before_deg = pose_error(moved.pose, turn[4].pose)
    after_m, after_deg = pose_error(realigned(moved, turn[:4]).pose, turn[4].pose)
    assert after_m < 0.0015 and after_deg < 0.5, (after_m, after_deg)
    assert after_m + np.deg2rad(after_deg) * 0.1 < 0.5 * (before_m + np.deg2rad(before_deg) * 0.1)


def test_a_view_that_would_go_far_stays(turn):
    moved = off(turn[4], (0.004, 0.003, -0.003, 0, 0, 0))
    assert realigned(moved, turn[:4], RealignmentSettings(farthest=0.001)) is moved


def test_a_view_without_depth_stays(turn):
    blind = replace(turn[4], frame=replace(turn[4].frame, depth_m=np.zeros_like(turn[4].frame.depth_m)))
    assert realigned(blind, turn[:4]) is blind
