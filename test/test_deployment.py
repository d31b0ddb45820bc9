"""Dockerfiles and the systemd unit, as far as they can be looked at without Docker and a robot."""

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from environment.system import LIBRARIES

from .pyproject import PYPROJECT

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILES = sorted((ROOT / "docker").glob("*.Dockerfile"))
UNIT = ROOT / "config" / "systemd" / "foundation-perception.service"
# Of what package.xml names, what ros-core brings (REP 2001): itself, or by what it names.
IN_ROS_CORE = {
    *("action_msgs", "ament_index_python", "builtin_interfaces", "diagnostic_msgs", "geometry_msgs", "launch"),
    *("launch_ros", "lifecycle_msgs", "rcl_interfaces", "rclpy", "rosgraph_msgs", "rosidl_default_runtime"),
    *("sensor_msgs", "shape_msgs", "std_msgs", "std_srvs", "visualization_msgs"),
}
INSTRUCTIONS = ("ARG", "FROM", "SHELL", "RUN", "ENV", "COPY", "USER", "WORKDIR", "ENTRYPOINT", "CMD")


def instructions(file: Path) -> list[tuple[str, str]]:
    """(instruction, its text) of a Dockerfile, lines that are continued as one."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name, text) for line in joined.splitlines() if line for name, _, text in [line.partition(" ")]]


def test_there_is_one_for_a_processor_and_one_for_cuda() -> None:
    assert [file.name for file in DOCKERFILES] == ["cpu.Dockerfile", "cuda.Dockerfile"]


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.name)
def test_dockerfile_is_as_it_should_be(file: Path) -> None:
    found = instructions(file)
    assert {name for name, _ in found} <= set(INSTRUCTIONS)
    for name, text in found:
        if name == "FROM":  # a version each, by argument or tag
            assert re.search(r":[\w${}.-]+|\$\{BASE\}", text) and "latest" not in text
        if name == "RUN" and "apt-get install" in text:
            assert "--no-install-recommends" in text and "rm -rf /var/lib/apt/lists/*" in text
        if name == "RUN" and "pip install" in text:
            assert "--no-cache-dir" in text and '"numpy<2"' in text
        if name in ("SHELL", "ENTRYPOINT", "CMD"):
            assert all(isinstance(word, str) for word in json.loads(text))
        if name == "COPY" and "--from" not in text:
            *sources, _ = text.split()
            assert all((ROOT / source).exists() for source in sources)
    assert [text for name, text in found if name == "USER"][-1] != "root"


def test_arguments_are_declared_where_they_are_used() -> None:
    """What stands before FROM counts for FROM alone; bases bring ROS_DISTRO along as a variable."""
    for file in DOCKERFILES:
        known: set[str] = set()
        for name, text in instructions(file):
            used = set(re.findall(r"\$\{(\w+)\}", text))
            assert used <= known | {"ROS_DISTRO"}, f"{file.name}: {name} {text}"
            if name == "ARG":
                known.add(text.partition("=")[0])
            if name == "FROM" and "ROS_DISTRO" not in text:
                known = {"ROS_DISTRO"}


def test_the_image_that_runs_has_what_the_package_and_its_wheels_need() -> None:
    """What is installed while it is built doesn't count: the last stage begins anew."""
    found = instructions(ROOT / "docker" / "cpu.Dockerfile")
    last = max(place for place, (name, _) in enumerate(found) if name == "FROM")
    assert found[last][1].endswith("-ros-core")
    (asked,) = [text for name, text in found[last:] if name == "RUN" and "apt-get install" in text]
    manifest = ElementTree.parse(ROOT / "package.xml").getroot()
    needed = {e.text or "" for e in manifest if e.tag in ("depend", "exec_depend")} - IN_ROS_CORE
    of_ros = {f"ros-${{ROS_DISTRO}}-{name.replace('_', '-')}" for name in needed if not name.startswith("python3-")}
    assert of_ros | set(LIBRARIES.values()) <= set(asked.split())


def test_extras_are_those_of_the_package() -> None:
    extras = PYPROJECT["project"]["optional-dependencies"]
    asked = re.findall(r"^ARG EXTRAS=(\S+)", (ROOT / "docker" / "cpu.Dockerfile").read_text(encoding="utf-8"), re.M)
    assert asked and all(extra in extras for extra in asked[0].split(","))


def test_entrypoint_hands_its_process_over() -> None:
    file = ROOT / "docker" / "entrypoint.sh"
    assert file.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(file)], check=True)
    assert file.read_text(encoding="utf-8").rstrip().endswith('exec "$@"')


def test_unit_ends_as_launch_does_and_writes_nowhere_else() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(UNIT, encoding="utf-8")
    service = unit["Service"]
    assert service["KillSignal"] == "SIGINT" and service["Restart"] == "on-failure"
    assert service["ProtectSystem"] == "strict" and service["NoNewPrivileges"] == "yes" and service["User"] != "root"
    launch_file = re.search(r"foundation_perception (\w+\.launch\.py)(.*)'", service["ExecStart"])
    assert launch_file is not None and (ROOT / "launch" / launch_file.group(1)).is_file()
    text = (ROOT / "launch" / launch_file.group(1)).read_text(encoding="utf-8")
    for argument in re.findall(r"(\w+):=", launch_file.group(2)):
        assert f'"{argument}"' in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd isn't installed here")
def test_systemd_has_no_complaint() -> None:
    said = subprocess.run(["systemd-analyze", "verify", str(UNIT)], capture_output=True, text=True, check=False)
    assert said.returncode == 0 and not said.stderr, said.stderr
