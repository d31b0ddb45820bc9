"""The demonstration as a whole: files, figures and exit status."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_pose_ros.nodes.demo import __main__ as demo
from foundation_pose_ros.nodes.demo import run


def test_demo_writes_what_was_published(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    status = demo.main(["--object", "sticker_cube", "--frames", "3", "--output", str(tmp_path / "out")])

    out, err = capfd.readouterr()
    assert status == 0, err
    last = out.splitlines()[-1]
    assert last.startswith("demo: 3 frames, 1 registration, ")
    assert "against the true poses, median latency" in last

    lines = [json.loads(line) for line in (tmp_path / "out" / "poses.jsonl").read_text().splitlines()]
    assert [line["frame"] for line in lines] == ["000000", "000001", "000002"]
    posed = [line for line in lines if line["T_cam_obj"] is not None]
    assert len(posed) >= 2
    assert f" {len(posed)} poses published, {len(posed)} of them in TF, " in last
    for line in posed:
        assert (line["object"], line["state"]) == ("sticker_cube", "TRACKING")
        assert line["error_mm"] < 5.0 and line["time_s"] > 0
        R = np.array(line["T_cam_obj"])[:3, :3]
        np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-5)
    picture = cv2.imread(str(tmp_path / "out" / "overlay.png"))
    assert picture is not None and picture.shape[1] > 1900


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--sequence", "/nowhere"], "not a folder"),
        (["--object", "unicorn"], "unicorn"),
    ],
)
def test_demo_says_in_one_line_why_not(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert demo.main([*arguments, "--output", str(tmp_path)]) == 1
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("demo: ") and words in lines[0]


def test_demo_ends_when_pose_node_does(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "POSE_NODE", "foundation_pose_ros.nodes.no_such_node")
    assert demo.main(["--object", "sticker_cube", "--frames", "1", "--output", str(tmp_path)]) == 1
    assert "pose_node ended with status 1" in capfd.readouterr().err
