"""What pose_node refuses, of services, settings and meshes, and the words in which it does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from rclpy.parameter import Parameter

from foundation_pose_ros.synthetic.scene import SyntheticScene

from .conftest import register


@pytest.mark.parametrize(
    ("service", "fields", "words"),
    [
        ("register", {"object_name": "cup"}, "known: mug"),
        ("reset", {"object_name": "cup"}, "known: mug"),
        ("remove_object", {"name": "cup"}, "known: mug"),
        ("add_object", {"name": "mug", "mesh": "mug.glb"}, "remove it first"),
        ("add_object", {"name": "cup", "mesh": "cup.glb"}, "check the path"),
        ("add_object", {"name": "cup", "mesh": "/etc/hostname"}, "outside the folders"),
        ("add_object", {"name": "cup", "mesh": "mug.glb", "unit": "mm"}, "unit"),
        ("add_object", {"name": "cup", "mesh": "mug.glb", "symmetries_yaml": "{continuous: ["}, "YAML"),
    ],
)
def test_services_refuse_in_words(bench: Any, service: str, fields: dict[str, Any], words: str) -> None:
    answer = bench.call(service, **fields)
    assert not answer.success
    assert words in answer.message


def test_settings_that_contradict_each_other_are_refused(bench: Any) -> None:
    (refused,) = bench.node.set_parameters([Parameter("regain_score", value=0.1)])
    assert not refused.successful and "below lose_score" in refused.reason
    taken = bench.node.set_parameters_atomically(
        [Parameter("lose_score", value=0.05), Parameter("regain_score", value=0.1)]
    )
    assert taken.successful, taken.reason
    back = bench.node.set_parameters_atomically(
        [Parameter("regain_score", value=0.65), Parameter("lose_score", value=0.35)]
    )
    assert back.successful


def test_objects_that_would_share_a_topic_are_refused(bench: Any) -> None:
    assert bench.call("add_object", name="a_b", mesh="mug.glb", symmetries_yaml="none").success
    refused = bench.call("add_object", name="a-b", mesh="mug.glb", symmetries_yaml="none")
    assert not refused.success and "share the topic" in refused.message
    assert bench.call("remove_object", name="a_b").success


def test_unusable_meshes_are_reported_and_the_others_tracked(
    start: Callable[[dict[str, Any]], Any], scene: SyntheticScene, mesh_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.obj").write_text("v 0 0 0\n")
    (tmp_path / "nan.obj").write_text("v 0 0 0\nv nan 0 0\nv 0 1 0\nf 1 2 3\n")
    (tmp_path / "garbage.glb").write_bytes(b"no mesh")
    bench = start(
        {
            "objects": ["absent", "empty", "nan", "garbage", "furlongs", "number", "mug"],
            "absent.mesh": "absent.obj",
            "empty.mesh": "empty.obj",
            "nan.mesh": "nan.obj",
            "garbage.mesh": "garbage.glb",
            "furlongs.mesh": "mug.glb",
            "furlongs.unit": "furlong",
            "number.mesh": 7,
            "mug.mesh": "mug.glb",
            "mesh_directories": [str(tmp_path), str(mesh_folder)],
        }
    )
    bench.ready()
    register(bench, scene)

    bench.wait(lambda: bench.diagnosed("objects", "mug") == "TRACKING", "the mug's state in /diagnostics")
    fixes = {"absent": "check the path", "empty": "export", "nan": "repair", "garbage": "export"}
    fixes |= {"furlongs": "use one of m, ", "number": "STRING"}
    for name, fix in fixes.items():
        assert fix in bench.diagnosed("objects", name), name
