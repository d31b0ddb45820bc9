"""The core must import where no ROS is installed: only `nodes` may know it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = [name for name in ("foundation_pose_ros", "universeg_ros") if (ROOT / name).is_dir()]
ROS_MODULES = ("rclpy", "rosidl_runtime_py", "ament_index_python", "launch", "launch_ros", "tf2_ros", "cv_bridge")
ROS_SUFFIXES = ("_msgs", "_interfaces")

IMPORT_ALL = """
import importlib, sys

modules, ros_modules, ros_suffixes = eval(sys.argv[1])

class NoRos:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in ros_modules or top.endswith(ros_suffixes) or top == "foundation_perception":
            raise ModuleNotFoundError(f"{name} is part of ROS, and this is the core", name=name)

sys.meta_path.insert(0, NoRos())
failures = []
for name in modules:
    try:
        importlib.import_module(name)
    except Exception as error:
        failures.append(f"{name}: {type(error).__name__}: {error}")
print("\\n".join(failures))
sys.exit(bool(failures))
"""


def core_modules() -> list[str]:
    files = [file.relative_to(ROOT) for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    names = [".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files]
    return [name for name in names if "nodes" not in name.split(".") and not name.endswith("__main__")]


@pytest.mark.slow
def test_every_core_module_imports_with_ros_blocked() -> None:
    modules = core_modules()
    assert "foundation_pose_ros.camera" in modules
    outcome = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, repr((modules, ROS_MODULES, ROS_SUFFIXES))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("module", ["rclpy", "sensor_msgs.msg", "foundation_perception.msg"])
def test_the_block_works(module: str) -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, repr(([module], ROS_MODULES, ROS_SUFFIXES))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 1
    assert "is part of ROS" in outcome.stdout
