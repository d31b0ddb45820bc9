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
            "EmitEvent",
            "ExecuteProcess",
            "IncludeLaunchDescription",
            "OpaqueFunction",
            "SetEnvironmentVariable",
        ),
        "launch.conditions": ("IfCondition",),
        "launch.events": ("Shutdown",),
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
    # What was imported with another launch is imported anew.
    monkeypatch.delitem(sys.modules, "foundation_pose_ros.nodes.camera_launch", raising=False)

    def nodes(name: str, **given: str) -> list[tuple[str, dict[str, Any], dict[str, str]]]:
        module = launch_file(name)
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


@pytest.fixture
def included(launched: Any) -> Any:
    """included(name, **arguments): (package, file, arguments, whether a condition stands before it) of each include."""

    def text(parts: Any, context: dict[str, str]) -> str:
        parts = parts if isinstance(parts, list) else [parts]
        return "".join(
            p if isinstance(p, str) else p.perform(context) for p in parts if type(p).__name__ != "FindPackageShare"
        )

    def files(name: str, **given: str) -> list[tuple[str, str, dict[str, str], bool]]:
        (entities,) = launch_file(name).generate_launch_description().arguments
        declared = [e for e in entities if type(e).__name__ == "DeclareLaunchArgument"]
        context = {e.arguments[0]: e.named["default_value"] for e in declared} | given
        found = []
        for entity in entities:
            if type(entity).__name__ != "IncludeLaunchDescription":
                continue
            ((package, *path),) = entity.arguments[0].arguments
            arguments = {key: text(v, context) for key, v in entity.named.get("launch_arguments", {})}
            conditional = entity.named.get("condition") is not None
            found.append((package.arguments[0], text(path, context).removeprefix("/launch/"), arguments, conditional))
        return found

    return files


