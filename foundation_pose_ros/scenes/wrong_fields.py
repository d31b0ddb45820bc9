"""How what is wrong with a description is said: each wrong field, and what fits there."""

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..errors import shortened

_MOST_ERRORS = 4
_LONGEST_FIELD, _LONGEST_VALUE = 100, 60


def said(error: ValidationError, kind: type[BaseModel]) -> str:
    """Say which fields of a model of this kind are wrong and what they may be, the first few of them."""
    lines = [_line(one, kind) for one in error.errors(include_url=False) if not _counts_wrong_ones_out(one)]
    more = f"; and {len(lines) - _MOST_ERRORS} more" if len(lines) > _MOST_ERRORS else ""
    return "; ".join(lines[:_MOST_ERRORS]) + more


def _line(one: ErrorDetails, kind: type[BaseModel]) -> str:
    field = shortened(".".join(map(str, one["loc"])) or "the whole", _LONGEST_FIELD)
    if one["type"] == "extra_forbidden":
        return f"{field}: no such key; there are {', '.join(_keys_at(one['loc'][:-1], kind.model_json_schema()))}"
    return f"{field}: {one['msg']}, not {shortened(repr(one['input']), _LONGEST_VALUE)}"


def _counts_wrong_ones_out(one: ErrorDetails) -> bool:
    """Tell whether a list is called too short only since what is wrong in it, which is said as well, doesn't count."""
    return one["type"] == "too_short" and len(one["input"]) >= one["ctx"]["min_length"]


def _keys_at(place: tuple[int | str, ...], schema: dict[str, Any]) -> list[str]:
    """Return the keys of the part that stands at a place, which names fields, numbers in lists and kinds of unions."""
    node = schema
    for step in place:
        if isinstance(step, int):
            node = node["items"]
        elif step in node.get("properties", {}):
            node = node["properties"][step]
        else:
            node = {"$ref": node["discriminator"]["mapping"][step]}
        node = _itself(node, schema)
    return sorted(node["properties"])


def _itself(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Follow references, which stand alone, beside a description, or before the null of what may be left out."""
    for wrapper in ("allOf", "anyOf"):
        node = node[wrapper][0] if wrapper in node else node
    return schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
