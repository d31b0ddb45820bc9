"""Nodes without a life cycle end in silence when they are told to, whatever they are about, and loudly by a fault."""

import subprocess
import sys

import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")

from foundation_pose_ros.nodes.demo.run import own_domain_id

TELLER = """
import os, signal, time
from rclpy.node import Node
from std_msgs.msg import String
from foundation_pose_ros.nodes.plain_node import run_plain

class Teller(Node):
    def __init__(self):
        super().__init__("teller")
        self.out = self.create_publisher(String, "said", 1)
        self.create_timer(0.01, self.tell)

    def tell(self):
        {first}
        while True:
            self.out.publish(String())

run_plain("teller", Teller, None)
"""


def ended(first: str) -> subprocess.CompletedProcess:
    with own_domain_id() as domain_id:
        code = f"import os; os.environ['ROS_DOMAIN_ID'] = '{domain_id}'\n" + TELLER.format(first=first)
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)


@pytest.mark.slow
@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
def test_a_signal_while_it_publishes_is_no_fault(signal):
    end = ended(f"os.kill(os.getpid(), signal.{signal})")
    assert end.returncode == 0 and "Traceback" not in end.stderr


@pytest.mark.slow
def test_a_fault_ends_it_with_a_word():
    end = ended("raise OSError('no disk')")
    assert end.returncode == 1 and "OSError: no disk" in end.stderr
