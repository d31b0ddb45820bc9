"""What a newcomer asks first is answered without waiting: help imports none of the heavy libraries."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HEAVY = ("cv2", "llvmlite", "matplotlib", "numba", "numpy", "onnx", "open3d", "pandas", "plotly", "rclpy", "scipy")
HEAVY += ("sklearn", "torch", "trimesh", "yaml")

ASK = """
import sys
import {package}.cli
status = {package}.cli.main(sys.argv[2:])
print("imported:", *sorted({{name.partition(".")[0] for name in sys.modules}} & set(sys.argv[1].split(","))))
sys.exit(status)
"""


def heavy_imports(package: str, *arguments: str) -> tuple[str, list[str]]:
    """Return what a command line prints, and which heavy libraries its process has imported by then."""
    ended = subprocess.run(
        [sys.executable, "-c", ASK.format(package=package), ",".join(HEAVY), *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    printed, _, imported = ended.stdout.rpartition("imported:")
    return printed, imported.split()


@pytest.mark.parametrize("command", [(), ("register",), ("track",), ("evaluate",), ("reconstruct",), ("weights",)])
def test_help_imports_nothing_heavy(command: tuple[str, ...]) -> None:
    printed, imported = heavy_imports("foundation_pose_ros", *command, "--help")
    assert "Usage: foundation-pose" in printed
    assert imported == []


@pytest.mark.parametrize("command", [(), ("segment",), ("evaluate",), ("export",), ("train",), ("support", "make")])
def test_help_of_segmentation_imports_nothing_heavy(command: tuple[str, ...]) -> None:
    printed, imported = heavy_imports("universeg_ros", *command, "--help")
    assert "Usage: universeg" in printed
    assert imported == []


@pytest.mark.parametrize("package", ["foundation_pose_ros", "universeg_ros"])
def test_the_version_imports_nothing_heavy(package: str) -> None:
    assert heavy_imports(package, "--version")[1] == []


def test_a_registration_imports_only_what_it_needs() -> None:
    """Open3D brings plotting and a web server with it; PyTorch is for networks."""
    program = "import sys, foundation_pose_ros.cli.pose_lines; print(*{name.partition('.')[0] for name in sys.modules})"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert not {"open3d", "torch", "plotly", "dash", "matplotlib", "onnx"} & set(ended.stdout.split())
