"""SIGINT and SIGTERM as something to wait for, in place of what rclpy makes of them.

Its handlers shut the context down at once, so that nothing could be published or taken away any more; and a
KeyboardInterrupt in the middle of a conversion becomes a RuntimeError that nobody can tell from a fault. Ctrl-C under
`ros2 launch` comes twice, from the terminal and from launch.
"""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


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
