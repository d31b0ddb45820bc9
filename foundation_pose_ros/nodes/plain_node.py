"""Nodes without a life cycle: made, run, and ended as Ctrl-C, SIGTERM and ros2 launch end them."""

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from .ending_signals import collected, ending_signals, leave

AnyNode = TypeVar("AnyNode", bound=Node)

# How long a callback may take to its end before its publishers are taken away, and then before it is left alone.
_PATIENCE_S = 0.3


def run_plain(
    name: str,
    make_node: Callable[[], AnyNode],
    args: list[str] | None,
    ended: Callable[[AnyNode], Future] = lambda _node: Future(),
) -> None:
    """Run a node until it is told to stop, or until what `ended` gives for it is done; ends the process.

    Parameters that can't be used, InputRefused among what says so, end the process in one line.
    """
    nodes: list[AnyNode] = []
    faults: list[Exception] = []

    def work(executor: SingleThreadedExecutor) -> None:
        with collected(faults):
            nodes.append(make_node())
            executor.add_node(nodes[0])
            executor.spin_until_future_complete(ended(nodes[0]))

    with ending_signals() as wait_for_end:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
        executor = SingleThreadedExecutor()
        working = threading.Thread(target=work, args=(executor,), name="executor", daemon=True)
        working.start()
        told = wait_for_end(working)
        executor.shutdown(_PATIENCE_S)
        working.join(_PATIENCE_S)
        if working.is_alive():
            rclpy.try_shutdown()  # who is about to publish then fails, and is at its end
            working.join(_PATIENCE_S)
        if nodes and not working.is_alive():
            nodes[0].destroy_node()
        rclpy.try_shutdown()
    if faults and not told:
        if not nodes and isinstance(faults[0], ParameterException | ValueError):
            sys.exit(f"{name}: {faults[0]}")
        raise faults[0]
    leave()
