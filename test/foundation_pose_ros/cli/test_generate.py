"""Options that change nothing are refused, with what to do instead, before anything is written."""

import json

import pytest

pytest.importorskip("pydantic", reason="descriptions need pydantic")
from foundation_pose_ros.cli.app import main

LLM = ("--composer", "llm", "--llm-model", "any")


@pytest.mark.parametrize(
    ("options", "useless", "instead"),
    [
        ((*LLM, "--meshes", "folder"), "--meshes", "--composer procedural"),
        ((*LLM, "--glass", "0.3"), "--glass", "--composer procedural"),
        ((*LLM, "--meshes", "folder", "--glass", "0.3"), "--meshes, --glass", "--composer procedural"),
        (("--llm-model", "any"), "--llm-model", "--composer llm"),
        (("--most-cost", "1", "--llm-batch", "4"), "--llm-batch, --most-cost", "--composer llm"),
        (("scene.json", "--glass", "0.3"), "--glass", "say it in the descriptions"),
        (("scene.json", "--seed", "4", "--frames", "2"), "--seed, --frames", "say it in the descriptions"),
        (("scene.json", *LLM), "--composer, --llm-model", "say it in the descriptions"),
    ],
)
def test_an_option_without_effect_is_refused_with_what_to_do(tmp_path, capsys, options, useless, instead):
    assert main(["generate", *options, "--output", str(tmp_path / "out")]) == 2
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert f"no use for {useless}: leave that out, or" in said and instead in said
    assert not (tmp_path / "out").exists()


def test_an_option_at_its_default_is_nobodys_harm(tmp_path, capsys):
    (tmp_path / "scene.json").write_text(json.dumps({"objects": []}))
    options = ("--glass", "0", "--composer", "procedural", "--output", str(tmp_path / "out"))
    assert main(["generate", str(tmp_path / "scene.json"), *options]) == 1
    assert "objects" in capsys.readouterr().err
