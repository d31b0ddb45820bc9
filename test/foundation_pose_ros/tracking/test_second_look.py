"""A doubted step is looked at again in its own frame; what fits clearly better takes its place, and proves itself."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame
from foundation_pose_ros.estimation.object_proposals import Proposal
from foundation_pose_ros.estimation.support_planes import SupportPlanes
from foundation_pose_ros.observation.downsampled_depth import DownsampledDepth
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.tracking import ObjectTracker, TrackState
from foundation_pose_ros.tracking.second_look import nearness

MASK = np.ones((1, 1), bool)
CAMERA = Camera(1.0, 1.0, 0.0, 0.0, 1, 1)
STEP_S = 0.1


def frame(number: int) -> Frame:
    return Frame(
        np.zeros((1, 1, 3), np.uint8), np.ones((1, 1), np.float32), CAMERA, stamp_ns=round(number * STEP_S * 1e9)
    )


def number_of(frame: Frame) -> int:
    return round(frame.stamp_ns * 1e-9 / STEP_S)


def proposal(x_m: float, likeness: float = 0.9) -> Proposal:
    planes = SupportPlanes(DownsampledDepth.of(frame(0)), *np.zeros((3, 1, 1), bool))
    return Proposal(MASK, MASK, np.array([x_m, 0.0, 1.0]), likeness, 0.2, planes)


@dataclass
class Scripted:
    """An object that lies still until a frame, and is elsewhere from then on; things by x in metres, and their fit."""

    jump: int
    step_score: float = 0.05
    step_fit: float = 0.3
    things: dict[float, float] = field(default_factory=lambda: {0.2: 0.95})
    looks: list[int] = field(default_factory=list)

    def register(self, frame: Frame, mask: np.ndarray, object_name: str | None = None) -> PoseResult:
        return self._pose(frame, 0.0, 0.95, 0.9)

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        x_m = round(float(previous.T_cam_obj[0, 3]), 3)
        if x_m in self.things:
            return self._pose(frame, x_m, self.things[x_m], 0.9)
        before = number_of(frame) < self.jump
        return self._pose(frame, x_m, *((0.95, 0.9) if before else (self.step_fit, self.step_score)))

    def propose(self, frame: Frame, object_name: str | None = None) -> list[Proposal]:
        self.looks.append(number_of(frame))
        return [proposal(x_m) for x_m in self.things]

    def find(self, frame: Frame, proposal: Proposal, object_name: str | None = None) -> PoseResult:
        return self._pose(frame, float(proposal.centre_m[0]), 0.9, 0.9)

    def overlap_ratio(self, frame: Frame, first: PoseResult, second: PoseResult) -> float:
        return 0.0

    def _pose(self, frame: Frame, x_m: float, fit: float, score: float) -> PoseResult:
        T = np.eye(4, dtype=np.float32)
        T[0, 3], T[2, 3] = x_m, 1.0
        return PoseResult("mug", T, score, np.eye(6), depth_inlier_fraction=fit, stamp_ns=frame.stamp_ns)


def tracked(estimator: Scripted, count: int = 8) -> list:
    track = ObjectTracker("mug", "mug", estimator)
    return [track.register(frame(0), MASK), *(track.track(frame(k)) for k in range(1, count))]


def test_a_lost_step_is_found_in_its_own_frame_and_proves_itself() -> None:
    estimator = Scripted(jump=3)
    objects = tracked(estimator)
    assert [round(float(o.result.T_cam_obj[0, 3]), 2) for o in objects] == [0, 0, 0, 0.2, 0.2, 0.2, 0.2, 0.2]
    assert objects[3].reason == "in doubt: another pose fits better"
    assert all(o.state is TrackState.TRACKING for o in objects)
    assert [o.reason for o in objects[5:]] == ["", "", ""]
    assert estimator.looks == [3]


def test_a_step_that_fits_less_than_usual_is_doubted_whatever_its_score() -> None:
    slid = Scripted(jump=3, step_score=0.9, step_fit=0.7)
    assert float(tracked(slid)[3].result.T_cam_obj[0, 3]) == pytest.approx(0.2)
    as_usual = Scripted(jump=3, step_score=0.9, step_fit=0.9)
    assert all(o.result.T_cam_obj[0, 3] == 0 for o in tracked(as_usual)) and as_usual.looks == []


def test_another_thing_that_fits_less_well_than_the_object_did_is_not_it() -> None:
    objects = tracked(Scripted(jump=3, things={0.2: 0.7}))
    assert all(o.result is None or o.result.T_cam_obj[0, 3] == 0 for o in objects)
    assert objects[-1].state is TrackState.LOST


def test_what_is_farther_away_than_things_move_is_not_it() -> None:
    objects = tracked(Scripted(jump=3, things={0.3: 0.95}))
    assert all(o.result is None or o.result.T_cam_obj[0, 3] == 0 for o in objects[:6])


def test_looks_in_vain_become_rarer() -> None:
    estimator = Scripted(jump=3, step_score=0.9, step_fit=0.7, things={})
    tracked(estimator, 12)
    assert estimator.looks[:3] == [3, 5, 9]


def test_nearness_counts_less_the_longer_ago() -> None:
    last = Scripted(jump=9).register(frame(0), MASK)
    near, far = proposal(0.04), proposal(0.6)
    assert nearness(near, last, frame(1).stamp_ns) > 0.9 > 0.5 > nearness(far, last, frame(1).stamp_ns)
    assert nearness(far, last, frame(20).stamp_ns) > 2 * nearness(far, last, frame(1).stamp_ns)
