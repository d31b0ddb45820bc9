"""Manifest, build file and executables agree with each other and with what lies in the tree."""

import ast
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .pyproject import PYPROJECT

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()
CMAKE = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
PROJECT = PYPROJECT["project"]


def test_pip_and_ros_are_told_the_same() -> None:
    assert PROJECT["name"].replace("-", "_") == MANIFEST.findtext("name")
    assert PROJECT["version"] == MANIFEST.findtext("version")
    assert PROJECT["description"] == MANIFEST.findtext("description")
    assert PROJECT["license"] == MANIFEST.findtext("license")
    maintainer = MANIFEST.find("maintainer")
    assert maintainer is not None
    assert PROJECT["maintainers"] == [{"name": maintainer.text, "email": maintainer.get("email")}]


def test_pyproject_is_all_that_pip_reads() -> None:
    assert not [name for name in ("setup.py", "setup.cfg", "MANIFEST.in") if (ROOT / name).exists()]


@pytest.mark.parametrize("package", ["foundation_pose_ros", "universeg_ros"])
def test_files_beside_the_modules_are_there_to_be_installed(package: str) -> None:
    for pattern in PYPROJECT["tool"]["setuptools"]["package-data"][package]:
        assert list((ROOT / package).glob(pattern)), f"{package} has no {pattern}"


def test_changelog_begins_with_the_version() -> None:
    first = re.search(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert first is not None and first.group(1) == MANIFEST.findtext("version")


def test_manifest_is_an_interface_package() -> None:
    assert MANIFEST.get("format") == "3"
    assert MANIFEST.findtext("name") == "foundation_perception"
    assert MANIFEST.findtext("member_of_group") == "rosidl_interface_packages"
    assert MANIFEST.findtext("export/build_type") == "ament_cmake"
    licence = MANIFEST.find("license")
    assert licence is not None and (ROOT / licence.get("file", "")).is_file()


def test_every_interface_file_is_built_and_exists() -> None:
    listed = set(re.findall(r'"((?:msg|srv|action)/\w+\.(?:msg|srv|action))"', CMAKE))
    present = {f"{kind}/{file.name}" for kind in ("msg", "srv", "action") for file in (ROOT / kind).glob(f"*.{kind}")}
    assert listed == present


def test_every_build_dependency_is_declared() -> None:
    found = set(re.findall(r"find_package\((\w+) REQUIRED\)", CMAKE))
    declared = {element.text for element in MANIFEST if element.tag.endswith("depend")}
    assert found <= declared


def test_every_package_of_ros_that_is_imported_is_declared() -> None:
    known = (
        "ament_index_python|launch|launch_ros|rclpy|tf2_ros|cv_bridge|message_filters|rosgraph_msgs|std_srvs|\\w+_msgs"
    )
    used = re.compile(rf"^\s*(?:from|import) ({known}|rcl_interfaces|builtin_interfaces)\b", re.MULTILINE)
    folders = ("foundation_pose_ros", "universeg_ros", "client", "launch")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    imported = {name for file in files for name in used.findall(file.read_text(encoding="utf-8"))}
    declared = {element.text for element in MANIFEST if element.tag.endswith("depend")}
    assert {"rclpy", "sensor_msgs"} <= imported
    # Imported where they are installed alone.
    optional = {"moveit_msgs", "object_recognition_msgs"}
    assert imported <= declared | optional


@pytest.mark.parametrize("name", sorted(PROJECT["scripts"]))
def test_executable_exists(name: str) -> None:
    module, _, function = PROJECT["scripts"][name].partition(":")
    file = ROOT / Path(*module.split(".")).with_suffix(".py")
    assert file.exists(), f"{name} of pyproject.toml is {module}, which isn't there"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_services_answer_success_and_message() -> None:
    for file in (ROOT / "srv").glob("*.srv"):
        answer = [line.split()[:2] for line in file.read_text(encoding="utf-8").split("---")[1].strip().splitlines()]
        assert answer[:2] == [["bool", "success"], ["string", "message"]], file.name
