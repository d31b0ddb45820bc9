"""environment/run says what it needs where it can't start."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from environment import __main__ as command
from environment.steps import StepFailed

ROOT = Path(__file__).resolve().parent.parent.parent


def run(tree: Path, python: str) -> subprocess.CompletedProcess[str]:
    """Start a copy of the script that has a module of its own to run, from a folder where another one is."""
    (tree / "environment").mkdir()
    shutil.copy(ROOT / "environment" / "run", tree / "environment" / "run")
    (tree / "environment" / "__main__.py").write_text("import sys; print(sys.argv[1:], sys.executable)")
    return subprocess.run(
        ["sh", str(tree / "environment" / "run"), "true"],
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHON": python},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_interpreter_that_is_none_is_refused_with_what_is_needed(tmp_path):
    outcome = run(tmp_path, "/no/python3.12")
    assert outcome.returncode == 1
    assert "Python 3.11 or 3.12 is needed" in outcome.stderr
    assert "/no/python3.12" in outcome.stderr
    assert "make PYTHON=" in outcome.stderr


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the environment's wheels of ROS are for Python 3.11 and 3.12")
def test_the_interpreter_that_is_named_is_taken_wherever_one_stands(tmp_path):
    outcome = run(tmp_path, sys.executable)
    assert outcome.stdout.split() == ["['true']", sys.executable]


def test_a_failed_step_ends_in_one_plain_message_and_status_1(monkeypatch, capsys):
    def fail(purpose: str) -> None:
        raise StepFailed(f"no {purpose}")

    monkeypatch.setattr(command, "prepare", fail)
    monkeypatch.setattr(sys, "argv", ["environment", "--for", "tests", "true"])
    assert command.main() == 1
    assert capsys.readouterr().err == "environment: no tests\n"


def test_a_command_that_is_not_there_is_named(monkeypatch, capsys):
    monkeypatch.setattr(command, "prepare", lambda purpose: None)
    monkeypatch.setattr(sys, "argv", ["environment", "no-such-command"])
    assert command.main() == 127
    assert "no-such-command: no such command" in capsys.readouterr().err
