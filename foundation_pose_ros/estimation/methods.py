"""What an estimator works with: how models are made ready."""

from typing import Literal, Protocol

import numpy as np

from ..arrays import Poses
from ..object_model.model import ObjectModel
from ..refinement.compact_refiner import CompactRefiner, StepNetwork
from ..selection.compact_scorer import CompactScorer, SetScorer
from .compact_choice import CompactChoice
from .compact_steps import CompactSteps, Mover
from .first_look import FirstLook
from .hypotheses import rotation_grid, spread_rotations, unique_rotations
from .object_prior import SizeColourPrior
from .prepared_object import PreparedObject, RegistrationStrategy
from .registration import Registration
from .render_and_compare import RenderAndCompare
from .rivals import RivalSearch
from .tracking_step import TrackStep

Method = Literal["geometric", "learned", "compact"]
_TURNS_APART_RAD = np.deg2rad(20.0)
# A first look glances at so many rotations at most.
_GLANCED_ROTATIONS = 60


class Methods(Protocol):
    """Makes objects ready."""

    def prepare(self, model: ObjectModel) -> PreparedObject:
        """Compute all that depends on the object alone; takes seconds."""
        ...


class GeometricMethods:
    """Learning-free, on the CPU; compact networks may move poses, and have a word in a registration's choice."""

    def __init__(
        self,
        threads: int = 2,
        set_scorer: SetScorer | None = None,
        step_network: StepNetwork | None = None,
        up_to_depth: float = 1.0,
    ) -> None:
        """threads: of the ray caster. set_scorer, step_network: compact networks, ready to run. up_to_depth: a
        registration tries the steps where at most this share of a mask's pixels has depth.
        """
        self._threads = threads
        self._set_scorer, self._step_network, self._up_to_depth = set_scorer, step_network, up_to_depth

    def prepare(self, model: ObjectModel) -> PreparedObject:
        """Bind Embree and the learning-free methods to an object."""
        compare = RenderAndCompare.on_cpu(model, self._threads)
        geometric = geometric_registration(compare)
        registration: RegistrationStrategy = geometric
        mover: Mover | None = None
        if self._step_network is not None:
            mover = CompactRefiner(self._step_network, model, compare.renderer)
            registration = CompactSteps(registration, mover, compare, self._up_to_depth)
        if self._set_scorer is not None:
            registration = CompactChoice(registration, CompactScorer(self._set_scorer, model, compare.renderer))
        return PreparedObject(
            model=model,
            renderer=compare.renderer,
            scorer=compare.scorer,
            registration=registration,
            tracking=TrackStep(compare, mover=mover),
            prior=SizeColourPrior(model),
            look=first_look(compare, geometric.rotations),
            rivals=RivalSearch(compare, turns_alike(model)),
        )


def first_look(compare: RenderAndCompare, rotations: np.ndarray) -> FirstLook:
    """Bind short looks to an object. rotations: (R, 3, 3), a registration's."""
    return FirstLook(compare, spread_rotations(rotations, compare.model.shape_symmetries, _GLANCED_ROTATIONS))


def geometric_registration(compare: RenderAndCompare) -> Registration:
    """Bind the registration to an object: its first rotations, and the turns that depth may mistake for each other."""
    model = compare.model
    return Registration(
        compare,
        rotations=unique_rotations(rotation_grid(), model.shape_symmetries),
        turns=turns_alike(model),
    )


def turns_alike(model: ObjectModel) -> Poses:
    """Return turns (T, 4, 4) that noisy depth may mistake for the identity, which comes first, and others can't."""
    return model.symmetries.distinguishable(model.near_symmetries, _TURNS_APART_RAD)
