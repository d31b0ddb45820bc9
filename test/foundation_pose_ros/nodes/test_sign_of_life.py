"""The first word of a node, which is said before anything heavy is imported."""

import os
import subprocess
import sys

import pytest

from foundation_pose_ros.nodes.sign_of_life import run_announced


def test_a_node_says_that_it_starts_before_its_libraries_are_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []

    def imported(name: str) -> None:
        said.append(capsys.readouterr().err)
        raise ImportError(name)

    monkeypatch.setattr("foundation_pose_ros.nodes.sign_of_life.import_module", imported)
    with pytest.raises(ImportError):
        run_announced("pose_node", "foundation_pose_ros.nodes.pose.node", "PoseNode", None)
    assert said == ["[INFO] [pose_node]: starting; loading libraries takes some seconds\n"]


def test_a_node_that_makes_no_model_waits_for_no_library_of_making_models() -> None:
    pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
    pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")
    said = "import sys, foundation_pose_ros.nodes.pose.node; print(*sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    loaded = subprocess.run([sys.executable, "-c", said], env=environment, capture_output=True, text=True, check=True)
    assert "rclpy" in loaded.stdout.split()
    assert not {"open3d", "dash", "plotly", "torch"} & set(loaded.stdout.split())
