"""Parts are listed, chosen by name, measured, and left out where something is missing."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from benchmarks import run
from benchmarks.reporting.parts import Part, Scope, all_parts
from benchmarks.reporting.results import RESULTS
from foundation_pose_ros import InputRefused


def weighed(scope: Scope) -> dict[str, Any]:
    return {"quick": scope.quick, "data": str(scope.data)}


def refusing(scope: Scope) -> dict[str, Any]:
    raise InputRefused("no_data", "no scales: buy some")


PARTS = {
    "weight": Part(
        "weight", "how heavy", "weight.json", {"weight": lambda report: f"quick: {report['quick']}"}, weighed
    ),
    "height": Part("height", "how high", "height.json", measure=weighed, in_bench=False),
    "refused": Part("refused", "what can't be", "refused.json", measure=refusing),
    "elsewhere": Part("elsewhere", "by another command", "elsewhere.json"),
}


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "all_parts", lambda: PARTS)


def test_all_of_make_bench_are_measured_unless_some_are_asked_for():
    assert [part.name for part in run.chosen(PARTS, [])] == ["weight", "refused"]
    assert [part.name for part in run.chosen(PARTS, ["height"])] == ["height"]
    with pytest.raises(typer.BadParameter, match="elsewhere: choose from weight, height, refused"):
        run.chosen(PARTS, ["elsewhere"])


def test_parts_are_listed(capsys: pytest.CaptureFixture[str]):
    run.main(names=True)
    assert capsys.readouterr().out == (
        "weight   how heavy\nheight   how high (only when asked for)\nrefused  what can't be\n"
    )


def test_reports_are_written_where_asked_and_signed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run.main(only=["weight", "height"], data=tmp_path, output=tmp_path, quick=True)
    command = "python -m benchmarks.run --only weight --only height"
    assert json.loads((tmp_path / "weight.json").read_text()) == {
        "quick": True,
        "data": str(tmp_path),
        "command": command,
    }
    assert (tmp_path / "height.json").is_file()
    assert "quick: True" in capsys.readouterr().out


def test_what_cannot_be_measured_is_left_out_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run.main(data=tmp_path, output=tmp_path, quick=True)
    assert "left out: no scales: buy some" in capsys.readouterr().err
    assert (tmp_path / "weight.json").is_file() and not (tmp_path / "refused.json").exists()


def test_results_that_are_committed_belong_to_a_part():
    assert {part.result for part in all_parts().values()} >= {path.name for path in RESULTS.glob("*.json")}
