"""A step is done again exactly when something that it is made from changed."""

import sys
from pathlib import Path

import pytest

from environment import stamps


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stamps, "ROOT", tmp_path)
    monkeypatch.setattr(stamps, "STAMPS", tmp_path / "made" / "stamps")
    (tmp_path / "list.txt").write_text("numpy==2.4.6\n")
    return tmp_path / "list.txt"


def test_a_step_is_current_only_for_the_fingerprint_that_it_was_done_with(file):
    assert not stamps.is_current("core", "a")
    stamps.set_current("core", "a")
    assert stamps.is_current("core", "a")
    assert not stamps.is_current("core", "b")
    assert not stamps.is_current("ros", "a")
    stamps.forget("core", "never done")
    assert not stamps.is_current("core", "a")


def test_equal_inputs_have_equal_fingerprints_in_whatever_order(file):
    other = file.with_name("other.txt")
    other.write_text("")
    assert stamps.fingerprint([file, other]) == stamps.fingerprint([other, file])


def test_contents_names_words_place_and_interpreter_all_count(file, monkeypatch):
    prints = {stamps.fingerprint([file]), stamps.fingerprint([]), stamps.fingerprint([file], "word")}
    file.write_text("numpy==2.4.7\n")
    prints.add(stamps.fingerprint([file]))
    prints.add(stamps.fingerprint([file.rename(file.with_name("renamed.txt"))]))
    monkeypatch.setattr(sys, "version", "3.99.0")
    prints.add(stamps.fingerprint([]))
    monkeypatch.setattr(stamps, "ROOT", file.parent.parent)
    prints.add(stamps.fingerprint([]))
    assert len(prints) == 7
