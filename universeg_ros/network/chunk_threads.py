"""Chunks of a support computed side by side, a thread each, without the threads inside of an operation.

PyTorch's own threads meet after every operation. That is as good while each has a core; where other processes want
the cores too, one of them always waits for its turn and all others for it, hundreds of times in a forward pass. Threads
that take whole chunks meet once a block, and whoever is done takes the next chunk.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import TypeVar

import torch
from torch import Tensor

Result = TypeVar("Result")


def threads_for(tensor: Tensor) -> int:
    """Return how many threads may take chunks: one where gradients are wanted, off the CPU, or in a compiled graph."""
    if torch.compiler.is_compiling() or tensor.device.type != "cpu" or torch.is_grad_enabled():
        return 1
    return torch.get_num_threads()


@contextmanager
def one_each(threads: int) -> Iterator[None]:
    """Leave PyTorch one thread inside of an operation, where several take chunks."""
    if threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def done_by(threads: int, jobs: Sequence[Callable[[], Result]]) -> list[Result]:
    """Return the jobs' results in their order; the caller's thread is one of the threads."""
    if threads == 1:
        return [job() for job in jobs]
    results: dict[int, Result] = {}
    waiting = list(enumerate(jobs))[::-1]
    settings = (torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu"))

    def work() -> None:
        inference, autocast, dtype = settings
        # Both modes belong to a thread.
        with torch.inference_mode(inference), torch.no_grad(), torch.autocast("cpu", dtype, enabled=autocast):
            while True:
                try:
                    number, job = waiting.pop()
                except IndexError:  # another thread took the last one
                    return
                results[number] = job()

    helping = [_pool(threads - 1).submit(work) for _ in range(threads - 1)]
    work()
    for one in helping:
        one.result()
    return [results[number] for number in range(len(jobs))]


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "chunks", initializer=lambda: torch.set_num_threads(1))


# Threads don't survive a fork: a child process makes its own.
os.register_at_fork(after_in_child=_pool.cache_clear)
