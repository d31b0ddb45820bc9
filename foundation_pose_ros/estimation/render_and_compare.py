"""Render-and-compare of one object: poses are refined, and what then speaks for them is weighed."""

from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Poses
from ..object_model.model import ObjectModel
from ..observation.crop import Crop
from ..observation.keyframe import Keyframe, PointMatches
from ..observation.observation import Observation
from ..refinement.geometric import GeometricRefiner
from ..refinement.refiner import Refinement, Refiner
from ..rendering import Renderer
from ..rendering.embree import EmbreeRenderer
from ..selection.geometric import GeometricScorer
from .candidates import Candidates, Stage, picked, unique_poses


@dataclass(frozen=True, eq=False)
class RenderAndCompare:
    """What moves poses of one object and weighs them.

    model: the object.
    renderer: of the object, as refiner and scorer use it.
    refiner: moves poses.
    scorer: gives the evidence that probabilities are made from, whoever has the last word on the order.
    """

    model: ObjectModel
    renderer: Renderer
    refiner: Refiner
    scorer: GeometricScorer

    @classmethod
    def on_cpu(cls, model: ObjectModel, threads: int) -> "RenderAndCompare":
        """Make the learning-free one, on Embree with so many threads."""
        renderer = EmbreeRenderer(model, threads)
        return cls(model, renderer, GeometricRefiner(model, renderer), GeometricScorer(model, renderer))

    def moved(
        self, observation: Observation, T_cam_obj: Poses, stage: Stage, matches: PointMatches | None = None
    ) -> Refinement:
        """Move poses (B, 4, 4) by a stage's steps."""
        error_m = stage.error_m(self.model.diameter_m)
        return self.refiner.refine(observation, T_cam_obj, stage.iterations, error_m, matches)

    def refine(
        self,
        observation: Observation,
        T_cam_obj: Poses,
        stage: Stage,
        matches: PointMatches | None = None,
        judged_on: Observation | None = None,
    ) -> Candidates:
        """Move poses (B, 4, 4) by a stage's steps, and weigh them, on a finer grid where `judged_on` is one."""
        refined = self.moved(observation, T_cam_obj, stage, matches)
        evidence, rendered_m = self.scorer.score_with_depth(judged_on or observation, refined.T_cam_obj)
        if judged_on is None:
            return Candidates(refined, evidence, observation, rendered_m)
        # As if the steps had been taken on that grid: as many more residuals say as much more.
        information = refined.information * (judged_on.size / observation.size) ** 2
        return Candidates(replace(refined, information=information), evidence, judged_on, rendered_m)

    def evaluate_unrefined(
        self, observation: Observation, T_cam_obj: Poses, error_m: float, keep: int | None = None
    ) -> Candidates:
        """Weigh poses (B, 4, 4) as they are, and return the best `keep`. error_m: how far surfaces may be off."""
        evidence = self.scorer.score(observation, T_cam_obj)
        best = np.argsort(-evidence.rank)[:keep]
        refined = self.refiner.refine(observation, T_cam_obj[best], 1, (error_m, error_m))
        return Candidates(replace(refined, T_cam_obj=T_cam_obj[best]), picked(evidence, best), observation)

    def align_print(self, crop: Crop, candidates: Candidates, stage: Stage) -> Candidates | None:
        """Move the first candidate to where the model's print is seen: depth alone lets flat and round faces slide.

        None where the model's colours are plain or aren't found in the picture.
        """
        if not self.model.has_colour:
            return None
        first = candidates.refined.T_cam_obj[:1]
        painted = Keyframe.painted(crop, first[0], self.renderer, self.model.diameter_m)
        matches = painted.follow(crop, first[0])
        return None if matches is None else self.refine(candidates.observation, first, stage, matches)

    def unique_poses(self, T_cam_obj: Poses, share: float, keep: int, apart_rad: float | None = None) -> np.ndarray:
        """Return indices of the first `keep` of poses (B, 4, 4) that differ from the ones before.

        They do by more than this share of the diameter, in place, or by more than apart_rad; None: as much at the rim.
        """
        # Rims turn by half of an angle.
        limit_rad = 2 * share if apart_rad is None else apart_rad
        return unique_poses(T_cam_obj, self.model.centre_m, share * self.model.diameter_m, limit_rad, keep)
