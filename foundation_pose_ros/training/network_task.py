"""What a network brings to the loop that trains it: its sets, its loss, how it is judged and written."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from torch import Tensor, nn

from ..networks.training_facts import TrainingFacts
from .mixed_scenes import Scenes
from .settings import TrainSettings

Batch = tuple[Tensor, ...]


class Judged(Protocol):
    """How good a network is on sets of held-out meshes."""

    @property
    def logged(self) -> tuple[float, ...]:
        """Return a value for each of the task's columns."""
        ...

    def __str__(self) -> str: ...


J = TypeVar("J", bound=Judged)
JudgedOut = TypeVar("JudgedOut", bound=Judged, covariant=True)


class Sets(Protocol):
    """Sets by their number: the same number gives the same set."""

    def __getitem__(self, number: int) -> Any: ...


class NetworkTask(Protocol[JudgedOut]):
    """One network's part of a run.

    title: what it is in words. kind: its name in a file of settings, and in the metadata of its own, which has the name
    `file`. written_with: the library that writes that, if one is needed. columns: of the log, for how it was judged.
    """

    title: str
    kind: str
    file: str
    written_with: str | None
    columns: tuple[str, ...]

    @property
    def settings(self) -> TrainSettings: ...

    def network(self) -> nn.Module:
        """Make it, with weights drawn anew."""
        ...

    def sets(self, scenes: Scenes, stage: Any) -> Sets:
        """Return the sets that are made of scenes as one of the settings' stages has it."""
        ...

    def batch(self, made: Sequence[Any]) -> Batch:
        """Lay sets together."""
        ...

    def pairs(self, batch: Batch) -> int:
        """Return how many pairs of a pose and a picture a batch has."""
        ...

    def loss(self, network: Callable[..., Any], batch: Batch) -> Tensor:
        """Return what to make less, a scalar. network: as `network` makes it; its outputs may be in half precision."""
        ...

    def judged(self, network: nn.Module, batches: Iterable[Batch]) -> JudgedOut:
        """Judge a network."""
        ...

    def export(self, network: nn.Module, path: Path, facts: TrainingFacts) -> None:
        """Write it as registrations read it."""
        ...
