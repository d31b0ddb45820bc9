"""An object model made ready for estimation: all that depends on the object alone, computed once."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..frame import Frame
from ..object_model.model import ObjectModel
from ..observation.keyframe import Keyframe, PointMatches
from ..observation.observation import CropBox, Observation
from ..refinement.geometric import GeometricRefiner
from ..refinement.refiner import Refiner
from ..rendering import Renderer
from ..rendering.embree import EmbreeRenderer
from ..selection.geometric import GeometricScorer
from ..selection.scorer import Scorer
from .candidates import Candidates, Stage, picked, unique_poses
from .hypotheses import rotation_grid, unique_rotations
from .object_proposals import SizeColourPrior

_TURNS_APART_RAD = np.deg2rad(20.0)


@dataclass(frozen=True, eq=False)
class PreparedObject:
    """Model, renderer, refiner and scorer of one object, and its first rotations.

    rotations (R, 3, 3): the grid without those that the shape's symmetries repeat. turns (S, 4, 4): what noisy depth
    may mistake for the identity, which comes first, but colour or a closer look tells apart. look: what things in a
    frame are compared with. judge: has the last word on a registration's poses, all at once, where it isn't None.
    last_step: moves the poses that are left in the end, where it isn't None.
    """

    model: ObjectModel
    renderer: Renderer
    refiner: Refiner
    scorer: GeometricScorer
    rotations: np.ndarray
    turns: np.ndarray
    look: SizeColourPrior
    judge: Scorer | None = None
    last_step: Callable[[Candidates], Candidates] | None = None

    def refined(
        self,
        observation: Observation,
        T_cam_obj: np.ndarray,
        stage: Stage,
        matches: PointMatches | None = None,
        judged: Observation | None = None,
    ) -> Candidates:
        """Poses (B, 4, 4) moved by a stage's steps, and what then speaks for them, on a finer grid if one is given."""
        error_m = stage.error_m(self.model.diameter_m)
        refined = self.refiner.refine(self.renderer, observation, T_cam_obj, stage.iterations, error_m, matches)
        evidence = self.scorer.score(self.renderer, judged or observation, refined.T_cam_obj)
        if judged is None:
            return Candidates(refined, evidence, observation)
        # As if the steps had been taken on that grid: as many more residuals say as much more.
        information = refined.information * (judged.size / observation.size) ** 2
        return Candidates(replace(refined, information=information), evidence, judged)

    def evaluate_unrefined(
        self, observation: Observation, T_cam_obj: np.ndarray, error_m: float, keep: int | None = None
    ) -> Candidates:
        """The best `keep` of poses (B, 4, 4) that aren't moved, and what speaks for them.

        error_m: how far surfaces may be off.
        """
        evidence = self.scorer.score(self.renderer, observation, T_cam_obj)
        best = np.argsort(-evidence.rank)[:keep]
        refined = self.refiner.refine(self.renderer, observation, T_cam_obj[best], 1, (error_m, error_m))
        return Candidates(replace(refined, T_cam_obj=T_cam_obj[best]), picked(evidence, best), observation)

    def unique_poses(self, poses: np.ndarray, share: float, keep: int) -> np.ndarray:
        """Indices of the first `keep` of poses (B, 4, 4) that steps would not bring together.

        They differ by more than this share of the diameter, in place or at the rim.
        """
        # Rims turn by half of an angle.
        return unique_poses(poses, self.model.centre_m, share * self.model.diameter_m, 2 * share, keep)

    def with_final_refinement(self, candidates: Candidates) -> Candidates:
        """After the last step, where there is one."""
        return candidates if self.last_step is None else self.last_step(candidates)

    @classmethod
    def on_cpu(cls, model: ObjectModel, threads: int) -> "PreparedObject":
        """Embree and the learning-free methods."""
        return cls(
            model=model,
            renderer=EmbreeRenderer(model, threads),
            refiner=GeometricRefiner(model.centre_m, model.diameter_m),
            scorer=GeometricScorer(model.diameter_m, model.has_colour),
            rotations=unique_rotations(rotation_grid(), model.shape_symmetries),
            turns=model.symmetries.distinguishable(model.near_symmetries, _TURNS_APART_RAD),
            look=SizeColourPrior(model),
        )


def colours_aligned(
    prepared: PreparedObject, frame: Frame, box: CropBox, candidates: Candidates, stage: Stage
) -> Candidates | None:
    """The first candidate refined with its own print as the guide; None where the print is plain or isn't found."""
    model = prepared.model
    if not model.has_colour:
        return None
    first = candidates.refined.T_cam_obj[:1]
    painted = Keyframe.painted(frame, box, first[0], prepared.renderer, model.diameter_m)
    matches = painted.follow(frame, box, first[0])
    if matches is None:
        return None
    return prepared.refined(candidates.observation, first, stage, matches)
