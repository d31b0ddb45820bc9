"""Open3D is imported for something of it, and not for what Python asks any module."""

import subprocess
import sys

ASKED = """
import inspect, sys
from foundation_pose_ros.runtime import late_open3d as o3d
inspect.unwrap(o3d), inspect.getmodule(o3d)
assert not hasattr(o3d, "__path__") and "open3d" not in sys.modules
o3d.geometry.PointCloud
assert "open3d" in sys.modules
"""


def test_it_comes_when_something_of_it_is_asked_for() -> None:
    subprocess.run([sys.executable, "-c", ASKED], check=True)
