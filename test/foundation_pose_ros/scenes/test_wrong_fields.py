"""What is wrong is said once, where it stands, in words, with what fits there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from foundation_pose_ros import InputRefused

pytest.importorskip("pydantic", reason="descriptions need pydantic")
from foundation_pose_ros.scenes.body_spec import (
    BodySpec,
    Can,
    Carton,
    Design,
    LibraryMesh,
    OwnSurface,
    PatchesSurface,
    PictureSurface,
    Place,
    PlainSurface,
    Print,
    SidesSurface,
    Turned,
)
from foundation_pose_ros.scenes.described import Described, parsed
from foundation_pose_ros.scenes.ideas import SceneIdeas
from foundation_pose_ros.scenes.scene_spec import Hand, SceneSpec

from .conftest import ideas, thing

PLACE = Place(position_m=(0, 0, 0), quaternion_xyzw=(0, 0, 0, 1))
# One of every kind of part.
WHOLE = SceneSpec(
    objects=(
        BodySpec(what=Carton(size_m=(0.1, 0.05, 0.14)), surface=OwnSurface(), place=PLACE),
        BodySpec(what=Can(radius_m=0.03, height_m=0.1), surface=PlainSurface(colour=(1, 2, 3))),
        BodySpec(what=Turned(profile_m=((0.03, 0), (0.01, 0.05), (0.03, 0.1))), surface=SidesSurface()),
    ),
    clutter=(
        BodySpec(what=Design(design="mug", print=Print(brand="KITE")), surface=PatchesSurface()),
        BodySpec(what=LibraryMesh(name="any"), surface=PictureSurface(name="any")),
    ),
    hand=Hand(),
)


def parts_of(part: Described) -> Iterator[Described]:
    """Yield a part and all parts within it."""
    yield part
    for _, value in part:
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Described):
                yield from parts_of(one)


def refusal_of(content: Any, kind: type[Described] = SceneSpec) -> str:
    with pytest.raises(InputRefused) as refused:
        parsed(kind, json.dumps(content), "scene.json")
    return str(refused.value)


def whole() -> dict[str, Any]:
    return json.loads(WHOLE.model_dump_json())


def dicts_of(node: Any) -> list[dict[str, Any]]:
    """Return all JSON objects in one, itself first, in the order of `parts_of`."""
    if isinstance(node, dict):
        return [node, *(one for value in node.values() for one in dicts_of(value))]
    return [one for value in node for one in dicts_of(value)] if isinstance(node, list) else []


@pytest.mark.parametrize(
    ("k", "part"), [pytest.param(k, part, id=f"{k} {type(part).__name__}") for k, part in enumerate(parts_of(WHOLE))]
)
def test_an_unknown_key_of_any_part_is_told_which_keys_there_are(k, part):
    content = whole()
    dicts_of(content)[k]["lumen"] = 3
    keys = ", ".join(sorted(type(part).model_fields))
    assert refusal_of(content).endswith(f"lumen: no such key; there are {keys}")


def test_an_unknown_key_of_an_idea_is_told_too():
    said = refusal_of(ideas(2, objects=[thing(0, colour="red")]), SceneIdeas)
    assert said.startswith("scene.json: scenes.0.objects.0.colour: no such key; there are accent, brand, depth_mm, ")


def test_a_key_of_many_letters_is_shortened():
    assert len(refusal_of(whole() | {"x" * 5000: 1})) < 500


@pytest.mark.parametrize("wrong", [[0], [1], [0, 1], [0, 1, 2]])
def test_wrong_fields_do_not_make_their_list_too_short(wrong):
    content = whole()
    for k in wrong:
        content["objects"][k]["material"] = "gold"
    lines = refusal_of(content).split("; ")
    assert [line.removeprefix("scene.json: ").partition(":")[0] for line in lines] == [
        f"objects.{k}.material" for k in wrong
    ]


def test_a_list_that_is_too_short_is_said_beside_what_is_wrong_in_it():
    assert "objects: Tuple should have at least 1 item" in refusal_of(whole() | {"objects": []})
    content = whole()
    content["objects"][2]["what"]["profile_m"] = [[0.03, 0], [0.01, 9]]
    said = refusal_of(content)
    assert "profile_m: Tuple should have at least 3 items" in said and "profile_m.1.1: Input should be less" in said


@pytest.mark.parametrize(
    ("kind", "content", "field", "allowed"),
    [
        pytest.param(
            SceneSpec,
            whole() | {"clutter": [{"what": {"kind": "design", "design": "mug", "print": {"brand": "A\u202e;"}}}]},
            "clutter.0.what.design.print.brand",
            "letters (a to z, À to ÿ), digits, spaces and & ' . , % + -",
            id="a print",
        ),
        pytest.param(
            SceneSpec,
            whole() | {"clutter": [{"what": {"kind": "library", "name": "../x"}}]},
            "clutter.0.what.library.name",
            "letters, digits, spaces and _ . , ( ) + - /, with a letter, digit or _ first",
            id="a name in a library",
        ),
        pytest.param(
            SceneIdeas,
            ideas(2, objects=[thing(0, ground="red")]),
            "scenes.0.objects.0.ground",
            "# and six of 0 to 9 and a to f, such as #206040",
            id="a colour",
        ),
        pytest.param(
            SceneIdeas,
            ideas(2, objects=[thing(0, finish="texture", texture="oak\n")]),
            "scenes.0.objects.0.texture",
            "letters (a to z, À to ÿ), digits, spaces and & ' . , % + -",
            id="a texture",
        ),
    ],
)
def test_characters_that_may_not_be_are_refused_in_words(kind, content, field, allowed):
    said = refusal_of(content, kind)
    assert said.startswith(f"scene.json: {field}: Text should consist of {allowed}, not ")
    assert "pattern" not in said and "^" not in said


@given(some.text(min_size=1, max_size=24))
def test_a_print_takes_what_its_words_say_and_nothing_else(text):
    taken = all((one.isascii() and one.isalnum()) or "À" <= one <= "ÿ" or one in " &'.,%+-" for one in text)
    try:
        assert parsed(Print, json.dumps({"brand": text}), "print").brand == text and taken
    except InputRefused as refused:
        assert not taken and "Text should consist of letters" in str(refused)
