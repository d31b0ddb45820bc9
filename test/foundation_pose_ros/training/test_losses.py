"""Losses and steps against cases that can be worked out by hand."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import se3
from foundation_pose_ros.learned.pose_update import stepped, true_steps
from foundation_pose_ros.training.losses import ranking_loss, step_loss

CENTRE = torch.tensor([0.02, -0.01, 0.05])
RADIUS_M, TURN_RAD = 0.08, np.deg2rad(20)


def poses(count: int = 6) -> torch.Tensor:
    rng = np.random.default_rng(0)
    R = Rotation.random(count, rng=rng).as_matrix()
    return torch.from_numpy(
        se3.from_rotation_translation(R, rng.uniform([-0.1, -0.1, 0.4], [0.1, 0.1, 0.8], (count, 3)))
    )


def test_true_steps_are_pushes_in_radii_and_turns_the_other_way_round():
    T = poses(1)
    twist = np.array([[0.04, 0.0, -0.08, 0.0, np.deg2rad(10), 0.0]])
    T_true = torch.from_numpy(se3.apply_twist(T.numpy(), twist, CENTRE.numpy()))
    translation, rotation = true_steps(T, T_true, CENTRE, RADIUS_M, TURN_RAD)
    assert translation[0].numpy() == pytest.approx([0.5, 0, -1], abs=1e-5)
    assert rotation[0].numpy() == pytest.approx([0, -0.5, 0], abs=1e-5)


def test_a_network_that_says_the_true_step_moves_a_pose_to_the_truth():
    rng = np.random.default_rng(1)
    T_true = poses()
    twist = np.concatenate([rng.uniform(-0.03, 0.03, (6, 3)), rng.uniform(-0.19, 0.19, (6, 3))], axis=1)
    T_start = torch.from_numpy(se3.apply_twist(T_true.numpy(), twist, CENTRE.numpy()))
    translation, rotation = true_steps(T_start, T_true, CENTRE, RADIUS_M, TURN_RAD)
    moved = stepped(T_start, translation, torch.atanh(rotation), CENTRE, RADIUS_M, TURN_RAD)
    assert torch.allclose(moved, T_true, atol=1e-5)


def test_no_step_is_said_where_none_is_needed():
    translation, rotation = true_steps(poses(), poses(), CENTRE, RADIUS_M, TURN_RAD)
    assert not translation.any()
    assert rotation.abs().max() < 1e-3


def test_step_loss_weighs_squares_and_bends_rotation():
    translation, rotation = torch.tensor([[0.5, 0.0, 0.0]]), torch.tensor([[0.0, 10.0, 0.0]])
    zero = torch.zeros(1, 3)
    loss = step_loss(translation, rotation, zero, zero, weights=(2.0, 0.1))
    assert float(loss) == pytest.approx(2 * 0.25 + 0.1 * 1.0, abs=1e-4)
    assert float(step_loss(zero, torch.full((1, 3), 50.0), zero, torch.ones(1, 3))) == pytest.approx(0, abs=1e-6)


def test_ranking_asks_the_margin_of_each_pair_with_a_right_pose():
    error = torch.tensor([[0.01, 0.05, 0.4]])
    assert float(ranking_loss(torch.tensor([[2.0, 1.0, 0.0]]), error)) == 0
    # Pairs (0, 1), (0, 2) and (1, 2) count. Only (0, 1) is in the wrong order, by 0.3; the margin comes on top.
    scores = torch.tensor([[1.0, 1.3, 0.0]])
    assert float(ranking_loss(scores, error, margin=0.1)) == pytest.approx(0.4 / 3)


def test_ranking_leaves_the_order_of_poses_that_are_all_far_off_open():
    assert float(ranking_loss(torch.tensor([[0.0, 5.0]]), torch.tensor([[0.2, 0.4]]))) == 0


def test_the_gradient_of_the_ranking_parts_the_scores():
    scores = torch.zeros(1, 2, requires_grad=True)
    ranking_loss(scores, torch.tensor([[0.01, 0.3]])).backward()
    assert scores.grad is not None
    assert scores.grad[0, 0] < 0 < scores.grad[0, 1]
