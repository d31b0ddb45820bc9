"""The forward pass with less work computes what the plain one does, in chunks of any size, with gradients too."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from universeg_ros import UniverSeg
from universeg_ros.network.fast_forward import CPU_CHUNK_BYTES, chunk_size


def trained_looking(features: list[int]) -> UniverSeg:
    """A network whose biases count: right after initialisation they are 0 and hide mistakes."""
    torch.manual_seed(1)
    model = UniverSeg(features)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def task(batch: int, count: int, height: int, width: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(count)
    images = torch.rand((batch, count, 1, height, width), generator=generator)
    labels = (torch.rand((batch, count, 1, height, width), generator=generator) > 0.6).float()
    return torch.rand((batch, 1, height, width), generator=generator), images, labels


@pytest.mark.parametrize("features", [[6], [6, 4], [8, 6, 4], [8, 8, 8, 8]], ids=str)
@pytest.mark.parametrize("count", [1, 2, 7])
@torch.no_grad()
def test_equal_to_the_plain_form(features: list[int], count: int) -> None:
    model = trained_looking(features)
    given = task(2, count, 16, 24)
    assert torch.allclose(model(*given), model.plain(*given), atol=1e-5)


@pytest.mark.parametrize("budget", [1, 8 << 10, 100 << 10, 1 << 30])
@torch.no_grad()
def test_chunks_of_any_size_give_the_same(budget: int) -> None:
    model = trained_looking([8, 6, 4])
    given = task(2, 11, 16, 16)
    assert torch.allclose(model(*given, memory_budget=budget), model.plain(*given), atol=1e-5)


@torch.no_grad()
def test_hundreds_of_supports() -> None:
    model = trained_looking([8, 8, 8, 8])
    given = task(1, 256, 16, 16)
    assert torch.allclose(model(*given), model.plain(*given), atol=1e-5)


def test_chunks_keep_to_the_budget() -> None:
    target = torch.zeros(1, 1, 128, 128)
    item_bytes = 2 * 64 * 128 * 128 * 4
    assert chunk_size(64, target, 1) == 1
    assert chunk_size(64, target, 2 * item_bytes) == 2 <= CPU_CHUNK_BYTES // item_bytes
    assert chunk_size(64, target, 1 << 40) == CPU_CHUNK_BYTES // item_bytes


def test_smallest_images() -> None:
    """A border of one pixel, where zero padding comes between two convolutions, is all that a tiny image has."""
    model = trained_looking([8, 6])
    for height, width in ((2, 2), (2, 8), (8, 2)):
        given = task(1, 3, height, width)
        with torch.no_grad():
            assert torch.allclose(model(*given), model.plain(*given), atol=1e-5), (height, width)


def test_gradients_are_those_of_the_plain_form() -> None:
    model = trained_looking([6, 6, 6]).double()
    given = [tensor.double() for tensor in task(2, 3, 8, 16)]
    weighting = torch.from_numpy(np.random.default_rng(2).random((2, 1, 8, 16)))
    gradients = []
    for forward in (model, model.plain):
        model.zero_grad()
        (forward(*given) * weighting).sum().backward()
        gradients.append({name: p.grad for name, p in model.named_parameters() if p.grad is not None})
    fast, plain = gradients
    assert (
        set(fast) == set(plain) == {n for n, _ in model.named_parameters() if not n.startswith("dec_blocks.1.support")}
    )
    for name, gradient in fast.items():
        assert torch.allclose(gradient, plain[name], rtol=1e-9, atol=1e-12), name
