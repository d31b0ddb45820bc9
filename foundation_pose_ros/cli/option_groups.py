"""Options that several commands share, declared once: a frozen dataclass whose fields are options of each command."""

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, get_annotations, signature
from typing import Any, TypeVar, get_type_hints

Result = TypeVar("Result")


def with_option_groups(command: Callable[..., Result]) -> Callable[..., Result]:
    """Return the command with a signature in which the fields of its dataclass parameters stand for these parameters.

    typer reads options from that signature, and the command is called with instances built of what it found. A field
    keeps its annotation, `Annotated[..., typer.Option(...)]`, and its default. Raises TypeError where two options have
    the same name.
    """
    # Not get_type_hints: on Python 3.10 it wraps whatever has None for default into an Optional, beyond typer's sight.
    hints = get_annotations(command, eval_str=True)
    groups: dict[str, Any] = {}
    options: list[Parameter] = []
    for name, parameter in signature(command).parameters.items():
        if is_dataclass(hints[name]):
            groups[name] = hints[name]
            options += _options_of(hints[name])
        else:
            options.append(parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=hints[name]))
    names = [option.name for option in options]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TypeError(f"{command.__name__} has two options called {' and '.join(twice)}")
    flat = Signature(options, return_annotation=hints.get("return", Signature.empty))

    @wraps(command)
    def called(**given: Any) -> Result:
        bound = flat.bind(**given)
        bound.apply_defaults()
        values = dict(bound.arguments)
        built = {
            name: group(**{field.name: values.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        return command(**values, **built)

    called.__signature__ = flat  # type: ignore[attr-defined]
    called.__annotations__ = {option.name: option.annotation for option in options}
    return called


def _options_of(group: Any) -> list[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]


def changed_options(group: Any) -> list[str]:
    """Return names of a group's options that have another value than their default."""
    hints = get_type_hints(type(group), include_extras=True)
    changed = [field for field in fields(group) if getattr(group, field.name) != field.default]
    # In an annotation, typer's first argument is the option's name, which it keeps where a default would be.
    return [str(hints[field.name].__metadata__[0].default).split("/")[0] for field in changed]
