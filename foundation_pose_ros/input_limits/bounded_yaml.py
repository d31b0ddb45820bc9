"""YAML from users: bounded in size, depth and repetition before anything is made of it."""

from pathlib import Path
from typing import Any

import yaml

from ..errors import InputRefused, shortened
from .limits import LIMITS


class _TooMuch(yaml.YAMLError):
    """The text goes beyond the limits."""


class _BoundedLoader(yaml.SafeLoader):
    """Counts nodes as they are composed: values are made of them only when all are counted."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._nodes = self._aliases = self._depth = 0
        self._open_anchors: set[str] = set()

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        self._nodes += 1
        self._aliases += isinstance(event, yaml.AliasEvent)
        self._check(self._nodes, LIMITS.yaml_nodes, "keys and values")
        self._check(self._aliases, LIMITS.yaml_aliases, "aliases")
        self._check(self._depth, LIMITS.yaml_depth, "levels")
        if isinstance(event, yaml.ScalarEvent):
            self._check(len(event.value), LIMITS.yaml_scalar_chars, "characters in one value")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in self._open_anchors:
                raise _TooMuch("an alias stands within what it repeats: write out what it stands for")
            return super().compose_node(parent, index)
        anchor = {event.anchor} if event.anchor else set()
        self._open_anchors |= anchor
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        self._open_anchors -= anchor
        return node

    @staticmethod
    def _check(count: int, most: int, what: str) -> None:
        if count > most:
            raise _TooMuch(f"it has more than {most} {what}: write it shorter and flatter")


def read_yaml(path: Path, reason: str) -> Any:
    """Return what a YAML file holds, None where it is empty; raises InputRefused for this reason, naming it."""
    try:
        size = path.stat().st_size
        if size > LIMITS.yaml_bytes:
            raise InputRefused(
                reason, f"{path} is larger than a megabyte ({size} bytes), no file of settings: check the path"
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused(reason, f"{shortened(path)} can't be read: {shortened(error)}") from None
    return _parsed(text, reason, str(path))


def parse_yaml(text: str, reason: str, what: str) -> Any:
    """Return what the YAML of a parameter or a request says; raises InputRefused for this reason, calling it `what`."""
    if len(text.encode("utf-8", "replace")) > LIMITS.yaml_text_bytes:
        raise InputRefused(reason, f"{what} has {len(text)} characters: write at most {LIMITS.yaml_text_bytes} bytes")
    return _parsed(text, reason, what)


def _parsed(text: str, reason: str, what: str) -> Any:
    try:
        loader = _BoundedLoader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    # Beside its own errors, YAML's dates and numbers raise ValueError, its tags what they like of these.
    except (yaml.YAMLError, ValueError, OverflowError, AttributeError, KeyError, TypeError) as error:
        raise InputRefused(reason, f"{what} can't be read as YAML: {shortened(error)}") from None
