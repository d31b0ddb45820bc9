"""What an estimator works with: how models are prepared, and how they are registered and tracked."""

from __future__ import annotations

from typing import Literal, Protocol

from ..object_model.model import ObjectModel
from .prepared_object import PreparedObject
from .registration import Registration
from .tracking_step import TrackStep

Method = Literal["geometric", "learned"]


class Methods(Protocol):
    """registration and track_step work on what `condition` makes."""

    registration: Registration
    track_step: TrackStep

    def prepare(self, model: ObjectModel) -> PreparedObject:
        """All that depends on the object alone; takes seconds."""
        ...


class GeometricMethods:
    """Learning-free, on the CPU."""

    def __init__(self, threads: int = 2) -> None:
        """threads: of the ray caster."""
        self.registration = Registration()
        self.track_step = TrackStep()
        self._threads = threads

    def prepare(self, model: ObjectModel) -> PreparedObject:
        return PreparedObject.on_cpu(model, self._threads)
