"""A thing that stood still is held by its surroundings; one that moves by itself isn't held back."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame, InputRefused
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.tracking import scene_check
from foundation_pose_ros.tracking.scene_check import SceneCheck, SceneCheckSettings

CAMERA = Camera(1.0, 1.0, 0.0, 0.0, 1, 1)
STEP_S, PACE_M = 0.1, 0.02


def frame(number: int) -> Frame:
    return Frame(
        np.zeros((1, 1, 3), np.uint8), np.ones((1, 1), np.float32), CAMERA, stamp_ns=round((1 + number * STEP_S) * 1e9)
    )


def number_of(frame: Frame) -> int:
    return round((frame.stamp_ns * 1e-9 - 1) / STEP_S)


def pose(number: int, x_m: float, fits: float = 0.9, score: float = 0.9) -> PoseResult:
    T = np.eye(4, dtype=np.float32)
    T[:3, 3] = x_m, 0, 1
    velocity = np.array([PACE_M / STEP_S, 0, 0, 0, 0, 0])
    stamp_ns = frame(number).stamp_ns
    return PoseResult(
        "mug", T, score, np.eye(6), depth_inlier_fraction=fits, velocity=velocity, stamp_ns=stamp_ns, diameter_m=0.1
    )


@dataclass
class Estimator:
    """Stays where it is put, fitting as well as is asked for."""

    fits: float = 0.9
    score: float = 0.9
    refuses: bool = False
    asked: list[int] = field(default_factory=list)

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        self.asked.append(number_of(frame))
        if self.refuses:
            raise InputRefused("out_of_view", "not there")
        return pose(number_of(frame), float(previous.T_cam_obj[0, 3]), self.fits, self.score)


@pytest.fixture
def moving_camera(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What stands moves by PACE_M a frame before the camera; which frames were compared."""
    compared: list[tuple[int, int]] = []

    def motion(before: Frame, now: Frame, apart_from: PoseResult) -> np.ndarray:
        assert apart_from.stamp_ns == before.stamp_ns
        compared.append((number_of(before), number_of(now)))
        T = np.eye(4)
        T[0, 3] = PACE_M * (number_of(now) - number_of(before))
        return T

    monkeypatch.setattr(scene_check, "scene_motion", motion)
    return compared


def begun(estimator: Estimator) -> SceneCheck:
    """Compared once, when it stood still."""
    check = SceneCheck(estimator, SceneCheckSettings())
    check.begin(frame(0), pose(0, 0.0))
    assert check(frame(5), pose(5, 5 * PACE_M), pose(4, 4 * PACE_M), doubted=False) is None
    return check


def test_while_all_is_well_it_is_compared_now_and_then(moving_camera):
    check = SceneCheck(Estimator(), SceneCheckSettings())
    check.begin(frame(0), pose(0, 0.0))
    for k in range(1, 13):
        assert check(frame(k), pose(k, k * PACE_M), pose(k - 1, (k - 1) * PACE_M), doubted=False) is None
    assert moving_camera == [(0, 5), (0, 10)]


def test_a_pose_that_slides_is_put_back_though_it_fits_as_well(moving_camera):
    better = begun(Estimator())(frame(10), pose(10, 0.26, fits=0.92), pose(9, 0.23), doubted=False)
    assert better is not None
    assert better.T_cam_obj[0, 3] == pytest.approx(10 * PACE_M)
    # Onwards as its place has changed.
    assert better.velocity == pytest.approx([-0.3, 0, 0, 0, 0, 0], abs=1e-5)


def test_what_is_moved_fits_better_where_it_went_and_is_let_go(moving_camera):
    estimator = Estimator(fits=0.5)
    check = begun(estimator)
    assert check(frame(10), pose(10, 0.26), pose(9, 0.23), doubted=False) is None
    assert estimator.asked == [10]
    # From there on.
    assert check(frame(15), pose(15, 0.36), pose(14, 0.34), doubted=False) is None
    assert moving_camera[-1] == (10, 15)


def test_where_it_was_not_seen_to_stand_it_has_to_fit_better(moving_camera):
    for fits, found in ((0.9, None), (0.95, 0.1)):
        check = SceneCheck(Estimator(fits=fits), SceneCheckSettings())
        check.begin(frame(0), pose(0, 0.0))
        better = check(frame(5), pose(5, 0.2), pose(4, 0.18), doubted=False)
        assert (None if better is None else pytest.approx(float(better.T_cam_obj[0, 3]))) == found


def test_doubts_and_surprises_are_looked_into_at_once(moving_camera):
    for found, doubted in ((pose(6, 0.2), False), (pose(6, 0.2, score=0.2), True), (InputRefused("a", "b"), True)):
        better = begun(Estimator())(frame(6), found, pose(5, 5 * PACE_M), doubted)
        assert better is not None and better.T_cam_obj[0, 3] == pytest.approx(6 * PACE_M)


def test_a_pose_that_nothing_speaks_for_is_not_taken(moving_camera):
    for estimator in (Estimator(score=0.2), Estimator(refuses=True)):
        assert begun(estimator)(frame(6), pose(6, 0.2, score=0.1), pose(5, 0.1), doubted=True) is None


def test_where_nothing_says_how_the_camera_moved_the_step_stands(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scene_check, "scene_motion", lambda before, now, apart_from: None)
    check = SceneCheck(Estimator(), SceneCheckSettings())
    check.begin(frame(0), pose(0, 0.0))
    assert check(frame(5), pose(5, 0.3), pose(4, 0.2), doubted=False) is None
    assert check(frame(6), pose(6, 0.3, score=0.1), pose(5, 0.3), doubted=True) is None


def test_it_can_be_switched_off(moving_camera):
    check = SceneCheck(Estimator(), SceneCheckSettings(enabled=False))
    check.begin(frame(0), pose(0, 0.0))
    assert check(frame(6), pose(6, 0.3), pose(5, 0.1), doubted=True) is None
    assert not moving_camera
