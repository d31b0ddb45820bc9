"""Chunks taken by several threads give what one thread gives, in order, and in its modes."""

import threading

import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from universeg_ros import UniverSeg
from universeg_ros.network.chunk_threads import done_by, one_each, threads_for


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_results_keep_their_order() -> None:
    together = threading.Barrier(2)

    def job(number: int) -> int:
        if number < 2:  # both threads are at work at once
            together.wait(timeout=10)
        return number

    assert done_by(2, [lambda number=number: job(number) for number in range(9)]) == list(range(9))


def test_jobs_run_in_the_callers_modes() -> None:
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        a = torch.rand(4, 4)
        made = done_by(2, [lambda: a @ a for _ in range(6)])
    assert all(tensor.dtype == torch.bfloat16 and tensor.is_inference() for tensor in made)


def test_a_jobs_error_is_raised() -> None:
    def broken() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        done_by(2, [broken] * 4)


@pytest.mark.usefixtures("two_threads")
def test_the_same_to_the_bit_with_any_threads() -> None:
    model = UniverSeg([8, 8, 8]).eval()
    images = torch.rand(1, 9, 1, 32, 32)
    given = images[:, 0], images[:, 1:], (images[:, 1:] > 0.5).float()
    with torch.inference_mode():
        first = model(*given)
        assert all(torch.equal(model(*given), first) for _ in range(5))
        torch.set_num_threads(1)
        alone = model(*given)
    assert torch.allclose(alone, first, atol=1e-5)


@pytest.mark.usefixtures("two_threads")
def test_threads_are_left_as_they_were() -> None:
    tensor = torch.zeros(1)
    assert threads_for(tensor) == 1  # gradients are wanted
    with torch.inference_mode():
        assert threads_for(tensor) == 2
        with one_each(2):
            assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
