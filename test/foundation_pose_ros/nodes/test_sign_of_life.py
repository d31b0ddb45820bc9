"""The first word of a node, which is said before anything heavy is imported."""

import pytest

from foundation_pose_ros.nodes.sign_of_life import run_announced


def test_a_node_says_that_it_starts_before_its_libraries_are_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []

    def imported(name: str) -> None:
        said.append(capsys.readouterr().err)
        raise ImportError(name)

    monkeypatch.setattr("foundation_pose_ros.nodes.sign_of_life.import_module", imported)
    with pytest.raises(ImportError):
        run_announced("pose_node", "foundation_pose_ros.nodes.pose.node", "PoseNode", None)
    assert said == ["[INFO] [pose_node]: starting; loading libraries takes some seconds\n"]
