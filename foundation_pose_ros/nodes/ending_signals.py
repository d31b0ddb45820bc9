"""How a node's process ends: SIGINT and SIGTERM as something to wait for, in place of what rclpy makes of them.

Its handlers shut the context down at once, so that nothing could be published or taken away any more; and a
KeyboardInterrupt in the middle of a conversion becomes a RuntimeError that nobody can tell from a fault. Ctrl-C under
`ros2 launch` comes twice, from the terminal and from launch.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from rclpy.executors import ExternalShutdownException


@contextmanager
def ending_signals() -> Iterator[Callable[[threading.Thread], bool]]:
    """Give a function that waits for SIGINT or SIGTERM, True then, or for a thread to end. In the main thread."""
    told, teller = socket.socketpair()
    told.settimeout(1.0)
    teller.setblocking(False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(teller.fileno())

    def wait(thread: threading.Thread) -> bool:
        while thread.is_alive():
            try:
                told.recv(1)
                return True
            except TimeoutError:
                continue
        return False

    yield wait
    signal.set_wakeup_fd(-1)


@contextmanager
def collected(faults: list[Exception]) -> Iterator[None]:
    """Keep what an executor's thread fails by for the main thread; that its context was shut down is no fault."""
    try:
        yield
    except ExternalShutdownException:
        pass
    except Exception as fault:
        faults.append(fault)


def leave() -> NoReturn:
    """End the process without the interpreter's own end.

    That takes compiled code and libraries apart for half a second, and would wait for a registration, a scene that is
    rendered or a mesh that is read, of which nobody needs the result any more.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
