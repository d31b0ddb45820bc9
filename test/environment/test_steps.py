"""Slow steps leave a log, and their failures show its end."""

import sys
from pathlib import Path

import pytest

from environment import steps
from environment.steps import StepFailed, run_step


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(steps, "LOGS", tmp_path / "logs")
    return tmp_path / "logs"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_step_says_that_it_begins_and_ends_and_keeps_its_output(logs, capfd):
    run_step("build", "building", python("import sys; print('out'); print('err', file=sys.stderr)"))
    out, err = capfd.readouterr()
    assert out == ""
    assert [line.split(" in ")[0] for line in err.splitlines()] == [
        "environment: building ...",
        "environment: building: done",
    ]
    assert sorted((logs / "build.log").read_text().split()) == ["err", "out"]


def test_a_failed_step_names_its_log_and_shows_the_end_of_it(logs):
    with pytest.raises(StepFailed) as failure:
        run_step("build", "building", python("print('\\n'.join(map(str, range(100)))); raise SystemExit(3)"))
    lines = str(failure.value).splitlines()
    assert lines[0] == f"building: failed with status 3; {logs / 'build.log'} ends with:"
    assert [line.strip() for line in lines[1:]] == [str(k) for k in range(75, 100)]


def test_a_step_sees_the_variables_that_it_is_given_and_no_input(logs):
    run_step("build", "building", python("import os, sys; print(dict(os.environ).get('COLOUR'), sys.stdin.read())"))
    assert (logs / "build.log").read_text().split() == ["None"]
    run_step("build", "building", python("import os; print(os.environ['COLOUR'])"), {"COLOUR": "red"})
    assert (logs / "build.log").read_text().split() == ["red"]
