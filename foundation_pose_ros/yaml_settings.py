"""Settings from a YAML file: frozen dataclasses, also nested ones, by the names of their fields."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from .errors import InputRefused, shortened
from .input_limits.bounded_yaml import read_yaml

Settings = TypeVar("Settings")


def read_settings(path: Path) -> dict[str, Any]:
    """Keys and values of a file; raises InputRefused, naming it, where it holds none."""
    return _keys_and_values(read_yaml(path, "bad_settings") or {}, str(path))


def settings_from(kind: type[Settings], content: Mapping[str, Any], where: str) -> Settings:
    """Make a dataclass from keys and values; lists become tuples, keys and values in them the dataclasses they are for.

    Raises InputRefused, naming `where` they stand, for keys that don't exist and for values that can't be taken.
    """
    kinds = get_type_hints(kind)
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    unknown = sorted(set(map(str, content)) - set(known))
    if unknown:
        raise InputRefused(
            "bad_settings", f"{where}: no setting {shortened(repr(unknown[0]))}; there are {', '.join(sorted(known))}"
        )
    values = {name: _taken(kinds[name], value, f"{where}, {name}") for name, value in content.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise InputRefused("bad_settings", f"{where}: {error}") from None


def _taken(kind: Any, value: Any, where: str) -> Any:
    if is_dataclass(kind):
        return settings_from(kind, _keys_and_values(value or {}, where), where)  # type: ignore[arg-type]
    if isinstance(value, list):
        item = next(iter(get_args(kind)), None)
        return tuple(_taken(item, one, where) for one in value)
    return value


def _keys_and_values(content: Any, where: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise InputRefused("bad_settings", f"{where} must hold keys and values, such as output: runs/first")
    return content
