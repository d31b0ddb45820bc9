"""Public names of a package that are looked up when they are asked for, so that importing the package costs nothing.

A package lists its names twice: as imports under `TYPE_CHECKING`, which type checkers and editors read, and in a table
for `lazy_names`, which Python does.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, str], without: str = ""
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package (PEP 562).

    package: its `__name__`. homes: the module, relative to the package, in which each public name stands. without: what
    to say where a library that a name needs isn't installed. Names that aren't listed raise AttributeError, as ever.
    """

    def found(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            return getattr(import_module(homes[name], package), name)
        except ModuleNotFoundError as error:
            if not without:
                raise
            raise ImportError(f"{without} ({error})") from None

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return found, listed
