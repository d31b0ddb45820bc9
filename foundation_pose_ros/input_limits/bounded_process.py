"""Functions called in a process of their own, with limits on memory and time: for files that nobody vouches for.

A helper imports what the functions need once, and gets ready as it is told to; each call then runs in a copy of it (a
fork), which ends with the call and takes along whatever it has made of the machine. The result comes back through
memory that both processes map, so that arrays in it aren't copied. Linux only, as memfd_create is.

`python -m foundation_pose_ros.input_limits.bounded_process SOCKET GET_READY MODULE...` is the helper; GET_READY is
MODULE:FUNCTION, or empty.
"""

import mmap
import os
import pickle
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from ..errors import InputRefused, shortened

Result = TypeVar("Result")

_STATUS, _WALL_S = struct.Struct("i"), struct.Struct("d")
_TIMED_OUT = 1 << 16  # beyond what waitpid gives
_RAN_OUT_OF_MEMORY = 3  # exit status
# Arrays begin at multiples of this, which suits any vector instruction.
_ALIGNED = 64
# A helper imports some libraries, on a machine that may be busy; while it does, its end isn't waited for.
_LONGEST_START_S, _LONGEST_END_S = 120.0, 0.3


@dataclass(frozen=True)
class CallLimits:
    """What a call may take.

    memory_bytes: of address space, beside what the helper's own libraries have.
    processor_s: of processor time.
    wall_s: until it is given up, whatever it waits for.
    """

    memory_bytes: int = 4 << 30
    processor_s: int = 60
    wall_s: float = 180.0


