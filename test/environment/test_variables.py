"""Commands see this project's ROS and no other, and what the caller chose is left alone."""

import os

import pytest

from environment.layout import BYTECODE, INSTALL, ROOT, VENV
from environment.variables import THREAD_COUNTS, environment_variables


@pytest.fixture
def sourced(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A shell in which another ROS was sourced."""
    for name in (*THREAD_COUNTS, "ROS_AUTOMATIC_DISCOVERY_RANGE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "ROS_DISTRO": "humble",
        "AMENT_PREFIX_PATH": "/opt/ros/humble",
        "PYTHONPATH": "/opt/ros/humble/lib/python3.10/site-packages",
        "LD_LIBRARY_PATH": "/opt/ros/humble/lib:/usr/local/cuda/lib64",
        "COLCON_PREFIX_PATH": "/home/someone/ws/install",
        "PYTHONHOME": "/usr",
        "EDITOR": "vi",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_another_ros_is_not_mixed_in(sourced):
    variables = environment_variables()
    assert variables["ROS_DISTRO"] == "kilted"
    assert "/opt/ros" not in " ".join(value for name, value in variables.items() if name.endswith("PATH"))
    assert not {"COLCON_PREFIX_PATH", "PYTHONHOME"} & variables.keys()
    assert variables["AMENT_PREFIX_PATH"].split(os.pathsep) == [str(INSTALL), str(VENV)]


def test_the_source_tree_comes_first_among_modules(sourced):
    assert environment_variables()["PYTHONPATH"].split(os.pathsep)[0] == str(ROOT)


def test_commands_of_the_environment_come_first(sourced):
    own = [str(INSTALL / "bin"), str(INSTALL / "lib" / "foundation_perception"), str(VENV / "bin")]
    assert environment_variables()["PATH"].split(os.pathsep)[:3] == own


def test_the_callers_other_libraries_and_variables_stay(sourced):
    variables = environment_variables()
    assert variables["LD_LIBRARY_PATH"].split(os.pathsep)[-1] == "/usr/local/cuda/lib64"
    assert variables["EDITOR"] == "vi"


def test_what_was_compiled_is_kept_beside_the_wheels(sourced):
    sourced.setenv("PYTHONDONTWRITEBYTECODE", "1")
    variables = environment_variables()
    assert "PYTHONDONTWRITEBYTECODE" not in variables and variables["PYTHONPYCACHEPREFIX"] == str(BYTECODE)


def test_thread_counts_and_discovery_are_set_only_where_the_caller_has_not(sourced):
    cores = str(len(os.sched_getaffinity(0)))
    assert [environment_variables()[name] for name in THREAD_COUNTS] == [cores] * len(THREAD_COUNTS)
    sourced.setenv("OMP_NUM_THREADS", "7")
    sourced.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    variables = environment_variables()
    assert (variables["OMP_NUM_THREADS"], variables["ROS_AUTOMATIC_DISCOVERY_RANGE"]) == ("7", "SUBNET")


def test_running_inside_the_environment_changes_nothing_more(sourced):
    once = environment_variables()
    for name, value in once.items():
        sourced.setenv(name, value)
    again = environment_variables()
    assert again["LD_LIBRARY_PATH"] == once["LD_LIBRARY_PATH"]
    assert again["PYTHONPATH"] == once["PYTHONPATH"]
