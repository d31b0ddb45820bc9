"""Several objects tracked at the same time, each process taking its share of them.

Threads don't do: what a step computes in Python between its compiled loops holds Python's lock for half of the time.
"""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from statistics import median
from typing import Any

from ..estimator import PoseEstimator
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..pose_result import PoseResult
from ..uncertainty.comparison import longest_due
from .estimator_protocol import Followed, followed
from .shared_frame import FrameHeader, SharedFrame

_LOG = logging.getLogger(__name__)
_MODULE = "foundation_pose_ros.tracking.worker_process"
# A step takes milliseconds: a helper that is silent for so long has hung.
_LONGEST_S = 5.0
# One that is told to end while it gets a model ready is not waited for.
_LONGEST_END_S = 0.5
# Between a helper and the one that takes its place: should each die at once, they don't take the processor.
_PAUSE_S = 5.0
# What a helper's share takes beside its steps: it is woken, and reads and writes what is handed over.
_HANDOVER_S = 0.0003
# A step in which a pose is compared with its rivals takes so many times as long as one in which it isn't.
_COMPARED = 3.0


@dataclass(frozen=True)
class ModelNeeded:
    """To a helper: a model that it will be asked for. It answers when it has got ready."""

    model: ObjectModel


@dataclass(frozen=True)
class Forgotten:
    """To a helper: the name of a model that is no longer needed."""

    name: str


@dataclass(frozen=True)
class Share:
    """To a helper: poses to follow into a frame that is about to come. It wakes and reads while that is written.

    compared: which of them are compared with their rivals, where that is due.
    """

    previous: tuple[PoseResult, ...]
    compared: tuple[bool, ...]


@dataclass(frozen=True)
class Written:
    """To a helper: the shared memory holds the frame. It answers a list of what it found of its share."""

    header: FrameHeader


class TrackingProcesses:
    """Follows poses with an estimator, and with helper processes that do as it does once there are several to follow.

    A helper takes seconds to start, and to get ready for each model; until then the work is done here. When it dies,
    another takes its place. It holds 0.35 GB. Call `close` in the end.
    """

    def __init__(
        self, estimator: PoseEstimator, processes: int = 2, when_lost: Callable[[str], None] = _LOG.warning
    ) -> None:
        """estimator: a learning-free one, as the helpers are. processes: this one among them.

        when_lost: is told in words that a helper has died, or can't be started.
        """
        self._estimator = estimator
        self._when_lost = when_lost
        self._next_start_s = 0.0
        self._most = processes - 1
        self._helpers: list[_Helper] = []
        self._frame: SharedFrame | None = None
        self._step_s: dict[str, float] = {}  # the last step's, by the object's name

    def __call__(self, frame: Frame, previous: Sequence[PoseResult]) -> list[Followed]:
        """Return where the frame shows each object, or why it doesn't, in order.

        One of them is compared with its rivals, where that is due, while others have others; without helpers none is.
        """
        memory = self.start(len(previous))
        ready = self._ready()[: max(0, len(previous) - 1)]
        names = [pose.object_name for pose in previous]
        due = longest_due(previous, frame.stamp_ns) if ready else None
        times_s = expected_s(names, self._step_s)
        if due is not None:
            times_s[due] *= _COMPARED
        shares = even_shares(times_s, [_HANDOVER_S] * len(ready) + [0.0])
        for helper, share in zip(ready, shares, strict=False):
            helper.tell(Share(tuple(previous[i] for i in share), tuple(i == due for i in share)))
        if ready:
            written = Written(memory.write(frame))
            for helper in ready:
                helper.tell(written)
        found = dict(self._here(frame, previous, due, shares[-1]))
        for helper, share in zip(ready, shares, strict=False):
            answer = helper.answer()
            found |= self._here(frame, previous, due, share) if answer is None else zip(share, answer, strict=True)
        usual = [one for i, one in found.items() if i != due and isinstance(one, PoseResult)]
        self._step_s |= {one.object_name: one.time_s for one in usual}
        return [found[i] for i in range(len(previous))]

    def start(self, objects: int) -> SharedFrame:
        """Let the helpers start that so many objects are worth, sooner than the first frame with them would."""
        self._frame = self._frame or SharedFrame()
        self._bury()
        while len(self._helpers) < min(self._most, objects - 1) and time.monotonic() >= self._next_start_s:
            try:
                self._helpers.append(_Helper(self._frame))
            except OSError as error:  # no memory for it, or too many processes
                self._when_lost(
                    f"a helper process for tracking can't be started ({error}): its objects are tracked here"
                )
                self._next_start_s = time.monotonic() + _PAUSE_S
        return self._frame

    @property
    def ready(self) -> int:
        """Return how many helpers would take a share of a frame now."""
        return len(self._ready())

    def close(self) -> None:
        """Let the helpers end; others begin where there is work again."""
        for helper in self._helpers:
            helper.close()
        self._helpers.clear()
        if self._frame is not None:
            self._frame.close()
            self._frame = None

    def _bury(self) -> None:
        """Take those that have died out, so that others are started."""
        for helper in [helper for helper in self._helpers if helper.cause_of_death]:
            self._when_lost(
                f"a helper process for tracking {helper.cause_of_death}; its objects are tracked in the main process "
                f"until another has started"
            )
            helper.close()
            self._helpers.remove(helper)
            self._next_start_s = time.monotonic() + _PAUSE_S

    def _ready(self) -> list["_Helper"]:
        models = self._estimator.models.copy()  # another thread may add to them meanwhile
        return [helper for helper in self._helpers if helper.ready_for(models)]

    def _here(
        self, frame: Frame, previous: Sequence[PoseResult], due: int | None, numbers: Iterable[int]
    ) -> Iterable[tuple[int, Followed]]:
        return [(i, followed(self._estimator, frame, previous[i], compare=i == due)) for i in numbers]


