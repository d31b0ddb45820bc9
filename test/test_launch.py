"""Launch files, parameter files and the tables in docs/nodes.md agree with the nodes."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from .pyproject import PYPROJECT

ROOT = Path(__file__).resolve().parent.parent
LAUNCH_FILES = sorted((ROOT / "launch").glob("*.launch.py"))


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.name.partition(".")[0] + "_of_test", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rviz_topics(node: Any) -> set[str]:
    if isinstance(node, list):
        return {topic for entry in node for topic in rviz_topics(entry)}
    if not isinstance(node, dict):
        return set()
    own = {node["Topic"]["Value"]} if isinstance(node.get("Topic"), dict) else set()
    return own | {topic for entry in node.values() for topic in rviz_topics(entry)}


def test_there_are_launch_files() -> None:
    cameras = {
        f"{name}.launch.py" for name in ("realsense", "zed", "orbbec", "azure_kinect", "oak", "bag", "synthetic")
    }
    assert cameras | {"pose.launch.py", "replay.launch.py"} <= {f.name for f in LAUNCH_FILES}


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_launch_file_names_what_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    compile(text, str(path), "exec")
    installed = PYPROJECT["project"]["scripts"]
    for executable in re.findall(r'executable="(\w+)"', text):
        assert executable in [*installed, "rviz2"]
    for folder, name in re.findall(r'"(config|launch)" / "([\w.]+)"', text):
        assert (ROOT / folder / name).is_file()
    for name in re.findall(r'FindPackageShare\("foundation_perception"\), "/([\w./]+)"', text):
        assert (ROOT / name).is_file()


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_launch_file_describes_what_it_starts(path: Path) -> None:
    launch = pytest.importorskip("launch", reason="launch isn't installed here: it isn't among ROS's wheels")
    if not hasattr(launch, "LaunchDescription"):
        pytest.skip("launch isn't installed here: it isn't among ROS's wheels")
    description = loaded(path).generate_launch_description()
    assert isinstance(description, launch.LaunchDescription)
    for argument in description.get_launch_arguments():
        assert argument.description


def test_parameter_files_and_document_follow_the_tables() -> None:
    pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
    for path, wanted in loaded(ROOT / "docs" / "reference.py").files().items():
        assert path.read_text(encoding="utf-8") == wanted, f"{path} is old: run docs/reference.py"


@pytest.mark.parametrize("name", ["browser.yaml", "collision.yaml", "pose.yaml", "overlay.yaml", "replay.yaml"])
def test_parameter_file_holds_every_parameter_with_its_default(name: str) -> None:
    pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
    from foundation_pose_ros.nodes.browser.parameters import BROWSER_NODE
    from foundation_pose_ros.nodes.collision.parameters import COLLISION_NODE
    from foundation_pose_ros.nodes.overlay.parameters import OVERLAY_NODE
    from foundation_pose_ros.nodes.pose.parameters import POSE_NODE
    from foundation_pose_ros.nodes.replay.parameters import REPLAY_NODE

    tables = {"collision.yaml": COLLISION_NODE, "pose.yaml": POSE_NODE, "overlay.yaml": OVERLAY_NODE}
    table = (tables | {"replay.yaml": REPLAY_NODE, "browser.yaml": BROWSER_NODE})[name]
    values = yaml.safe_load((ROOT / "config" / name).read_text(encoding="utf-8"))["/**"]["ros__parameters"]
    assert values == {row.name: row.default if row.default != [] else [""] for row in table}
    assert all(type(values[row.name]) is type(row.default) for row in table)


def test_rviz_shows_what_the_node_publishes() -> None:
    config = yaml.safe_load((ROOT / "config" / "pose.rviz").read_text(encoding="utf-8"))
    document = (ROOT / "docs" / "nodes.md").read_text(encoding="utf-8")
    topics = rviz_topics(config)
    assert topics
    for topic in topics:
        assert f"`{topic.replace('/pose_node', '~')}`" in document


def test_enclaves_of_launch_files_are_those_of_the_policies() -> None:
    policies = ElementTree.parse(ROOT / "config" / "sros2" / "policies.xml")
    known = {enclave.get("path", "").removeprefix("/foundation_perception/") for enclave in policies.iter("enclave")}
    named = {"pose_node", "overlay_node", "browser_node"}  # of pose.launch.py, each that of its name
    for path in LAUNCH_FILES:
        named |= set(re.findall(r'"--enclave", f"/\{PACKAGE\}/(\w+)"', path.read_text(encoding="utf-8")))
    assert named == known


def test_shared_memory_holds_two_pairs_of_720p() -> None:
    tree = ElementTree.parse(ROOT / "config" / "fastdds.xml")
    sizes = [int(element.text or 0) for element in tree.iter() if element.tag.endswith("segment_size")]
    assert len(sizes) == 1 and sizes[0] >= 2 * 1280 * 720 * (3 + 4)
