"""Creases: surfaces that meet in a hollow are of two things, ones that meet in an edge are of one."""

import numpy as np
import trimesh

from foundation_pose_ros import Camera, Frame, ObjectModel
from foundation_pose_ros.estimation.coarse_scene import CoarseScene
from foundation_pose_ros.estimation.object_prior import SizeColourPrior
from foundation_pose_ros.estimation.object_proposals import propose

CAMERA = Camera(600.0, 600.0, 319.5, 239.5, 640, 480)
X_M, Y_M = (0.8 * (one - 320) / 600 for one in np.meshgrid(np.arange(640), np.arange(480)))
SLOPE = 0.7


def folded(slope: float) -> CoarseScene:
    """Two surfaces of 6 x 10 cm, 0.8 m away where they meet, with half a millimetre of noise."""
    noise_m = np.random.default_rng(5).normal(0, 5e-4, X_M.shape)
    depth_m = np.where((np.abs(X_M) < 0.06) & (np.abs(Y_M) < 0.05), 0.8 + slope * np.abs(X_M) + noise_m, 0)
    return CoarseScene.of(Frame(np.full((480, 640, 3), 128, np.uint8), depth_m.astype(np.float32), CAMERA))


def test_a_hollow_is_a_crease_and_an_edge_is_none() -> None:
    hollow, edge = folded(-SLOPE), folded(SLOPE)
    beside = hollow.reduced((np.abs(X_M) < 0.004) & (np.abs(Y_M) < 0.04))
    assert hollow.on_crease[beside].mean() > 0.9
    away = hollow.reduced(np.abs(X_M) > 0.02)
    assert hollow.on_crease[away].mean() < 0.02
    assert edge.on_crease.mean() < 0.01


def test_things_that_touch_are_proposed_one_by_one() -> None:
    prior = SizeColourPrior(ObjectModel.from_mesh(trimesh.creation.box((0.07, 0.1, 0.07)), name="block"))
    left = X_M < 0
    shares = [float((thing.mask & left).sum() / thing.mask.sum()) for thing in propose(folded(-SLOPE), prior)]
    assert max(shares) > 0.9 and min(shares) < 0.1
    assert all(0.3 < (one.mask & left).sum() / one.mask.sum() < 0.7 for one in propose(folded(SLOPE), prior))
