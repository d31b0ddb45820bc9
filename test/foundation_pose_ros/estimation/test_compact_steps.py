"""A registration that a network's steps go beside: the better evidence wins."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from foundation_pose_ros import se3
from foundation_pose_ros.estimation.candidates import Candidates
from foundation_pose_ros.estimation.compact_steps import CompactSteps
from foundation_pose_ros.estimation.render_and_compare import RenderAndCompare
from foundation_pose_ros.observation.crop import Crop

# Farther than the point-to-plane steps at the end come back from.
OFF = np.array([0.03, -0.03, 0.02, 0.4, -0.3, 0.3])


class Goes:
    """A refiner that puts all poses to one place."""

    def __init__(self, T: np.ndarray) -> None:
        self.T = T

    def moved(self, frame, T_cam_obj: np.ndarray, iterations: int) -> np.ndarray:
        return np.repeat(self.T[None], len(T_cam_obj), axis=0).astype(np.float32)


@pytest.fixture(scope="module")
def compare(cube) -> RenderAndCompare:
    return RenderAndCompare.on_cpu(cube, 1)


def registered(
    compare: RenderAndCompare, view, T: np.ndarray, goes: np.ndarray, up_to_depth: float = 1.0
) -> Candidates:
    """What comes of a registration that ended at T, and a network that goes elsewhere."""

    def registration(frame, mask, possible=None) -> Candidates:
        crop = Crop.around_mask(frame, mask, compare.model.diameter_m, possible)
        return compare.evaluate_unrefined(crop.observe(64), T[None].astype(np.float32), 0.005)

    refiner = Goes(goes)
    return CompactSteps(registration, refiner, compare, up_to_depth)(view.frame, view.mask)


def off_deg(T: np.ndarray, T_true: np.ndarray) -> float:
    return float(np.rad2deg(se3.rotation_angle_rad(T[:3, :3], T_true[:3, :3])))


def test_a_better_pose_of_the_network_comes_first(see, cube, cube_pose, compare):
    view = see(cube_pose)
    astray = se3.apply_twist(cube_pose, OFF, cube.centre_m)
    found = registered(compare, view, astray, cube_pose)
    assert off_deg(found.refined.T_cam_obj[0], cube_pose) < 2
    assert (np.diff(found.evidence.rank) <= 0).all()


def test_a_worse_one_changes_nothing(see, cube, cube_pose, compare):
    view = see(cube_pose)
    astray = se3.apply_twist(cube_pose, OFF, cube.centre_m)
    found = registered(compare, view, cube_pose, astray)
    assert off_deg(found.refined.T_cam_obj[0], cube_pose) < 2


def test_where_depth_is_there_the_network_is_not_asked(see, cube, cube_pose, compare):
    view = see(cube_pose)
    astray = se3.apply_twist(cube_pose, OFF, cube.centre_m)
    found = registered(compare, view, astray, cube_pose, up_to_depth=0.7)
    np.testing.assert_allclose(found.refined.T_cam_obj[0], astray, atol=1e-6)
    depth_m = view.frame.depth_m.copy()
    depth_m[:, ::2] = 0
    half = SimpleNamespace(frame=replace(view.frame, depth_m=depth_m), mask=view.mask)
    found = registered(compare, half, astray, cube_pose, up_to_depth=0.7)
    assert off_deg(found.refined.T_cam_obj[0], cube_pose) < 3
