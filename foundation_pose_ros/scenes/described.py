"""What every part of a description is made of: checked fields, and how what is wrong with them is said."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import InputRefused, shortened

Part = TypeVar("Part", bound="Described")
_MOST_ERRORS = 4


class Described(BaseModel):
    """A part of a description: nothing unknown in it, no infinities, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True)


Seed = Annotated[int, Field(ge=0, le=2**31 - 1, description="chooses what nothing else says; no unit")]


def parsed(kind: type[Part], text: str | bytes, where: str, reason: str = "bad_scene_spec") -> Part:
    """Return what JSON describes; raises InputRefused with where it stands, each wrong field, and what fits there."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise InputRefused(reason, f"{where}: {said(error)}") from None


def said(error: ValidationError) -> str:
    """Say which fields are wrong and what they may be, the first few of them."""
    found = error.errors(include_url=False, include_context=False)
    lines = [f"{_field(one['loc'])}: {one['msg']}, not {shortened(repr(one['input']), 60)}" for one in found]
    more = f"; and {len(lines) - _MOST_ERRORS} more" if len(lines) > _MOST_ERRORS else ""
    return "; ".join(lines[:_MOST_ERRORS]) + more


def _field(place: tuple[int | str, ...]) -> str:
    return ".".join(map(str, place)) or "the whole"
