"""What is known of weights that were trained here, as their file says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

_COUNTED = ("steps", "pairs", "meshes", "minutes")


@dataclass(frozen=True)
class TrainingFacts:
    """Where weights come from; empty or 0 where nothing is known.

    kind: of the network, such as compact_score. licence: SPDX identifier. date: of their last step, as 2026-11-29.
    steps, pairs: that they have learned from, with those of the weights that a run began with. meshes: so many
    different ones. minutes: of processor time.
    """

    kind: str
    licence: str = ""
    date: str = ""
    steps: int = 0
    pairs: int = 0
    meshes: int = 0
    minutes: int = 0

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> TrainingFacts:
        """Read a file's texts; counts that aren't numbers count as unknown."""
        known: dict[str, Any] = {f.name: metadata[f.name] for f in fields(cls) if f.name in metadata}
        for name in _COUNTED:
            text = known.get(name, "0")
            known[name] = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
        return cls(**{"kind": ""} | known)

    @property
    def as_metadata(self) -> dict[str, str]:
        """Return it as texts; what isn't known is left out."""
        return {name: str(value) for name, value in asdict(self).items() if value}

    def __str__(self) -> str:
        return f"{self.steps} steps, {self.pairs} pairs of {self.meshes} meshes, {self.minutes} min of one core"