def launch_file(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{name}_launch_file", ROOT / "launch" / f"{name}.launch.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def parameters(sources: list[Any]) -> dict[str, Any]:
    """Those of parameter files and dictionaries, later ones over earlier ones."""
    merged: dict[str, Any] = {}
    for source in sources:
        if isinstance(source, str):
            source = yaml.safe_load(Path(source).read_text(encoding="utf-8"))["/**"]["ros__parameters"]
        merged |= source
    return merged


def known(executable: str) -> set[str]:
    from foundation_pose_ros.nodes.browser.parameters import BROWSER_NODE
    from foundation_pose_ros.nodes.collision.parameters import COLLISION_NODE
    from foundation_pose_ros.nodes.overlay.parameters import OVERLAY_NODE
    from foundation_pose_ros.nodes.pose.parameters import PER_OBJECT, POSE_NODE
    from foundation_pose_ros.nodes.replay.parameters import REPLAY_NODE
    from universeg_ros.nodes.parameters import SEGMENTATION_NODE

    tables = {
        "collision_node": COLLISION_NODE,
        "pose_node": POSE_NODE,
        "overlay_node": OVERLAY_NODE,
        "browser_node": BROWSER_NODE,
        "replay_node": REPLAY_NODE,
        "segmentation_node": SEGMENTATION_NODE,
    }
    own = {row.name for row in tables[executable]} | {"use_sim_time"}
    of_objects = executable in ("pose_node", "overlay_node", "browser_node")
    return own | ({f"mug.{row.name}" for row in PER_OBJECT} if of_objects else set())


GIVEN = {
    "pose": {"mesh": "/meshes/mug.obj", "unit": "mm", "models": "/models", "image_is_rectified": "true"},
    "collision": {"pose_node": "/arm/pose_node"},
    "manipulation": {"scenes": "1"},
    "replay": {"frames": "3", "rate_hz": "5.0"},
    "segmentation": {"weights": "research", "support_directory": "/support", "live_support": "mug"},
}


@pytest.mark.parametrize("name", GIVEN)
def test_every_parameter_and_topic_that_a_launch_file_sets_is_one_of_its_nodes(name, launched):
    documents = "".join((ROOT / "docs" / file).read_text(encoding="utf-8") for file in ("nodes.md", "universeg.md"))
    for executable, set_parameters, renamed in launched(name, **GIVEN[name]):
        if executable == "rviz2":
            continue
        # These are given pose_node's file, for the objects and the camera in it.
        also = known("pose_node") if executable in ("overlay_node", "browser_node") else set()
        assert set_parameters.keys() <= known(executable) | also
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


def test_what_shows_objects_sees_the_same_camera_and_objects_as_pose_node(launched):
    given = GIVEN["pose"] | {"overlay": "true", "browser": "true", "videos": "/videos", "rgb": "/camera/rgb"}
    started = {executable: (values, topics) for executable, values, topics in launched("pose", **given)}
    pose_values, pose_topics = started["pose_node"]
    for executable in ("overlay_node", "browser_node"):
        values, topics = started[executable]
        for name in ("objects", "mug.mesh", "mug.unit", "image_is_rectified", "distortion"):
            assert values[name] == pose_values[name]
        assert topics["objects"] == "/pose_node/objects" and topics["models"] == "/pose_node/models"
        assert all(topics[topic] == pose_topics[topic] for topic in ("rgb/image", "rgb/camera_info", "depth/image"))
    assert started["overlay_node"][0]["video_directory"] == "/videos"


CAMERAS = {
    "realsense": ("realsense2_camera", "rs_launch.py", "/camera/camera/aligned_depth_to_color/image_raw"),
    "zed": ("zed_wrapper", "zed_camera.launch.py", "/zed/zed_node/depth/depth_registered"),
    "orbbec": ("orbbec_camera", "gemini_330_series.launch.py", "/camera/depth/image_raw"),
    "azure_kinect": ("azure_kinect_ros_driver", "driver.launch.py", "/depth_to_rgb/image_raw"),
    "oak": ("depthai_ros_driver", "camera.launch.py", "/oak/stereo/image_raw"),
}


@pytest.mark.parametrize("name", CAMERAS)
def test_a_cameras_launch_file_starts_its_driver_and_hands_its_topics_on(name, included):
    package, file, depth = CAMERAS[name]
    fast_dds, driver, pose = included(name)
    assert fast_dds[1] == "fast_dds.launch.py"  # before what it is for
    assert driver[:2] == (package, file) and driver[3]
    assert pose[:2] == ("foundation_perception", "pose.launch.py") and pose[2]["depth"] == depth
    taken = launch_file("pose").ARGUMENTS
    assert pose[2].keys() <= taken.keys() and {"rgb", "rgb_info", "depth"} <= pose[2].keys()


def test_cameras_of_other_names_have_other_topics(included):
    _, driver, pose = included("orbbec", camera_model="femto_bolt", camera_name="left")
    assert driver[1] == "femto_bolt.launch.py" and driver[2]["camera_name"] == "left"
    assert pose[2]["rgb"] == "/left/color/image_raw"
    _, driver, pose = included("realsense", camera_namespace="robot", camera_name="wrist")
    assert driver[2]["camera_namespace"] == "robot" and driver[2]["align_depth.enable"] == "true"
    assert pose[2]["rgb_info"] == "/robot/wrist/color/camera_info"


def test_a_bag_is_played_by_its_own_clock(included):
    ((package, file, arguments, _),) = included("bag", bag="/bags/one")
    assert (package, file, arguments) == ("foundation_perception", "pose.launch.py", {"use_sim_time": "true"})


def test_the_synthetic_scene_is_that_of_replay(included):
    ((_, file, arguments, _),) = included("synthetic", frames="12")
    assert file == "replay.launch.py" and arguments == {"sequence": "synthetic", "frames": "12"}
    assert arguments.keys() <= launch_file("replay").ARGUMENTS.keys()