def expected_s(names: Sequence[str], step_s: Mapping[str, float]) -> list[float]:
    """Guess what a step of each object will take: what its last one took, or where there was none, a usual one.

    Poses say what it took to find them, which after a registration is something else.
    """
    usual_s = median(step_s.values()) if step_s else 1.0
    return [step_s.get(name, usual_s) for name in names]


def even_shares(times_s: Sequence[float], before_s: Sequence[float]) -> list[list[int]]:
    """Share out numbers of times into lists that end at about the same time: longest first, each to who has least.

    before_s: what each list takes beside.
    """
    shares: list[list[int]] = [[] for _ in before_s]
    took_s = list(before_s)
    for i in sorted(range(len(times_s)), key=lambda i: -times_s[i]):
        least = took_s.index(min(took_s))
        shares[least].append(i)
        took_s[least] += times_s[i]
    return shares


class _Helper:
    """The near end of one helper process."""

    def __init__(self, frame: SharedFrame) -> None:
        self._connection, far = Pipe()
        files = far.fileno(), frame.file
        self._process = subprocess.Popen(
            [sys.executable, "-m", _MODULE, *map(str, files)],
            pass_fds=files,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for this process, which then ends that one
        )
        far.close()
        self._alive = True
        self.cause_of_death = ""
        self._sent: dict[str, ObjectModel] = {}
        self._busy = True  # until it has loaded its libraries

    def ready_for(self, models: dict[str, ObjectModel]) -> bool:
        """Let it have these models, and no others; True where it has got ready for all of them."""
        if self._busy and self._received(0.0) is not None:
            self._busy = False
        if self._busy or not self._alive:
            return False
        for name in [name for name, model in self._sent.items() if models.get(name) is not model]:
            del self._sent[name]
            self.tell(Forgotten(name))
        model = next((model for name, model in models.items() if name not in self._sent), None)
        if model is not None:
            # One at a time: a pipe that nobody reads, as while the last one is got ready, is soon full.
            self._sent[model.name] = model
            self._busy = self.tell(ModelNeeded(model))
        return model is None

    def tell(self, message: ModelNeeded | Forgotten | Share | Written) -> bool:
        """Send a message; return False where it is dead. `answer` then has what it found of its share."""
        try:
            if self._alive:
                self._connection.send(message)
        except OSError as error:
            self._lost(f"ended: {error}")
        return self._alive

    def answer(self) -> list[Followed] | None:
        """Return what it found, None where it died or hangs."""
        answer: list[Followed] | None = self._received(_LONGEST_S)
        if answer is None and self._alive:
            self._lost("hangs")
        return answer

    def close(self) -> None:
        """Let it end, as it does when its connection ends."""
        self._alive = False
        self._connection.close()
        try:
            self._process.wait(_LONGEST_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _received(self, longest_s: float) -> Any:
        """Return its next message; None where there is none within this time, or no more."""
        try:
            return self._connection.recv() if self._alive and self._connection.poll(longest_s) else None
        except (OSError, EOFError) as error:
            self._lost(f"ended: {error or 'nobody is there'}")
            return None

    def _lost(self, why: str) -> None:
        self._alive = False
        self.cause_of_death = why
        self._process.kill()
