"""An estimator that is ended by a refiner of one's own, which needs no derivatives.

    python examples/own_refiner.py

A `Refiner` moves poses of one object and says how sure they are. It is made for that object with all that it needs:
here a renderer and a scorer, elsewhere a network. A `Scorer` of one's own is bound in the same way.
"""

from dataclasses import replace

import numpy as np

from foundation_pose_ros import ObjectModel, PoseEstimator, PoseResult, se3
from foundation_pose_ros.arrays import Poses
from foundation_pose_ros.estimation.candidates import Candidates
from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.estimation.prepared_object import PreparedObject
from foundation_pose_ros.observation.keyframe import PointMatches
from foundation_pose_ros.observation.observation import Observation
from foundation_pose_ros.refinement.geometric import GeometricRefiner
from foundation_pose_ros.refinement.refiner import Refinement
from foundation_pose_ros.rendering import Renderer
from foundation_pose_ros.selection.geometric import GeometricScorer
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings


class SearchRefiner:
    """Tries poses around each one, nearer and nearer, and keeps what has more evidence."""

    def __init__(self, model: ObjectModel, renderer: Renderer, tries: int = 30) -> None:
        self._model, self._tries = model, tries
        self._steps = GeometricRefiner(model, renderer)
        self.scorer = GeometricScorer(model, renderer)

    def refine(
        self,
        observation: Observation,
        T_cam_obj: Poses,
        iterations: int,
        error_m: tuple[float, float],
        matches: PointMatches | None = None,
    ) -> Refinement:
        """Move poses (B, 4, 4) by about error_m, in the first and last iteration."""
        rng = np.random.default_rng(0)
        best, rank = T_cam_obj, self.scorer.score(observation, T_cam_obj).rank  # (B, 4, 4), (B,)
        for reach_m in np.geomspace(*error_m, iterations):
            # A twist that moves the object's rim by as much as its middle.
            scale = np.repeat([reach_m, 2 * reach_m / self._model.diameter_m], 3)
            for twist in rng.normal(scale=scale, size=(self._tries, 6)):
                tried = se3.apply_twist(best, twist, self._model.centre_m)
                tried_rank = self.scorer.score(observation, tried).rank
                better = tried_rank > rank
                best, rank = np.where(better[:, None, None], tried, best), np.where(better, tried_rank, rank)
        # How sure they are is what depth says there: one step of the usual kind, which isn't taken.
        refined = self._steps.refine(observation, best, 1, (error_m[1], error_m[1]), matches)
        return replace(refined, T_cam_obj=best)


class SearchMethods(GeometricMethods):
    """The learning-free methods, ended by the search."""

    def prepare(self, model: ObjectModel) -> PreparedObject:
        """Make an object ready."""
        prepared = super().prepare(model)
        refiner = SearchRefiner(model, prepared.renderer)

        def final_refinement(candidates: Candidates) -> Candidates:
            error_m = (0.01 * model.diameter_m, 0.002 * model.diameter_m)
            moved = refiner.refine(candidates.observation, candidates.refined.T_cam_obj, 3, error_m)
            evidence = refiner.scorer.score(candidates.observation, moved.T_cam_obj)
            ended = Candidates(moved, evidence, candidates.observation)
            return ended.picked(ended.ranked)

        return replace(prepared, final_refinement=final_refinement)


def main() -> tuple[SyntheticScene, list[PoseResult]]:
    """Register a made-up object without and with the search."""
    scene = make_scene(SceneSettings(frames=1, objects=["mug"]))
    frame_id = scene.frame_ids[0]
    mask = scene.mask(frame_id, "mug")
    assert mask is not None
    results = []
    for methods in (GeometricMethods(), SearchMethods()):
        estimator = PoseEstimator([scene.model("mug")], methods=methods)
        results.append(estimator.register(scene.frame(frame_id), mask))
        print(f"{results[-1].T_cam_obj.round(4)}\nagreement {results[-1].depth_inlier_fraction:.3f}")
    return scene, results


if __name__ == "__main__":
    main()
