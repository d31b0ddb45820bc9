"""The reference has every module; `make docs` writes it."""

import importlib
import importlib.util
import runpy
from pathlib import Path

import pytest

PAGES = "docs/api.py"


def test_every_module_is_in_the_reference_and_none_is_run(repository: Path) -> None:
    modules = runpy.run_path(str(repository / PAGES))["modules"]()
    assert {"foundation_pose_ros", "foundation_pose_ros.camera", "universeg_ros.network.model"} <= set(modules)
    assert len(modules) == len(set(modules))
    assert not [name for name in modules if name.endswith("__main__")]
    assert importlib.util.find_spec(modules[-1]) is not None


@pytest.mark.slow
@pytest.mark.ros
def test_every_module_of_the_reference_can_be_imported(repository: Path) -> None:
    pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
    pytest.importorskip("torch")
    for name in runpy.run_path(str(repository / PAGES))["modules"]():
        importlib.import_module(name)


def test_what_is_written_stays_out_of_the_repository(repository: Path) -> None:
    assert "/docs/api/" in (repository / ".gitignore").read_text(encoding="utf-8").splitlines()
