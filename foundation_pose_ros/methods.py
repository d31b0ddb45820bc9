"""Which methods an estimator works with: what it makes of a model, and how it registers and tracks."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from .candidates import Candidates
from .conditioned import ConditionedObject
from .frame import Frame
from .object_model import ObjectModel
from .registration import Registration
from .track_step import TrackStep


class Methods(Protocol):
    """registration and track_step work on what `condition` makes."""

    registration: Callable[[ConditionedObject, Frame, np.ndarray], Candidates]
    track_step: TrackStep

    def condition(self, model: ObjectModel) -> ConditionedObject:
        """All that depends on the object alone; takes seconds."""
        ...


class GeometricMethods:
    """Learning-free, on the CPU."""

    def __init__(self, threads: int = 2) -> None:
        """threads: of the ray caster."""
        self.registration = Registration()
        self.track_step = TrackStep()
        self._threads = threads

    def condition(self, model: ObjectModel) -> ConditionedObject:
        return ConditionedObject.on_cpu(model, self._threads)