class BoundedProcess:
    """Calls functions of some modules in processes of their own; from several threads one after the other.

    A helper that has died is replaced at the next call. Call `close` in the end.
    """

    def __init__(
        self, modules: Sequence[str], limits: CallLimits | None = None, get_ready: Callable[[], None] | None = None
    ) -> None:
        """modules: names of those that a helper imports beforehand, so that no call has to.

        get_ready: of a module; a helper calls it beforehand. What it loads or compiles no call has to either.
        """
        self._modules, self._limits = tuple(modules), limits or CallLimits()
        self._get_ready = "" if get_ready is None else f"{get_ready.__module__}:{get_ready.__name__}"
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Let the helper start, sooner than the first call would."""
        with self._lock:
            self._started()

    def call(self, function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        """Return what a function returns; arguments and result are pickled.

        Raises what the function raises, and InputRefused with reason too_much_memory or too_much_time where it goes
        beyond its limits, reader_died where its process comes to another end.
        """
        with self._lock:
            file = os.memfd_create("call")
            try:
                with open(file, "wb", closefd=False) as request:
                    pickle.dump((function, arguments, named, self._limits), request)
                self._judge(self._run(file))
                succeeded, value = _read(file)
            finally:
                os.close(file)
        if not succeeded:
            raise value
        result: Result = value
        return result

    def close(self) -> None:
        """Let the helper end, and what it is doing with it; a call that waits for that raises InputRefused."""
        process, self._process = self._process, None
        near, self._socket = self._socket, None
        if process is None or near is None:
            return
        with suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)
        try:
            process.wait(_LONGEST_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _started(self) -> socket.socket:
        if self._process is not None and self._socket is not None and self._process.poll() is None:
            return self._socket
        near, far = socket.socketpair()
        with far:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(far.fileno()), self._get_ready, *self._modules],
                pass_fds=(far.fileno(),),
                env=os.environ
                | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for this process, which then ends that one
            )
        near.settimeout(_LONGEST_START_S + self._limits.wall_s)
        self._socket = near
        return near

    def _run(self, file: int) -> int:
        """Let a copy of the helper work on a file; return its status as waitpid gives it, or _TIMED_OUT."""
        try:
            helper = self._started()
            socket.send_fds(helper, [_WALL_S.pack(self._limits.wall_s)], [file])
            answer = helper.recv(_STATUS.size, socket.MSG_WAITALL)
        except OSError:
            answer = b""
        if len(answer) < _STATUS.size:
            self.close()
            raise InputRefused("reader_died", "the process that reads files has ended: ask again, another will start")
        return int(_STATUS.unpack(answer)[0])

    def _judge(self, status: int) -> None:
        limits = self._limits
        ended_by = os.WTERMSIG(status) if status != _TIMED_OUT and os.WIFSIGNALED(status) else 0
        if status == _TIMED_OUT or ended_by == signal.SIGXCPU:
            raise InputRefused(
                "too_much_time",
                f"it takes more than {limits.processor_s} s of processor time, or {limits.wall_s:.0f} s, to be made "
                "ready: give a smaller file",
            )
        # What is refused memory in a library may end the process in other ways than Python's own MemoryError.
        if os.WEXITSTATUS(status) == _RAN_OUT_OF_MEMORY or ended_by in (signal.SIGABRT, signal.SIGKILL):
            raise InputRefused(
                "too_much_memory", f"it takes more than {limits.memory_bytes >> 20} MB to be read: give a smaller file"
            )
        if status:
            raise InputRefused("reader_died", f"the process that read it died of signal {ended_by}: export it again")


def _write(file: int, outcome: tuple[bool, Any]) -> None:
    """Write arrays first, in place, then what refers to them, then where all of it lies."""
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(outcome, protocol=5, buffer_callback=buffers.append)
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    with open(file, "wb", closefd=False) as stream:
        places = []
        parts: list[memoryview | bytes] = [buffer.raw() for buffer in buffers]
        for part in (*parts, data):
            stream.write(bytes(-stream.tell() % _ALIGNED))
            places.append((stream.tell(), len(part)))
            stream.write(part)
        table = pickle.dumps(places)
        stream.write(table)
        stream.write(_STATUS.pack(len(table)))


def _read(file: int) -> Any:
    """Return what `_write` wrote; arrays in it are those of the file."""
    memory = memoryview(mmap.mmap(file, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE))
    (length,) = _STATUS.unpack(memory[-_STATUS.size :])
    places = pickle.loads(memory[-_STATUS.size - length : -_STATUS.size])
    *buffers, data = (memory[start : start + size] for start, size in places)
    return pickle.loads(data, buffers=buffers)


def main() -> None:
    """Do as told until the near end is gone."""
    near = socket.socket(fileno=int(sys.argv[1]))
    module, _, get_ready = sys.argv[2].partition(":")
    for name in sys.argv[3:]:
        import_module(name)
    if get_ready:
        with suppress(Exception):  # what can't be used is said by the call that needs it
            getattr(import_module(module), get_ready)()
    while True:
        message, files, _, _ = socket.recv_fds(near, _WALL_S.size, 1)
        if not message:
            return
        (file,) = files
        child = os.fork()
        if child == 0:
            near.close()
            os._exit(_answered(file))
        os.close(file)
        status = _waited_for(child, near, *_WALL_S.unpack(message))
        with suppress(OSError):
            near.send(_STATUS.pack(status))


def _answered(file: int) -> int:
    """In the copy: work within limits; return the exit status."""
    os.lseek(file, 0, os.SEEK_SET)
    with open(file, "rb", closefd=False) as request:
        function, arguments, named, limits = pickle.load(request)
    _limit(limits)
    try:
        try:
            outcome = True, function(*arguments, **named)
        except InputRefused as refused:
            outcome = False, refused
        except MemoryError:
            raise
        except Exception as error:
            outcome = False, RuntimeError(shortened(repr(error)))
        _write(file, outcome)
    except MemoryError:
        return _RAN_OUT_OF_MEMORY
    return 0


def _limit(limits: CallLimits) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.processor_s, limits.processor_s + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Where the machine runs out of memory, this process is the one to go.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _waited_for(child: int, near: socket.socket, wall_s: float) -> int:
    """Return how a child ended; it is killed when its time is over, or nobody waits for it any more."""
    watched = os.pidfd_open(child)
    ready, _, _ = select.select([watched, near.fileno()], [], [], wall_s)
    os.close(watched)
    if watched not in ready:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return status if watched in ready else _TIMED_OUT


if __name__ == "__main__":
    main()
