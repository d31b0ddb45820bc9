"""Helper processes find what one process finds, and their end is nobody else's."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation_pose_ros import Frame, InputRefused, PoseEstimator, PoseResult, se3
from foundation_pose_ros.observation.track_memory import TrackMemory
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.tracking import MultiObjectTracker, TrackState, process_pool
from foundation_pose_ros.tracking.process_pool import Share, TrackingProcesses, even_shares, expected_s

pytestmark = pytest.mark.slow

NAMES = ("sticker_cube", "soda_can", "ball")
LONGEST_S = 90.0


@dataclass
class Running:
    """An estimator with a helper, three objects and how they go on."""

    estimator: PoseEstimator
    follow: TrackingProcesses
    frames: list[Frame]
    masks: dict[str, np.ndarray]
    registered: list[PoseResult]

    def until_ready(self) -> None:
        deadline = time.monotonic() + LONGEST_S
        while self.follow.ready == 0:
            assert time.monotonic() < deadline, "no helper has got ready"
            self.follow(self.frames[1], self.registered)
            time.sleep(0.05)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    scene = make_scene(SceneSettings(seed=5, frames=4, objects=list(NAMES), clutter=0, supersample=1))
    estimator = PoseEstimator([scene.model(name) for name in NAMES], threads=1)
    first, *_ = scene.frame_ids
    frames = [scene.frame(frame_id) for frame_id in scene.frame_ids]
    masks = {name: mask for name in NAMES if (mask := scene.mask(first, name)) is not None}
    registered = [estimator.register(frames[0], masks[name], name) for name in NAMES]
    follow = TrackingProcesses(estimator, processes=2)
    yield Running(estimator, follow, frames, masks, registered)
    follow.close()


def assert_as_alone(running: Running, found: list[PoseResult | InputRefused]) -> None:
    for one, before in zip(found, running.registered, strict=True):
        alone = running.estimator.track(running.frames[1], before)
        assert isinstance(one, PoseResult) and one.object_name == before.object_name
        np.testing.assert_allclose(one.T_cam_obj, alone.T_cam_obj, atol=1e-5)
        assert one.score == pytest.approx(alone.score, abs=1e-3)


TIMES_S = st.lists(st.floats(0.001, 0.01), max_size=12)


@given(times_s=TIMES_S, before_s=st.lists(st.floats(0, 0.001), min_size=1, max_size=4))
def test_shares_hold_every_pose_once_and_end_at_about_the_same_time(times_s, before_s):
    shares = even_shares(times_s, before_s)
    assert len(shares) == len(before_s)
    assert sorted(i for share in shares for i in share) == list(range(len(times_s)))
    took_s = [before + sum(times_s[i] for i in share) for before, share in zip(before_s, shares, strict=True)]
    assert max(took_s) - min(took_s) <= max(times_s, default=0.001) + 1e-9


def test_who_has_to_be_handed_the_work_gets_the_lesser_half():
    assert even_shares([0.0030, 0.0036, 0.0028, 0.0026], [0.0005, 0.0]) == [[0, 2], [1, 3]]
    assert even_shares([0.0030, 0.0036, 0.0028, 0.0026], [0.0, 0.0]) == [[1, 3], [0, 2]]


def test_steps_are_expected_to_take_what_the_last_ones_took_and_unknown_ones_as_long_as_others():
    known_s = {"ball": 0.003, "can": 0.002, "mug": 0.0025}
    assert expected_s(["can", "cube", "ball"], known_s) == [0.002, 0.0025, 0.003]
    shares = even_shares(expected_s(["cube", "can", "cube", "mug"], {}), [0.0003, 0.0])
    assert sorted(map(len, shares)) == [2, 2]


def test_before_a_helper_is_ready_and_after_poses_are_the_same(running):
    assert running.follow.ready == 0
    assert_as_alone(running, running.follow(running.frames[1], running.registered))
    running.until_ready()
    assert_as_alone(running, running.follow(running.frames[1], running.registered))


def test_of_those_that_are_due_one_is_compared_in_a_frame(running):
    running.until_ready()
    frame = running.frames[1]
    long_ago = [replace(pose, compared_ns=pose.stamp_ns - (k + 1) * 10**9) for k, pose in enumerate(running.registered)]
    found = running.follow(frame, long_ago)
    assert [isinstance(one, PoseResult) and one.compared_ns == frame.stamp_ns for one in found] == [False, False, True]


def test_where_no_process_can_be_started_all_is_done_here(running, monkeypatch):
    def refuse(*_arguments, **_named):
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(process_pool.subprocess, "Popen", refuse)
    monkeypatch.setattr(process_pool, "_PAUSE_S", 1000.0)
    said = []
    follow = TrackingProcesses(running.estimator, processes=2, when_lost=said.append)
    for _ in range(2):
        assert_as_alone(running, follow(running.frames[1], running.registered))
    follow.close()
    assert len(said) == 1 and "can't be started" in said[0], "and tried again after a pause, not in each frame"


def test_nothing_and_a_single_one_are_followed_as_well(running):
    running.until_ready()
    assert running.follow(running.frames[1], []) == []
    (alone,) = running.follow(running.frames[1], running.registered[:1])
    assert isinstance(alone, PoseResult) and alone.object_name == NAMES[0]


def test_a_pose_that_took_long_to_register_doesnt_get_a_process_of_its_own(running):
    running.until_ready()
    # What steps took, but for what else the machine had to do.
    running.follow._step_s = dict.fromkeys(NAMES, 0.003)
    slow = replace(running.registered[0], time_s=10.0)
    helper, told = running.follow._helpers[0], []
    tell = helper.tell
    helper.tell = lambda message: (told.append(message), tell(message))
    try:
        running.follow(running.frames[1], [slow, *running.registered])
    finally:
        del helper.tell
    (share,) = [message for message in told if isinstance(message, Share)]
    assert len(share.previous) == 2


def test_a_refusal_comes_back_in_its_words(running):
    running.until_ready()
    gone = replace(running.registered[0], T_cam_obj=running.registered[0].T_cam_obj @ np.diag([1, 1, 1, 1]))
    gone.T_cam_obj[0, 3] += 50.0
    found = running.follow(running.frames[1], [gone, gone, running.registered[2]])
    for one in found[:2]:
        assert isinstance(one, InputRefused) and one.reason == "out_of_view" and "sticker_cube" in str(one)
    assert isinstance(found[2], PoseResult)


def test_tracks_go_on_over_several_frames(running):
    running.until_ready()
    tracker = MultiObjectTracker(running.estimator, follow=running.follow)
    for name in NAMES:
        tracker.add(name)
    tracker.register(running.frames[0], running.masks)
    for frame in running.frames[1:]:
        objects = tracker.track(frame)
    assert [one.state for one in objects] == [TrackState.TRACKING] * 3


def test_a_model_that_takes_anothers_place_is_taken_up(running):
    """The same can, its origin moved: only a helper with the new model finds it where it then is."""
    running.until_ready()
    model = running.estimator.models["soda_can"]
    shift = np.float32([0.0, 0.0, 0.03])
    running.estimator.models["soda_can"] = replace(model, vertices=model.vertices + shift)
    try:
        assert running.follow.ready == 0
        T_old_new = se3.from_rotation_translation(np.eye(3), -shift)
        moved = replace(
            running.registered[1], T_cam_obj=running.registered[1].T_cam_obj @ T_old_new, memory=TrackMemory()
        )
        running.until_ready()
        found = running.follow(running.frames[1], [moved, moved])  # the first of two is the helper's
        for one in found:
            assert isinstance(one, PoseResult) and one.score > 0.5
    finally:
        running.estimator.models["soda_can"] = model


def test_when_a_helper_dies_the_work_is_done_here_until_another_takes_its_place(running, monkeypatch):
    lost: list[str] = []
    monkeypatch.setattr(running.follow, "_when_lost", lost.append)
    monkeypatch.setattr(process_pool, "_PAUSE_S", 0.2)
    running.until_ready()
    (helper,) = running.follow._helpers
    helper._process.kill()
    assert_as_alone(running, running.follow(running.frames[1], running.registered))
    assert_as_alone(running, running.follow(running.frames[1], running.registered))
    assert running.follow.ready == 0
    assert len(lost) == 1 and "tracked in the main process" in lost[0]
    running.until_ready()
    (other,) = running.follow._helpers
    assert other is not helper and len(lost) == 1
    assert_as_alone(running, running.follow(running.frames[1], running.registered))


def test_after_the_end_it_goes_on_and_begins_anew_and_a_busy_helper_ends_quietly(running, capfd):
    running.follow.close()
    assert running.follow.ready == 0
    running.follow.start(1)
    assert not running.follow._helpers
    running.follow.start(9)  # before any frame, and no more than processes are allowed
    (begun,) = running.follow._helpers
    assert_as_alone(running, running.follow(running.frames[1], running.registered))
    assert running.follow._helpers == [begun]
    (helper,) = running.follow._helpers
    assert helper._process.poll() is None
    deadline = time.monotonic() + LONGEST_S
    while not helper._sent:  # it gets its first model ready when it is told to end
        assert time.monotonic() < deadline
        assert running.follow.ready == 0
        time.sleep(0.01)
    running.follow.close()
    assert helper._process.poll() is not None
    assert "Traceback" not in capfd.readouterr().err
