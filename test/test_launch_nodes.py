"""What launch files start, without launch: a stand-in for it records the nodes with their parameters and topics.

Every parameter that a launch file sets is one of its node's, and every topic that it renames one that the node has.
"""

import atexit
import importlib.util
import sys
import tempfile
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")

ROOT = Path(__file__).resolve().parent.parent


class Recorded(SimpleNamespace):
    """An action with the arguments that it was made with."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(arguments=arguments, named=named)


class LaunchConfiguration(Recorded):
    """A launch argument, which is looked up in the context: here a dictionary of strings."""

    def perform(self, context: dict[str, str]) -> str:
        return context[self.arguments[0]]


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Any:
    """launched(name, **arguments): the nodes (executable, parameters, renamed topics) that a launch file starts."""
    plain = {
        "launch": ("LaunchContext", "LaunchDescription", "LaunchDescriptionEntity"),
        "launch.actions": (
            "DeclareLaunchArgument",
            "IncludeLaunchDescription",
            "OpaqueFunction",
            "SetEnvironmentVariable",
        ),
        "launch.conditions": ("IfCondition",),
        "launch.launch_description_sources": ("PythonLaunchDescriptionSource",),
        "launch.substitutions": ("EnvironmentVariable",),
        "launch_ros": (),
        "launch_ros.actions": ("LifecycleNode", "Node"),
        "launch_ros.substitutions": ("FindPackageShare",),
    }
    for name, classes in plain.items():
        module = ModuleType(name)
        for each in classes:
            setattr(module, each, type(each, (Recorded,), {}))
        monkeypatch.setitem(sys.modules, name, module)
    sys.modules["launch.substitutions"].LaunchConfiguration = LaunchConfiguration  # type: ignore[attr-defined]
    index = ModuleType("ament_index_python.packages")
    index.get_package_share_directory = lambda package: str(ROOT)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ament_index_python.packages", index)

    def nodes(name: str, **given: str) -> list[tuple[str, dict[str, Any], dict[str, str]]]:
        spec = importlib.util.spec_from_file_location(f"{name}_launch_file", ROOT / "launch" / f"{name}.launch.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        context = {key: default for key, (default, _) in module.ARGUMENTS.items()} | given
        (entities,) = module.generate_launch_description().arguments
        started = [entity for entity in entities if type(entity).__name__ in ("Node", "LifecycleNode")]
        for entity in entities:
            if type(entity).__name__ == "OpaqueFunction":
                made = entity.named["function"](context)
                started += [action for action in made if type(action).__name__ in ("Node", "LifecycleNode")]
        return [
            (n.named["executable"], parameters(n.named["parameters"]), dict(n.named.get("remappings", [])))
            for n in started
        ]

    return nodes


def parameters(sources: list[Any]) -> dict[str, Any]:
    """Those of parameter files and dictionaries, later ones over earlier ones."""
    merged: dict[str, Any] = {}
    for source in sources:
        if isinstance(source, str):
            source = yaml.safe_load(Path(source).read_text(encoding="utf-8"))["/**"]["ros__parameters"]
        merged |= source
    return merged


def known(executable: str) -> set[str]:
    from foundation_pose_ros.nodes.pose.parameters import PER_OBJECT, POSE_NODE
    from foundation_pose_ros.nodes.replay.parameters import REPLAY_NODE
    from universeg_ros.nodes.parameters import SEGMENTATION_NODE

    tables = {"pose_node": POSE_NODE, "replay_node": REPLAY_NODE, "segmentation_node": SEGMENTATION_NODE}
    own = {row.name for row in tables[executable]} | {"use_sim_time"}
    return own | ({f"mug.{row.name}" for row in PER_OBJECT} if executable == "pose_node" else set())


GIVEN = {
    "pose": {"mesh": "/meshes/mug.obj", "unit": "mm", "models": "/models", "image_is_rectified": "true"},
    "replay": {"frames": "3", "rate_hz": "5.0"},
    "segmentation": {"weights": "research", "support_directory": "/support", "live_support": "mug"},
}


@pytest.mark.parametrize("name", GIVEN)
def test_every_parameter_and_topic_that_a_launch_file_sets_is_one_of_its_nodes(name, launched):
    documents = "".join((ROOT / "docs" / file).read_text(encoding="utf-8") for file in ("nodes.md", "universeg.md"))
    for executable, set_parameters, renamed in launched(name, **GIVEN[name]):
        if executable == "rviz2":
            continue
        assert set_parameters.keys() <= known(executable)
        for topic in renamed:
            assert f"`{topic}`" in documents


def test_what_is_given_reaches_pose_node(launched):
    ((_, values, topics),) = [n for n in launched("pose", **GIVEN["pose"], rgb="/camera/rgb") if n[0] == "pose_node"]
    assert values["objects"] == ["mug"] and values["mug.mesh"] == "/meshes/mug.obj" and values["mug.unit"] == "mm"
    assert values["onboarding_directory"] == "/models" and values["image_is_rectified"] is True
    assert topics["rgb/image"] == "/camera/rgb"


def test_what_is_left_empty_stays_as_the_parameter_file_has_it(launched):
    ((_, values, _),) = [n for n in launched("pose") if n[0] == "pose_node"]
    written = yaml.safe_load((ROOT / "config" / "pose.yaml").read_text(encoding="utf-8"))["/**"]["ros__parameters"]
    assert values == written | {"use_sim_time": False}


def test_what_is_given_reaches_segmentation_node_and_replay_node(launched):
    ((_, values, topics),) = launched("segmentation", **GIVEN["segmentation"])
    assert values["support_directories"] == ["/support"] and values["live_support"] == "mug"
    assert values["support_sets"] == ["mug"] and values["weights"] == "research"
    assert topics["~/mask"] == "~/mask"
    ((_, values, topics),) = [n for n in launched("replay", **GIVEN["replay"]) if n[0] == "replay_node"]
    assert values["frames"] == 3 and values["rate_hz"] == 5.0 and values["objects"] == ["mug"]
    assert topics["objects"].startswith("/pose_node/")


def test_replay_takes_its_parameter_file_away_when_launch_ends(launched, monkeypatch, tmp_path):
    at_end: list[Any] = []
    monkeypatch.setattr(atexit, "register", lambda function, **named: at_end.append(partial(function, **named)))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ((_, values, _),) = [n for n in launched("replay", frames="2", stamps="recorded") if n[0] == "replay_node"]
    assert values["stamps"] == "recorded" and values["mask_policy"] == "request"
    assert [file.suffix for file in tmp_path.iterdir()] == [".yaml"]
    for end in at_end:
        end()
    assert not list(tmp_path.iterdir())
