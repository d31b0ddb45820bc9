"""Scenes made side by side: by processes of this machine, or by Ray on many. One scene is one shard.

Both call a job with each scene's number and yield what came of it, in the order in which it came. A worker that dies
costs the scene that it was at, which is tried again; all others stay.
"""

import multiprocessing
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from ..errors import InputRefused, shortened
from ..runtime.extras import require
from ..runtime.thread_limits import one_blas_thread, one_cv2_thread

Job = Callable[[int], None]
# How often a scene is tried whose worker dies.
TRIES = 3
_AHEAD = 4


@dataclass(frozen=True)
class Outcome:
    """What came of a scene; error: None where it is done, else why it isn't."""

    number: int
    error: str | None = None


def made_here(job: Job, numbers: Iterable[int]) -> Iterator[Outcome]:
    """Make scenes one after the other in this process."""
    for number in numbers:
        yield _made(job, number)


def made_by_processes(job: Job, numbers: Iterable[int], processes: int) -> Iterator[Outcome]:
    """Make scenes in so many processes; the job must be one that can be pickled."""
    left, tried = deque(numbers), Counter[int]()
    workers: list[_Worker] = []
    try:
        while left or any(worker.at is not None for worker in workers):
            while left and len(workers) < processes:
                workers.append(_Worker(job))
            for worker in workers:
                if worker.at is None and left:
                    number = left.popleft()
                    tried[number] += 1
                    worker.begin(number)
            busy = {worker.connection: worker for worker in workers if worker.at is not None}
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]
                outcome = worker.outcome()
                if outcome is not None:
                    yield outcome
                    continue
                workers.remove(worker)
                number, status = worker.buried()
                if tried[number] < TRIES:
                    left.append(number)
                else:
                    yield Outcome(number, f"its worker died {TRIES} times, the last time with status {status}")
    finally:
        for worker in workers:
            worker.end()


def made_by_ray(job: Job, numbers: Iterable[int], address: str) -> Iterator[Outcome]:
    """Make scenes on a cluster of Ray's, or on Ray's own on this machine where the address is `local`.

    All nodes need this package, and the job's folders at the same place. Raises InputRefused where Ray isn't installed
    or the cluster doesn't answer.
    """
    require("generating on Ray", "ray", otherwise="or leave --ray out")
    import ray

    try:
        ray.init(address=address, log_to_driver=False, ignore_reinit_error=True)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise InputRefused("ray", f"no cluster at {address} ({shortened(error)}): check --ray") from None
    # One processor each. What dies is tried again, elsewhere where a node is gone.
    task = ray.remote(num_cpus=1, max_retries=TRIES - 1)(_made)
    left, at = deque(numbers), dict[Any, int]()
    try:
        while left or at:
            room = _AHEAD * max(int(ray.cluster_resources().get("CPU", 1)), 1)
            while left and len(at) < room:
                number = left.popleft()
                at[task.remote(job, number)] = number
            done, _ = ray.wait(list(at), num_returns=1)
            for reference in done:
                number = at.pop(reference)
                try:
                    yield ray.get(reference)
                except ray.exceptions.RayError as error:
                    yield Outcome(number, f"its worker died {TRIES} times: {shortened(type(error).__name__)}")
    finally:
        ray.shutdown()


def _made(job: Job, number: int) -> Outcome:
    try:
        job(number)
    except InputRefused as refused:
        return Outcome(number, str(refused))
    except Exception as error:  # one scene's mistake is not the others'
        return Outcome(number, shortened(repr(error)))
    return Outcome(number)


class _Worker:
    """One process that is given one number at a time."""

    def __init__(self, job: Job) -> None:
        context = multiprocessing.get_context("spawn")
        self.at: int | None = None
        self.connection, far = context.Pipe()
        self._process: BaseProcess = context.Process(target=_work, args=(job, far), daemon=True)
        self._process.start()
        # With the far end in the process alone, its death ends the connection.
        far.close()

    def begin(self, number: int) -> None:
        """Give it a scene."""
        self.at = number
        # To a dead one it can't be given, which whoever waits for it will see.
        with suppress(OSError):
            self.connection.send(number)

    def outcome(self) -> Outcome | None:
        """Return what it says of its scene, or None where it has died."""
        try:
            outcome: Outcome = self.connection.recv()
        except (EOFError, OSError):
            return None
        self.at = None
        return outcome

    def buried(self) -> tuple[int, int | None]:
        """Return the scene that a dead one was at, and the status that it ended with."""
        assert self.at is not None
        self._process.join()
        self.connection.close()
        return self.at, self._process.exitcode

    def end(self) -> None:
        """Let it go; what it was at stays undone."""
        self._process.terminate()
        self._process.join()
        self.connection.close()


def _work(job: Job, connection: Connection) -> None:
    # The cores are the other processes' as well.
    with one_blas_thread(), one_cv2_thread(), suppress(EOFError):
        while True:
            connection.send(_made(job, connection.recv()))
