"""What is built, and when it is built again."""

from pathlib import Path

import pytest

from environment import stamps, workspace

TREE = ("package.xml", "CMakeLists.txt", "pyproject.toml", "msg/Pose.msg", "srv/Reset.srv", "launch/pose.launch.py")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small source tree with a package in it; colcon only leaves a note that it ran."""
    for name in (*TREE, "environment/requirements-ros.txt", "foundation_pose_ros/camera.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(stamps, "ROOT", tmp_path)
    monkeypatch.setattr(stamps, "STAMPS", tmp_path / "made/stamps")
    monkeypatch.setattr(workspace, "ROOT", tmp_path)
    monkeypatch.setattr(workspace, "STAGED", tmp_path / "made/workspace/foundation_perception")
    monkeypatch.setattr(workspace, "INSTALL", tmp_path / "made/install")
    monkeypatch.setattr(workspace, "requirements", lambda name: tmp_path / f"environment/requirements-{name}.txt")

    def note(step: str, title: str, packages: list[Path]) -> None:
        with (tmp_path / "builds").open("a") as stream:
            stream.write(f"{step}\n")

    monkeypatch.setattr(workspace, "colcon_build", note)
    return tmp_path


def builds(tree: Path) -> int:
    """How often the package was built once more to bring it up to date."""
    workspace.ensure_package()
    return len((tree / "builds").read_text().split())


def test_a_second_call_builds_nothing(tree):
    assert builds(tree) == 1
    assert builds(tree) == 1


@pytest.mark.parametrize("name", ["package.xml", "CMakeLists.txt", "msg/Pose.msg", "srv/Reset.srv"])
def test_what_is_compiled_is_built_again_when_it_changed(tree, name):
    builds(tree)
    (tree / name).write_text("changed")
    assert builds(tree) == 2


def test_a_new_file_to_install_needs_a_build_and_an_edit_of_one_does_not(tree):
    builds(tree)
    (tree / "launch/pose.launch.py").write_text("changed")
    (tree / "foundation_pose_ros/camera.py").write_text("changed")
    assert builds(tree) == 1
    (tree / "launch/second.launch.py").write_text("new")
    assert builds(tree) == 2


def test_what_is_gone_from_the_sources_does_not_stay_installed(tree):
    installed = tree / "made/install/share/foundation_perception/launch/old.launch.py"
    installed.parent.mkdir(parents=True)
    installed.write_text("old")
    builds(tree)
    assert not installed.exists()


def test_the_staged_package_links_to_the_sources(tree):
    staged = workspace.stage()
    assert (staged / "msg/Pose.msg").read_text() == "msg/Pose.msg"
    assert (staged / "package.xml").is_symlink()
    assert not (staged / "environment").exists()
    (tree / "package.xml").write_text("changed")
    assert (workspace.stage() / "package.xml").read_text() == "changed"
