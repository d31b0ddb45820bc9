"""The process of a lifecycle node ends by a signal in silence, whatever then fails, and by a fault with a word."""

import subprocess
import sys

import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")

from foundation_pose_ros.nodes.demo.run import own_domain_id

TICKER = """
import os, signal, time
from rclpy.node import Node
from foundation_pose_ros.nodes.lifecycle_process import run

class Ticker(Node):
    def __init__(self):
        super().__init__("ticker")
        self.create_timer(0.01, self.tick)

    def tick(self):
        {first}
        raise RuntimeError("its handle is gone")

run(Ticker, "ticker", None)
"""


def ended(first: str) -> subprocess.CompletedProcess:
    with own_domain_id() as domain_id:
        code = f"import os; os.environ['ROS_DOMAIN_ID'] = '{domain_id}'\n" + TICKER.format(first=first)
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)


@pytest.mark.slow
def test_what_fails_while_it_is_ended_is_no_fault() -> None:
    end = ended("os.kill(os.getpid(), signal.SIGINT); time.sleep(0.3)")
    assert end.returncode == 0 and not end.stderr


@pytest.mark.slow
def test_a_fault_ends_it_with_a_word() -> None:
    end = ended("pass")
    assert end.returncode == 1 and "RuntimeError: its handle is gone" in end.stderr
