"""Nodes without a life cycle: made, run, and ended as Ctrl-C, SIGTERM and ros2 launch end them."""

import signal
import sys
from collections.abc import Callable
from typing import TypeVar

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future

AnyNode = TypeVar("AnyNode", bound=Node)


def run_plain(
    name: str,
    make_node: Callable[[], AnyNode],
    args: list[str] | None,
    ended: Callable[[AnyNode], Future] = lambda _node: Future(),
) -> None:
    """Run a node until it is told to stop, or until what `ended` gives for it is done.

    Parameters that can't be used, InputRefused among what says so, end the process in one line.
    """
    rclpy.init(args=args)
    executor = SingleThreadedExecutor()
    node = None
    try:
        try:
            node = make_node()
        except (ParameterException, ValueError) as fault:
            sys.exit(f"{name}: {fault}")
        executor.add_node(node)
        executor.spin_until_future_complete(ended(node))
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:
        # rclpy shuts its context down with the signal: who is about to publish then fails, and is at its end.
        if rclpy.ok():
            raise
    finally:
        # Ctrl-C under ros2 launch comes twice, from the terminal and from launch: the second must not break the end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        executor.shutdown()
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
