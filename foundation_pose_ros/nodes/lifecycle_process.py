"""The process of a lifecycle node: it spins, and ends soon after it is told to, whatever is at work."""

import ctypes
import sys
import threading
from collections.abc import Callable

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from .ending_signals import collected, ending_signals, leave
from .lifecycle_node import WorkingNode

# From the signal to the end of the process; who still works on a frame or a model then is not waited for.
LONGEST_END_S = 0.6
# An image of 3840x2160 in float32 is as large.
LARGEST_KEPT_BYTES = 32 * 2**20
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h


def run(make_node: Callable[[], WorkingNode], name: str, args: list[str] | None) -> None:
    """Make a node and spin it until SIGINT or SIGTERM comes; a parameter that makes no sense ends it in one line."""
    _keep_freed_memory()
    with ending_signals() as wait_for_end:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
        try:
            node = make_node()
        except (ParameterException, ValueError) as fault:
            sys.exit(f"{name}: {fault}")
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        faults: list[Exception] = []
        spinning = threading.Thread(target=_spin, args=(executor, faults), name="executor", daemon=True)
        spinning.start()
        told = wait_for_end(spinning)
        ending = threading.Thread(target=_end, args=(executor, spinning, node), name="end", daemon=True)
        ending.start()
        ending.join(LONGEST_END_S)
    # What fails once the executor is shut down beside it, as what wakes it is taken away, is no fault.
    if faults and not told:
        raise faults[0]
    leave()


def _keep_freed_memory() -> None:
    """Let malloc reuse the memory of one image for the next (glibc; elsewhere this does nothing).

    It would give blocks of that size back to the system, which clears each page anew before it hands them out.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGEST_KEPT_BYTES)
        mallopt(_M_TRIM_THRESHOLD, 4 * LARGEST_KEPT_BYTES)


def _spin(executor: SingleThreadedExecutor, faults: list[Exception]) -> None:
    with collected(faults):
        executor.spin()


def _end(executor: SingleThreadedExecutor, spinning: threading.Thread, node: WorkingNode) -> None:
    executor.shutdown()
    spinning.join()
    node.destroy_node()
    rclpy.try_shutdown()
