"""Members are their words wherever they are printed, on each Python."""

import json

from foundation_pose_ros.str_enum import StrEnum


class Colour(StrEnum):
    RED = "red"


def test_member_prints_as_its_word() -> None:
    assert str(Colour.RED) == f"{Colour.RED}" == f"{Colour.RED}" == Colour.RED.value == "red"
    assert f"{Colour.RED:>5}" == "  red" and json.dumps({"colour": Colour.RED}) == '{"colour": "red"}'


def test_word_is_its_member() -> None:
    assert Colour("red") is Colour.RED and Colour.RED == "red" and "red" in {Colour.RED}
