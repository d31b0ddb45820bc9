"""Parameters from one table: it declares them with description and range, validates, and prints the documentation."""

import json
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    ParameterType,
    SetParametersResult,
)

from ..errors import shortened

if TYPE_CHECKING:
    from rclpy.node import Node
    from rclpy.parameter import Parameter

_TYPES = {
    bool: ParameterType.PARAMETER_BOOL,
    int: ParameterType.PARAMETER_INTEGER,
    float: ParameterType.PARAMETER_DOUBLE,
    str: ParameterType.PARAMETER_STRING,
    list: ParameterType.PARAMETER_STRING_ARRAY,
}


class ParameterScope(Enum):
    """When a value is taken up; what is taken at the start can't be set later."""

    AT_START = "start"
    ON_CONFIGURE = "configure"
    ON_ACTIVATE = "activate"
    AT_ONCE = "at once"


@dataclass(frozen=True)
class Row:
    """One parameter. low and high bound a number, both included; lists hold strings.

    choices bound a string, or pattern does: a regular expression, all of which it must match.
    """

    name: str
    default: bool | int | float | str | list[str]
    description: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    scope: ParameterScope = ParameterScope.AT_ONCE

    def descriptor(self) -> ParameterDescriptor:
        """Return what `ros2 param describe` shows; rclpy itself refuses values out of range."""
        descriptor = ParameterDescriptor(
            name=self.name,
            type=_TYPES[type(self.default)],
            description=self.description,
            read_only=self.scope is ParameterScope.AT_START,
        )
        if self.choices:
            descriptor.additional_constraints = "one of " + ", ".join(self.choices)
        if self.low is not None and self.high is not None:
            if isinstance(self.default, int):
                descriptor.integer_range = [IntegerRange(from_value=int(self.low), to_value=int(self.high), step=1)]
            else:
                bounds = FloatingPointRange(from_value=float(self.low), to_value=float(self.high), step=0.0)
                descriptor.floating_point_range = [bounds]
        return descriptor

    @property
    def bounds(self) -> str:
        """Return the values that are taken, in words, '' where all are."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        return ", ".join(f"`{choice}`" for choice in self.choices)

    def fault_of(self, value: Any) -> str:
        """Say what is wrong with a value, in words, or ''."""
        if self.choices and value not in self.choices:
            return f"{self.name} is {shortened(repr(value))}: use one of {', '.join(self.choices)}"
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"{self.name} is {shortened(repr(value))}: it must match {self.pattern}"
        return ""


AUTOSTART = Row("autostart", True, "Configure and activate without a lifecycle manager.", scope=ParameterScope.AT_START)


def declare(node: "Node", table: Sequence[Row]) -> None:
    """Declare all rows that aren't declared yet; raises ValueError for a value that isn't among the choices."""
    for row in table:
        if not node.has_parameter(row.name):
            node.declare_parameter(row.name, row.default if row.default != [] else [""], row.descriptor())
        fault = row.fault_of(node.get_parameter(row.name).value)
        if fault:
            raise ValueError(fault)


def values(node: "Node", table: Sequence[Row]) -> dict[str, Any]:
    """Return values by name, lists without empty strings, since YAML parameter files can't hold an empty list."""
    result = {}
    for row in table:
        value = node.get_parameter(row.name).value
        result[row.name] = [v for v in value if v] if isinstance(row.default, list) else value
    return result


def validator(table: Sequence[Row]) -> "Callable[[list[Parameter[Any]]], SetParametersResult]":
    """Return an on-set callback that refuses values outside the choices, and does nothing else."""
    rows: Mapping[str, Row] = {row.name: row for row in table}

    def validate(changed: "list[Parameter[Any]]") -> SetParametersResult:
        faults = [rows[p.name].fault_of(p.value) for p in changed if p.name in rows]
        reason = "; ".join(fault for fault in faults if fault)
        return SetParametersResult(successful=not reason, reason=reason)

    return validate


def commented_yaml(table: Sequence[Row]) -> str:
    """Return the table as lines of a parameter file, each value below what it means, as config/ holds them."""
    lines = []
    for row in table:
        words = f"{row.description} ({row.bounds})" if row.bounds else row.description
        lines += textwrap.wrap(words.replace("`", ""), 110, initial_indent="    # ", subsequent_indent="    # ")
        # A parameter file can't hold an empty list: rcl wouldn't know its type.
        lines.append(f"    {row.name}: {json.dumps(row.default if row.default != [] else [''])}")
    return "\n".join(lines) + "\n"


def markdown_table(table: Sequence[Row]) -> str:
    """Return the table as Markdown, as docs/nodes.md holds it."""
    lines = ["| Parameter | Type | Default | Range | Taken up | Meaning |", "|---|---|---|---|---|---|"]
    for row in table:
        kind = "list of strings" if isinstance(row.default, list) else type(row.default).__name__
        default = str(row.default).lower() if isinstance(row.default, bool) else row.default
        shown = "" if default in ("", []) else f"`{default}`"
        lines.append(f"| `{row.name}` | {kind} | {shown} | {row.bounds} | {row.scope.value} | {row.description} |")
    return "\n".join(lines)
