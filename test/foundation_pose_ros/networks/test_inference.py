"""A prepared network says what the plain one does."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import InputRefused
from foundation_pose_ros.networks.inference import InferenceSettings, PreparedNetwork, folded


def pairs(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    values = np.random.default_rng(count).standard_normal((2, count, 6, 160, 160)).astype(np.float32) * 0.5
    return torch.from_numpy(values[0]), torch.from_numpy(values[1])


def test_folded_convolutions_do_what_their_norms_did(refine_net: Any) -> None:
    plain, ready = refine_net.encodeA, folded(refine_net).encodeA
    images = pairs(1)[0]
    with torch.no_grad():
        assert (plain(images) - ready(images)).abs().max() < 1e-4
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in ready.modules())
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in plain.modules())  # a copy was folded


@torch.no_grad()
def test_steps_are_those_of_the_plain_network(refine_net: Any) -> None:
    rendered, observed = pairs(1)
    for ours, plain in zip(
        PreparedNetwork(refine_net).steps(rendered, observed), refine_net(rendered, observed), strict=True
    ):
        assert (ours - plain).abs().max() < 1e-4


@torch.no_grad()
def test_scores_of_parts_are_those_of_the_plain_network(score_net: Any) -> None:
    rendered, observed = pairs(2)
    parts = [(rendered[:1], observed[:1]), (rendered[1:], observed[1:])]
    assert (PreparedNetwork(score_net).scores(parts) - score_net(rendered, observed, 2)[0]).abs().max() < 1e-4


@torch.no_grad()
def test_half_precision_is_near(refine_net: Any) -> None:
    rendered, observed = pairs(1)
    half = PreparedNetwork(refine_net, settings=InferenceSettings(precision="bf16"))
    for ours, plain in zip(half.steps(rendered, observed), refine_net(rendered, observed), strict=True):
        assert ours.dtype == torch.float32
        assert 0 < (ours - plain).abs().max() < 0.1


def test_an_unknown_precision_is_refused(refine_net: Any) -> None:
    with pytest.raises(InputRefused, match="fp32, fp16, bf16"):
        PreparedNetwork(refine_net, settings=InferenceSettings(precision="int8"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_graphs_on_cuda_say_the_same(refine_net: Any) -> None:
    rendered, observed = (images.cuda() for images in pairs(3))
    graphed = PreparedNetwork(refine_net, "cuda", InferenceSettings("fp32"))
    plain = PreparedNetwork(refine_net, "cuda", InferenceSettings("fp32", graphs=False))
    for _ in range(2):
        for ours, other in zip(graphed.steps(rendered, observed), plain.steps(rendered, observed), strict=True):
            assert (ours - other).abs().max() < 1e-4
