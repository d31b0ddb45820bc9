"""Settings files: what they hold comes back, and what they can't is refused in words."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.yaml_settings import read_settings, settings_from


@dataclass(frozen=True)
class Part:
    size: int = 1


@dataclass(frozen=True)
class Whole:
    output: str
    part: Part = field(default_factory=Part)
    parts: tuple[Part, ...] = ()
    range: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        if self.range[0] > self.range[1]:
            raise InputRefused("bad_settings", "the range is empty")


def test_nested_settings_and_lists_of_them_become_what_their_fields_say(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("output: here\npart: {size: 2}\nparts: [{size: 3}, {}]\nrange: [0.5, 2]\n")
    assert settings_from(Whole, read_settings(file), "run") == Whole("here", Part(2), (Part(3), Part()), (0.5, 2))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("output: a\nsise: 1\n", "no setting 'sise'; there are output, part, parts, range"),
        ("output: a\npart: {sise: 1}\n", "part: no setting 'sise'"),
        ("output: a\nparts: [{sise: 1}]\n", "parts: no setting 'sise'"),
        ("output: a\npart: 0.3\n", "part must hold keys and values"),
        ("output: a\nparts: [3]\n", "parts must hold keys and values"),
        ("output: a\nrange: [b, 1]\n", "not supported between"),
        ("output: a\nrange: [2, 1]\n", "the range is empty"),
        ("part: {size: 1}\n", "output"),
        ("3: 4\n", "no setting '3'"),
        ("- 1\n", "must hold keys and values"),
        ("{", "can't be read"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(text)
    with pytest.raises(InputRefused, match=words):
        settings_from(Whole, read_settings(file), str(file))


def test_a_file_that_is_none_of_settings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="can't be read"):
        read_settings(tmp_path / "nowhere.yaml")
    (tmp_path / "large.yaml").write_bytes(b" " * (1 << 20) + b"a: 1")
    with pytest.raises(InputRefused, match="larger than a megabyte"):
        read_settings(tmp_path / "large.yaml")
