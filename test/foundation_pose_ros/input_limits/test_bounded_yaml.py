"""YAML from users: bombs are refused before anything is made of them, ordinary files come through."""

from pathlib import Path

import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.input_limits.bounded_yaml import parse_yaml, read_yaml
from foundation_pose_ros.input_limits.limits import LIMITS

# Nine lists of nine aliases each: 3.5e8 items for whoever writes them out.
LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]\n" for k in range(1, 10))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LAUGHS, "more than 16 aliases"),
        ("[" * 10_000, "more than 32 levels"),
        ("{a: " * 4_000, "more than 32 levels"),
        ("- " * 8_000, "more than 32 levels"),
        ("&a [*a]", "an alias stands within what it repeats"),
        ("{continuous: &a [{axis: [0, 0, 1], more: *a}]}", "an alias stands within what it repeats"),
        ("9" * 4_001, "characters in one value"),
        ("a: " + "x" * 20_000, "write at most 16384 bytes"),
        ("2001-99-99", "can't be read as YAML"),
        ("!!python/object/apply:os.system [ls]", "can't be read as YAML"),
        ("a: \x00", "can't be read as YAML"),
    ],
)
def test_bombs_of_a_request_are_refused_in_a_short_message(text: str, words: str) -> None:
    with pytest.raises(InputRefused, match=words) as refused:
        parse_yaml(text, "bad_symmetries", "symmetries")
    assert refused.value.reason == "bad_symmetries" and len(str(refused.value)) < 400


def test_a_file_may_hold_more_than_a_request_but_not_without_end(tmp_path: Path) -> None:
    file = tmp_path / "support.yaml"
    file.write_text("order: [" + ", ".join(f"'{n:04d}'" for n in range(5_000)) + "]\n")
    assert len(read_yaml(file, "bad_support")["order"]) == 5_000
    file.write_text("[" + "1," * LIMITS.yaml_nodes + "1]")
    with pytest.raises(InputRefused, match="more than 20000 keys and values"):
        read_yaml(file, "bad_support")
    file.write_bytes(b" " * LIMITS.yaml_bytes + b"a")
    with pytest.raises(InputRefused, match="larger than a megabyte"):
        read_yaml(file, "bad_support")
    file.write_bytes(b"a: \xff")
    with pytest.raises(InputRefused, match="can't be read"):
        read_yaml(file, "bad_support")


def test_ordinary_yaml_comes_through_with_a_few_aliases() -> None:
    assert parse_yaml("{a: &z [0, 0, 1], b: *z}", "bad", "it") == {"a": [0, 0, 1], "b": [0, 0, 1]}
    assert parse_yaml("base: &b {x: 1}\nmore: {<<: *b, y: 2}", "bad", "it")["more"] == {"x": 1, "y": 2}
    assert parse_yaml("", "bad", "it") is None
