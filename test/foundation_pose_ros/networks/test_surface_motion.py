"""From what is said of pieces of a surface to a step: rigid motion is recovered, by motions and by depth."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import se3
from foundation_pose_ros.networks.surface_motion import SAID, SurfaceMotion, motions, moved

TWIST = np.array([0.05, -0.03, 0.04, 0.06, -0.05, 0.08])


def ball(shift: np.ndarray) -> torch.Tensor:
    """The near side of a dented ball (1, 6, 64, 64) that was moved, as parallel rays see it."""
    v, u = (np.mgrid[:64, :64] - 31.5) / 24
    x, y = u - shift[0], v - shift[1]
    inside = x**2 + y**2 < 0.9
    dents = 0.08 * np.sin(5 * x) * np.cos(4 * y)
    z = -np.sqrt(np.maximum(1 - x**2 - y**2, 0)) + dents + shift[2]
    image = np.zeros((1, 6, 64, 64), np.float32)
    image[0, 3:] = np.stack([u, v, z]) * inside
    return torch.from_numpy(image)


def motion_of(twist: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(se3.apply_twist(np.eye(4, dtype=np.float32), twist))[None]


def solved(said: SurfaceMotion) -> np.ndarray:
    information, pull = said.equations()
    return torch.linalg.solve(information, pull)[0].numpy()


def test_points_move_as_rigid_bodies_do():
    points = torch.rand(1, 9, 3, generator=torch.Generator().manual_seed(0))
    there = moved(points, torch.from_numpy(TWIST)[None].float())
    expected = points + motions(points, motion_of(TWIST))
    assert torch.allclose(there, expected, atol=1e-5)
    assert torch.allclose(moved(points, torch.zeros(1, 6)), points)


def test_motions_of_pieces_are_one_rigid_step():
    image = ball(np.zeros(3))
    said = SurfaceMotion.said_of(image, torch.zeros_like(image), torch.zeros(1, SAID, 16, 16))
    assert float(said.depth.share.max()) == 0
    told = replace(said, motion=motions(said.points, motion_of(TWIST)))
    np.testing.assert_allclose(solved(told), TWIST, atol=0.015)


def test_depth_alone_tells_a_shift():
    shift = np.array([0.03, -0.02, 0.05])
    # Nothing is known of motions.
    nothing = torch.zeros(1, SAID, 16, 16)
    nothing[:, 3:6] = -4
    step = solved(SurfaceMotion.said_of(ball(np.zeros(3)), ball(shift), nothing))
    np.testing.assert_allclose(step[:3], shift, atol=0.012)
    assert np.abs(step[3:]).max() < 0.03


def test_where_nothing_is_seen_nothing_moves():
    image = ball(np.zeros(3))
    step = solved(SurfaceMotion.said_of(torch.zeros_like(image), image, torch.zeros(1, SAID, 16, 16)))
    assert np.abs(step).max() == 0


def test_the_true_motion_is_likelier_than_another():
    image = ball(np.zeros(3))
    shift = np.array([0.0, 0.0, 0.1])
    said = SurfaceMotion.said_of(image, ball(shift), torch.zeros(1, SAID, 16, 16))
    said = replace(said, motion=torch.tensor(shift, dtype=torch.float32).expand_as(said.motion))
    true, other = (motion_of(np.concatenate([at * shift, np.zeros(3)])) for at in (1, -1))
    assert float(said.unlikely(true)) < float(said.unlikely(other)) - 0.1
