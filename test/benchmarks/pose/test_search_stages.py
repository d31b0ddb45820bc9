"""Where a search was lost is named by the first stage after which nothing is left of the right answer."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from benchmarks.pose.search_stages import SearchStage, StagedSearch, table
from foundation_pose_ros import PoseEstimator, PoseResult
from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.estimation.object_proposals import Proposal
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings


@dataclass
class Told:
    """An estimator that proposes, looks and finds as it is told."""

    proposals: list[Proposal]
    looked_at: list[Proposal] = field(default_factory=list)
    poses: dict[int, PoseResult] = field(default_factory=dict)

    def propose(self, frame, name):
        return self.proposals

    def spots(self, frame, name):
        return []

    def looked(self, frame, name):
        return self.looked_at

    def find(self, frame, proposal, name):
        return self.poses[id(proposal)]


@pytest.fixture(scope="module")
def world():
    """The search for a mug that is found, and a thing on it and one off it."""
    scene = make_scene(SceneSettings(seed=12, frames=1, objects=["mug"], clutter=4, supersample=1))
    first, model = scene.frame_ids[0], scene.model("mug")
    estimator, frame = PoseEstimator([model], threads=1), scene.frame(first)
    T_true = scene.truth(first, "mug")

    def right(pose: PoseResult) -> bool:
        return bool(np.linalg.norm(pose.T_cam_obj[:3, 3] - T_true[:3, 3]) < 0.02)

    search = StagedSearch(estimator, GeometricMethods(1).prepare(model), frame, T_true, right)
    things = estimator.propose(frame, "mug")
    on = max(things, key=lambda thing: search.on_it(thing) * thing.likeness)
    off = next(thing for thing in things if not (thing.mask & scene.mask(first, "mug")).any())
    (found,) = estimator.search(frame, ["mug"])
    assert right(found)
    wrong = replace(found, T_cam_obj=found.T_cam_obj + np.eye(4, k=3, dtype=np.float32))
    return search, on, off, found, wrong


def stage(search: StagedSearch, told: Told, found: PoseResult | None) -> SearchStage:
    return replace(search, estimator=told).followed(found)[0]


@pytest.mark.slow
def test_each_stage_is_told_from_the_others(world):
    search, on, off, found, wrong = world
    assert stage(search, Told([on]), replace(found, score=0.9)) == SearchStage.FOUND
    assert stage(search, Told([on]), replace(found, score=0.4)) == SearchStage.BELIEVED
    assert stage(search, Told([off]), None) == SearchStage.PROPOSED
    unlike = replace(on, likeness=0.01)
    assert stage(search, Told([replace(off, likeness=1.0), unlike]), None) == SearchStage.LIKENESS
    assert stage(search, Told([on, off], [off]), None) == SearchStage.REFINED
    assert stage(search, Told([on], [on], {id(on): wrong}), wrong) == SearchStage.REGISTERED
    poses = {id(on): replace(found, score=0.3), id(off): replace(wrong, score=0.6)}
    assert stage(search, Told([on], [on, off], poses), wrong) == SearchStage.CHOSEN
    assert stage(search, Told([on], [on], {id(on): found}), None) == SearchStage.CLAIMED


def test_the_table_counts_them_by_kind_of_views():
    machine = {"machine": {"cpu": "a processor", "cores": 2}, "created": "2026", "commit": "x", "command": "y"}
    lost = {
        "recordings": {str(SearchStage.FOUND): 3, str(SearchStage.PROPOSED): 1},
        "crowded": {str(SearchStage.FOUND): 2},
    }
    lines = table({"lost": lost, "settings": {"scenes": 1}, **machine}).splitlines()
    assert "| no region on it | 1 | 0 |" in lines and "| right, above 0.5 | 3 | 2 |" in lines
