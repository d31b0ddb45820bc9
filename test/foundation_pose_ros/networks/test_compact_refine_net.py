"""The compact refiner: pairs in, normal equations of a step out, the same by onnxruntime."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import InputRefused
from foundation_pose_ros.networks.compact_refine_net import CompactRefineNet, _matched, _neighbours
from foundation_pose_ros.networks.compact_score_net import CompactScoreNet
from foundation_pose_ros.networks.surface_motion import SAID, SurfaceMotion
from foundation_pose_ros.observation.compared_images import MARGIN

# Of refiner and scorer together.
MOST_PARAMETERS = 3_000_000


@pytest.fixture(scope="module")
def network() -> CompactRefineNet:
    torch.manual_seed(0)
    return CompactRefineNet().eval()


def images(pairs: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    rendered = torch.rand(pairs, 6, 64, 64, generator=generator)
    rendered[:, 3:, :10] = 0
    return rendered, torch.rand(pairs, 6, 64, 64, generator=generator)


def test_it_is_small_with_the_scorer_beside_it(network):
    both = [*network.parameters(), *CompactScoreNet().parameters()]
    assert sum(p.numel() for p in both) < MOST_PARAMETERS


@torch.no_grad()
def test_pairs_dont_know_of_each_other(network):
    rendered, observed = images(3)
    together = network(rendered, observed)
    assert together.shape == (3, SAID, 16, 16)
    assert torch.allclose(together[1:2], network(rendered[1:2], observed[1:2]), atol=1e-4)


@torch.no_grad()
def test_cells_are_compared_with_those_around_them(network):
    rendered, observed = images(1)
    elsewhere = observed.clone()
    # Nine pixels aside, where another cell's place is.
    elsewhere[:, :3, 20:40, 41:61] = observed[:, :3, 20:40, 32:52]
    assert not torch.allclose(network(rendered, observed), network(rendered, elsewhere), atol=1e-6)


def test_a_piece_moves_to_where_it_is_alike():
    rendered = torch.zeros(1, 6, 64, 64)
    rendered[0, 3:5] = torch.stack(torch.meshgrid(*[torch.linspace(-1, 1, 64)] * 2, indexing="xy"))
    rendered[0, 5] = 0.1
    observed = rendered.clone()
    observed[0, 5] = 0.3
    near = _neighbours(16)
    # Of 7 x 7 neighbours the one to the right of the middle.
    alike = torch.zeros(1, 256, 49)
    alike[:, :, 25] = 30
    moves = _matched(rendered, observed, alike, near)
    # But in the last column, which has none to its right.
    expected = torch.tensor([4 * 2 / 63, 0, 0.2])[:, None, None].expand(3, 16, 15)
    assert torch.allclose(moves[0, :, :, :15], expected, atol=1e-4)


def test_where_depth_was_lost_a_piece_moves_across_the_picture_alone():
    rendered = torch.zeros(1, 6, 64, 64)
    rendered[0, 3:5] = torch.stack(torch.meshgrid(*[torch.linspace(-1, 1, 64)] * 2, indexing="xy"))
    rendered[0, 5] = 0.1
    rendered[:, :, 32:] = 0
    # The neighbour that is below to the right: a row of seven and one on from the middle.
    alike = torch.zeros(1, 256, 49)
    alike[:, :, 32] = 30
    moves = _matched(rendered, torch.zeros_like(rendered), alike, _neighbours(16))[0]
    aside = 2 * MARGIN / 16
    expected = torch.tensor([aside, aside, 0])[:, None, None].expand(3, 8, 15)
    assert torch.allclose(moves[:, :8, :15], expected, atol=1e-4)
    assert not moves[:, 8:].any()


def test_onnxruntime_says_the_same_for_any_number_of_pairs(network, tmp_path):
    pytest.importorskip("onnx", reason="onnx isn't installed here")
    pytest.importorskip("onnxruntime", reason="onnxruntime isn't installed here")
    from foundation_pose_ros.networks.compact_export import export_compact_refiner
    from foundation_pose_ros.networks.compact_session import CompactRefinerSession, CompactScorerSession

    path = tmp_path / "refiner.onnx"
    export_compact_refiner(network, path, {"licence": "Apache-2.0"})
    session = CompactRefinerSession(path)
    assert session.metadata["licence"] == "Apache-2.0"
    for pairs in (1, 2, 5):
        rendered, observed = images(pairs)
        with torch.no_grad():
            expected = SurfaceMotion.said_of(rendered, observed, network(rendered, observed)).equations()
        found = session.equations(rendered.numpy(), observed.numpy())
        for ours, theirs in zip(found, expected, strict=True):
            scale = float(theirs.abs().max())
            np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-4 * scale)
    half = tmp_path / "half.onnx"
    export_compact_refiner(network, half, {}, half=True)
    assert half.stat().st_size < 0.6 * path.stat().st_size
    for ours, theirs in zip(CompactRefinerSession(half).equations(*images(2)), expected, strict=True):
        assert ours.shape[1:] == theirs.shape[1:] and np.isfinite(ours).all()
    with pytest.raises(InputRefused) as refused:
        CompactScorerSession(path)
    assert refused.value.reason == "bad_weights"
