"""The compact scorer: sets in, scores out, the same by onnxruntime."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import InputRefused
from foundation_pose_ros.networks.compact_score_net import CompactScoreNet, set_losses

MOST_PARAMETERS = 2_000_000


@pytest.fixture(scope="module")
def network() -> CompactScoreNet:
    torch.manual_seed(0)
    return CompactScoreNet().eval()


def images(poses: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    rendered = torch.rand(poses, 6, 64, 64, generator=generator)
    rendered[:, 3:, :10] = 0
    return rendered, torch.rand(1, 6, 64, 64, generator=generator)


def test_it_is_small(network):
    assert sum(p.numel() for p in network.parameters()) < MOST_PARAMETERS


@torch.no_grad()
def test_the_order_of_poses_is_of_no_importance(network):
    rendered, observed = images(5)
    order = [3, 0, 4, 1, 2]
    scores = network(rendered[None], observed[None])[0]
    assert torch.allclose(network(rendered[None, order], observed[None])[0], scores[order], atol=1e-4)


@torch.no_grad()
def test_poses_are_compared_with_each_other(network):
    rendered, observed = images(4)
    alone = network(rendered[None, :2], observed[None])[0]
    among = network(rendered[None], observed[None])[0, :2]
    assert not torch.allclose(alone, among, atol=1e-4)


@torch.no_grad()
def test_sets_dont_know_of_each_other(network):
    first, second = images(3), images(3, 1)
    both = network(torch.stack([first[0], second[0]]), torch.stack([first[1], second[1]]))
    assert torch.allclose(both[0], network(first[0][None], first[1][None])[0], atol=1e-4)


def test_the_loss_is_least_where_scores_say_what_errors_do():
    error = torch.tensor([[0.02, 0.5, 0.03]])
    right, wrong = (set_losses(scores, error, 20.0).mean() for scores in (-20 * error, 20 * error))
    assert float(right) == pytest.approx(0, abs=1e-5)
    assert float(wrong) > 1


def test_it_learns_which_rendering_is_that_of_the_picture():
    torch.manual_seed(1)
    network = CompactScoreNet().train()
    rendered, _ = images(3)
    observed = rendered[1:2]
    error = torch.tensor([[0.5, 0.0, 0.5]])
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    losses = []
    for _ in range(8):
        loss = set_losses(network(rendered[None], observed[None]), error, 20.0).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.3 * losses[0]


def test_onnxruntime_says_the_same_for_any_number_of_poses(network, tmp_path):
    pytest.importorskip("onnx", reason="onnx isn't installed here")
    pytest.importorskip("onnxruntime", reason="onnxruntime isn't installed here")
    from foundation_pose_ros.networks.compact_export import export_compact_scorer
    from foundation_pose_ros.networks.compact_session import CompactScorerSession

    export_compact_scorer(network, tmp_path / "scorer.onnx", {"licence": "Apache-2.0"})
    session = CompactScorerSession(tmp_path / "scorer.onnx")
    assert session.metadata["licence"] == "Apache-2.0"
    for poses in (1, 2, 6):
        rendered, observed = images(poses)
        with torch.no_grad():
            expected = network(rendered[None], observed[None])[0].numpy()
        found = session.scores(rendered.numpy(), observed.numpy())
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_what_is_no_scorer_is_refused(tmp_path):
    pytest.importorskip("onnxruntime", reason="onnxruntime isn't installed here")
    from foundation_pose_ros.networks.compact_session import CompactScorerSession

    (tmp_path / "other.onnx").write_bytes(b"something else")
    for name, reason in (("none.onnx", "no_weights"), ("other.onnx", "bad_weights")):
        with pytest.raises(InputRefused) as refused:
            CompactScorerSession(tmp_path / name)
        assert refused.value.reason == reason
