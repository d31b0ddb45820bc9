"""Objects that are asked for by name and file: what can't be looked up is refused in a few words."""

from pathlib import Path

import pytest
import trimesh

from foundation_pose_ros import InputRefused
from foundation_pose_ros.nodes.pose.object_catalogue import load_object


@pytest.mark.parametrize("mesh", ["a" * 100_000, "a/" * 100_000, "a" * 300 + ".obj", "a\0.obj", "~nobody.knows/a.obj"])
@pytest.mark.parametrize("only_from_directories", [False, True])
def test_paths_that_are_none_are_refused(tmp_path: Path, mesh: str, only_from_directories: bool) -> None:
    with pytest.raises(InputRefused) as refused:
        load_object("mug", mesh, "m", "", [str(tmp_path)], only_from_directories)
    assert refused.value.reason in ("mesh_missing", "mesh_not_allowed") and len(str(refused.value)) <= 1000


@pytest.mark.parametrize("name", ["a" * 101, "b" * 100_000, "", " mug", "/mug"])
def test_names_that_make_no_topic_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputRefused) as refused:
        load_object(name, "mug.ply", "m", "", [str(tmp_path)])
    assert refused.value.reason == "bad_object_name" and len(str(refused.value)) < 400


@pytest.mark.parametrize("symmetries", ["[" * 15_000, "{continuous: &a [*a]}", "x" * 100_000])
def test_bombs_for_symmetries_are_refused_in_a_short_message(tmp_path: Path, symmetries: str) -> None:
    trimesh.creation.box((0.1, 0.1, 0.1)).export(tmp_path / "box.ply")
    with pytest.raises(InputRefused) as refused:
        load_object("box", "box.ply", "m", symmetries, [str(tmp_path)])
    assert refused.value.reason == "bad_symmetries" and len(str(refused.value)) < 600
