"""The hash grid interpolates: linear between corners, continuous across cells, differentiable in place and table."""

import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.reconstruction.neural_field.hash_grid import HashGrid


@pytest.fixture
def grid() -> HashGrid:
    torch.manual_seed(0)
    grid = HashGrid(levels=1, features=2, entries=2**12, coarsest=8, finest=8)
    torch.nn.init.normal_(grid.table)
    return grid


def test_corners_hold_their_own_entries_and_the_middle_their_mean(grid):
    corners = torch.tensor([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) / 4.0 - 0.5
    # A cell is a quarter of the cube's side here; entries differ from corner to corner.
    at_corners = grid(corners)
    assert len(torch.unique(at_corners[:, 0])) == 8
    assert grid(corners.mean(dim=0, keepdim=True))[0].detach() == pytest.approx(at_corners.mean(dim=0).detach())


def test_it_is_continuous_across_cells_and_linear_within(grid):
    border = torch.tensor([[0.25, 0.1, -0.3]])
    either_side = grid(torch.cat([border - 1e-5, border + 1e-5]))
    assert either_side[0].detach() == pytest.approx(either_side[1].detach(), abs=1e-3)
    ends = torch.tensor([[0.01, 0.1, 0.2], [0.09, 0.1, 0.2]])
    assert grid(ends.mean(dim=0, keepdim=True))[0].detach() == pytest.approx(grid(ends).mean(dim=0).detach(), abs=1e-5)


def test_gradients_are_those_of_differences(grid):
    points = torch.rand(20, 3, generator=torch.Generator().manual_seed(1)) * 1.8 - 0.9
    points.requires_grad_()
    grid(points).sum().backward()
    step = torch.tensor([1e-3, 0, 0])
    difference = (grid(points + step) - grid(points - step)).sum(dim=1) / 2e-3
    inside = (((points[:, 0] * 0.5 + 0.5) * 8) % 1 - 0.5).abs() < 0.48  # not across a cell's border
    assert points.grad[inside, 0] == pytest.approx(difference[inside].detach(), rel=0.02, abs=0.02)
    assert grid.table.grad.abs().sum() > 0


def test_levels_go_from_coarse_to_fine():
    grid = HashGrid(levels=3, features=2, entries=2**10, coarsest=4, finest=64)
    assert grid.cells.tolist() == pytest.approx([4, 16, 64])
    assert grid(torch.zeros(5, 3)).shape == (5, 6)
