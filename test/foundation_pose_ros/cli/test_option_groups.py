"""A dataclass stands for its fields in a command's signature, and comes back as an instance."""

from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from foundation_pose_ros.cli.option_groups import changed_options, with_option_groups
from foundation_pose_ros.str_enum import StrEnum


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Paint:
    name: Annotated[str, typer.Option("--paint", help="Its name.")]
    colour: Annotated[Colour, typer.Option("--colour", help="Of the paint.")] = Colour.RED


@dataclass(frozen=True)
class Brush:
    width_mm: Annotated[int, typer.Option("--width", min=1, help="Of the brush.")] = 5


@dataclass(frozen=True)
class OtherPaint:
    colour: Annotated[str, typer.Option("--other")] = ""


@with_option_groups
def draw(
    wall: Annotated[str, typer.Argument()],
    *,
    coats: Annotated[int, typer.Option("--coats")] = 1,
    paint: Paint,
    brush: Brush,
) -> None:
    """Draw on a wall."""
    print(wall, coats, paint, brush)


def run(*arguments: str) -> tuple[int, str]:
    app = typer.Typer(add_completion=False)
    app.command()(draw)
    outcome = CliRunner().invoke(app, list(arguments))
    return outcome.exit_code, outcome.output


def test_fields_stand_where_their_dataclass_stood() -> None:
    parameters = signature(draw).parameters
    assert list(parameters) == ["wall", "coats", "name", "colour", "width_mm"]
    assert parameters["name"].default is Parameter.empty
    assert parameters["colour"].default is Colour.RED
    assert draw.__doc__ == "Draw on a wall."


def test_the_command_gets_instances() -> None:
    status, output = run("north", "--paint", "lime", "--colour", "blue", "--width", "20")
    assert status == 0
    assert output.strip() == f"north 1 {Paint('lime', Colour.BLUE)} {Brush(20)}"


def test_defaults_are_those_of_the_fields(capsys: pytest.CaptureFixture[str]) -> None:
    draw(wall="south", name="lime")
    assert capsys.readouterr().out.strip() == f"south 1 {Paint('lime')} {Brush()}"


def test_what_typer_checks_is_checked() -> None:
    assert run("north")[0] == 2  # no --paint
    assert run("north", "--paint", "lime", "--width", "0")[0] == 2
    assert run("north", "--paint", "lime", "--colour", "grey")[0] == 2


def test_help_tells_of_the_fields() -> None:
    output = run("--help")[1]
    assert "Draw on a wall." in output and "Of the brush." in output and "default: 5" in output


def test_two_options_of_one_name_are_refused() -> None:
    def twice(paint: Paint, other: OtherPaint) -> None:
        print(paint, other)

    with pytest.raises(TypeError, match="colour"):
        with_option_groups(twice)


def test_changed_options_are_named_as_they_are_given() -> None:
    assert changed_options(Brush()) == []
    assert changed_options(Brush(width_mm=7)) == ["--width"]
    assert changed_options(Paint("white", Colour.BLUE)) == ["--paint", "--colour"]
