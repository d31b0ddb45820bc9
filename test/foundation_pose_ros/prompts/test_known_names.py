"""Words that name known objects."""

import pytest

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.prompts.known_names import KnownNames, checked_words

KNOWN = {"mug": "mug", "sticker_cube": "sticker_cube", "can_1": "soda_can", "can_2": "soda_can"}


@pytest.mark.parametrize(
    ("words", "object"),
    [
        ("mug", "mug"),
        ("the Mug!", "mug"),
        ("a sticker cube", "sticker_cube"),
        ("Coffee cup", "mug"),
        ("cup", "mug"),
        ("can 2", "can_2"),
        ("the soda can", "can_1"),
        ("Coke", "can_1"),
        ("saucer", None),
        ("the", None),
    ],
)
def test_names_and_aliases(words: str, object: str | None) -> None:
    assert KnownNames(["mug: coffee cup, cup", "soda_can: coke"]).object_of(words, KNOWN) == object


def test_an_alias_of_an_object_that_is_not_there_means_nothing() -> None:
    assert KnownNames(["kettle: pot"]).object_of("pot", KNOWN) is None


def test_words_that_could_be_two_objects_are_refused_but_for_the_exact_name() -> None:
    names = {"red_mug": "red_mug", "Red mug": "Red mug"}
    with pytest.raises(InputRefused, match="could be any of red_mug, Red mug"):
        KnownNames().object_of("red-mug", names)
    assert KnownNames().object_of("Red mug", names) == "Red mug"


@pytest.mark.parametrize("line", ["mug", ": cup", "mug:", "mug: cup,,pot", "mug: !"])
def test_aliases_that_say_nothing_are_refused(line: str) -> None:
    with pytest.raises(InputRefused, match="mug: coffee cup, cup"):
        KnownNames([line])


def test_an_alias_of_two_objects_is_refused() -> None:
    with pytest.raises(InputRefused, match="'cup' stands for both mug and glass"):
        KnownNames(["mug: cup", "glass: cup"])


def test_words_are_one_line() -> None:
    assert checked_words("  red\n mug ") == "red mug"


@pytest.mark.parametrize("text", ["", " \n", "?!", "x" * 201, "mug\x00"])
def test_what_is_no_words_is_refused(text: str) -> None:
    with pytest.raises(InputRefused, match="printable"):
        checked_words(text)
