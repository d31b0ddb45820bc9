"""An object model made ready for estimation: all that depends on the object alone, computed once."""

from dataclasses import dataclass

import numpy as np

from .hypotheses import rotation_grid, thinned
from .object_model import ObjectModel
from .refinement.geometric import GeometricRefiner
from .refinement.refiner import Refiner
from .rendering import Renderer
from .rendering.embree import EmbreeRenderer
from .selection.geometric import GeometricScorer
from .selection.scorer import Scorer

_TURNS_APART_RAD = np.deg2rad(20.0)


@dataclass(frozen=True, eq=False)
class ConditionedObject:
    """Model, renderer, refiner and scorer of one object, and its first rotations.

    rotations (R, 3, 3): the grid without those that the shape's symmetries repeat. turns (S, 4, 4): what noisy depth
    may mistake for the identity, which comes first, but colour or a closer look tells apart.
    """

    model: ObjectModel
    renderer: Renderer
    refiner: Refiner
    scorer: Scorer
    rotations: np.ndarray
    turns: np.ndarray

    @classmethod
    def on_cpu(cls, model: ObjectModel, threads: int) -> "ConditionedObject":
        """Embree and the learning-free methods."""
        return cls(
            model=model,
            renderer=EmbreeRenderer(model, threads),
            refiner=GeometricRefiner(model.centre_m, model.diameter_m),
            scorer=GeometricScorer(model.diameter_m, model.has_colour),
            rotations=thinned(rotation_grid(), model.shape_symmetries),
            turns=model.symmetries.told_apart(model.near_symmetries, _TURNS_APART_RAD),
        )
