"""Several objects: each with its own track, and what the values of a mask image mean."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame, InputRefused
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.streams.mask_inputs import masks_from_label_image
from foundation_pose_ros.tracking import MultiObjectTracker, TrackerSettings, TrackState, scene_check
from foundation_pose_ros.tracking.estimator_protocol import Followed

CAMERA = Camera(1.0, 1.0, 0.0, 0.0, 1, 1)
MASK = np.ones((1, 1), bool)


def frame(time_s: float) -> Frame:
    return Frame(np.zeros((1, 1, 3), np.uint8), np.ones((1, 1), np.float32), CAMERA, stamp_ns=round(time_s * 1e9))


class Willing:
    """Gives a pose for everything but the classes in `refuses`, and keeps a record of what it was asked."""

    def __init__(self, refuses: tuple[str, ...] = ()) -> None:
        self.refuses = refuses
        self.registered: list[tuple[str, float]] = []
        self.tracked: list[tuple[str, float]] = []
        self.compared_names: list[str] = []
        self.scores: dict[str, float] = {}
        self.same: set[frozenset[str]] = set()

    def register(self, frame: Frame, mask: np.ndarray, object_name: str | None = None) -> PoseResult:
        assert object_name is not None
        self.registered.append((object_name, frame.stamp_ns / 1e9))
        return self._answer(frame, object_name)

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        self.tracked.append((previous.object_name, frame.stamp_ns / 1e9))
        return self._answer(frame, previous.object_name)

    def compared(self, frame: Frame, result: PoseResult) -> PoseResult:
        self.compared_names.append(result.object_name)
        if result.object_name in self.refuses:
            raise InputRefused("out_of_view", f"{result.object_name} is out of view")
        return replace(result, score=0.4, compared_ns=frame.stamp_ns)

    def _answer(self, frame: Frame, name: str) -> PoseResult:
        if name in self.refuses:
            raise InputRefused("no_depth", f"no depth on {name}")
        score = self.scores.get(name, 0.9)
        return PoseResult(name, np.eye(4, dtype=np.float32), score, np.eye(6), stamp_ns=frame.stamp_ns)

    def overlap_ratio(self, frame: Frame, first: PoseResult, second: PoseResult) -> float:
        return float(frozenset((first.object_name, second.object_name)) in self.same)

    def propose(self, frame: Frame, object_name: str | None = None) -> list:
        return []


def tracker(*ids: str, refuses: tuple[str, ...] = ()) -> tuple[MultiObjectTracker, Willing]:
    estimator = Willing(refuses)
    tracks = MultiObjectTracker(estimator)
    for id in ids:
        tracks.add(id)
    return tracks, estimator


def test_ids_keep_their_order_and_classes_may_be_shared():
    tracks, estimator = tracker("mug")
    tracks.add("mug_2", class_id="mug")
    assert tracks.ids == ("mug", "mug_2")
    found = tracks.register(frame(1.0), {"mug": MASK, "mug_2": MASK})
    assert [(t.id, t.class_id) for t in found] == [("mug", "mug"), ("mug_2", "mug")]
    assert estimator.registered == [("mug", 1.0), ("mug", 1.0)]


def test_objects_have_states_of_their_own():
    tracks, _ = tracker("mug", "can")
    found = tracks.register(frame(1.0), {"can": MASK})
    assert [t.id for t in found] == ["mug", "can"]
    assert tracks.states() == {"mug": TrackState.SEARCHING, "can": TrackState.TRACKING}
    assert tracks.wanting_mask(frame(1.0).stamp_ns) == ("mug",)
    assert [t.result is not None for t in tracks.track(frame(1.1))] == [False, True]


def test_whoever_follows_poses_is_given_those_of_objects_that_track():
    asked: list[list[str]] = []

    def follow(frame: Frame, previous: Sequence[PoseResult]) -> list[Followed]:
        asked.append([pose.object_name for pose in previous])
        return [InputRefused("no_depth", "covered") if pose.object_name == "cup" else pose for pose in previous]

    tracks = MultiObjectTracker(Willing(), follow=follow)
    for id in ("mug", "cup", "can"):
        tracks.add(id)
    tracks.register(frame(1.0), {"mug": MASK, "cup": MASK})
    refused: list[str] = []
    found = tracks.track(frame(1.1), lambda id, error: refused.append(id))
    assert asked == [["mug", "cup"]] and refused == ["cup"]
    assert [(t.id, t.result is not None) for t in found] == [("mug", True), ("cup", False), ("can", False)]


def test_one_object_in_a_frame_is_compared_whichever_was_not_for_longest():
    compared_s = {"mug": 0.5, "cup": 0.3, "can": 0.95}
    given: list[PoseResult] = []

    def follow(frame: Frame, previous: Sequence[PoseResult]) -> list[Followed]:
        given[:] = previous
        return [replace(pose, stamp_ns=frame.stamp_ns) for pose in previous]

    estimator = Willing()
    tracks = MultiObjectTracker(estimator, follow=follow)
    for id, time_s in compared_s.items():
        tracks.add(id)
        begun = PoseResult(id, np.eye(4, dtype=np.float32), 0.9, np.eye(6), compared_ns=round(time_s * 1e9))
        tracks.start(id, frame(1.0), begun)
    for time_s in (1.1, 1.12, 1.14):
        tracks.track(frame(time_s))
        for _ in range(2):
            tracks.compare(frame(time_s))
    assert estimator.compared_names == ["cup", "mug"]  # the can isn't due
    tracks.track(frame(1.15))
    assert [pose.score for pose in given] == [0.4, 0.4, 0.9]
    estimator.refuses = ("can",)
    tracks.track(frame(1.5))
    tracks.compare(frame(1.5))
    tracks.compare(frame(1.4))  # nothing was found in that frame
    assert estimator.compared_names == ["cup", "mug", "can"]


def test_one_object_in_a_frame_is_compared_with_its_surroundings(monkeypatch):
    compared: list[tuple[str, float]] = []

    def motion(before: Frame, now: Frame, apart_from: PoseResult) -> np.ndarray:
        compared.append((apart_from.object_name, now.stamp_ns / 1e9))
        return np.eye(4)

    monkeypatch.setattr(scene_check, "scene_motion", motion)
    names = ("mug", "cup", "can")
    tracks, _ = tracker(*names)
    tracks.register(frame(1.0), dict.fromkeys(names, MASK))
    for time_s in (1.2, 1.5, 1.6, 1.7, 1.8, 2.05):
        tracks.track(frame(time_s))
    assert compared == [("mug", 1.5), ("cup", 1.6), ("can", 1.7), ("mug", 2.05)]


def test_an_object_that_tracks_is_registered_anew_only_by_force():
    tracks, estimator = tracker("mug")
    tracks.register(frame(1.0), {"mug": MASK})
    tracks.register(frame(1.1), {"mug": MASK})
    assert estimator.registered == [("mug", 1.0)]
    tracks.register(frame(1.2), {"mug": MASK}, force=True)
    assert estimator.registered == [("mug", 1.0), ("mug", 1.2)]


def test_a_late_mask_catches_up_and_leaves_tracks_that_are_ahead_alone():
    tracks, estimator = tracker("mug", "can")
    tracks.register(frame(1.0), {"mug": MASK})
    for time_s in (1.1, 1.2, 1.3):
        tracks.track(frame(time_s))
    estimator.tracked.clear()
    found = tracks.register(frame(1.1), {"can": MASK}, later_frames=[frame(1.2), frame(1.3), frame(1.4)])
    assert estimator.tracked == [("can", 1.2), ("can", 1.3), ("mug", 1.4), ("can", 1.4)]
    assert [t.result.stamp_ns for t in found] == [1_400_000_000] * 2


def test_the_frame_of_a_mask_is_new_to_the_other_tracks_as_well():
    tracks, estimator = tracker("mug", "can")
    tracks.register(frame(1.0), {"mug": MASK})
    found = tracks.register(frame(1.1), {"can": MASK})
    assert estimator.tracked == [("mug", 1.1)]
    assert [t.result.stamp_ns for t in found] == [1_100_000_000] * 2


def test_a_track_starts_at_a_pose_that_is_known_in_doubt_where_it_scores_low():
    tracks, estimator = tracker("mug")
    known = PoseResult("mug", np.eye(4, dtype=np.float32), 0.1, np.eye(6), stamp_ns=frame(1.0).stamp_ns)
    tracks.start("mug", frame(1.0), known)
    started = tracks.snapshot("mug", frame(1.0).stamp_ns)
    assert (started.state, started.result.score, started.age_s) == (TrackState.TRACKING, 0.1, 0)
    assert started.in_doubt and np.array_equal(started.result.T_cam_obj, known.T_cam_obj)
    assert estimator.registered == []
    tracks.track(frame(1.1))
    assert estimator.tracked == [("mug", 1.1)]


def test_a_refusal_of_one_object_does_not_keep_the_others_from_their_poses():
    refused = []
    tracks, _ = tracker("mug", "can", refuses=("mug",))
    found = tracks.register(
        frame(1.0), {"mug": MASK, "can": MASK}, refused=lambda id, e: refused.append((id, e.reason))
    )
    assert refused == [("mug", "no_depth")]
    assert [t.state for t in found] == [TrackState.SEARCHING, TrackState.TRACKING]
    assert found[0].reason == "no depth on mug"


def test_a_refusal_is_raised_where_nobody_listens():
    tracks, _ = tracker("mug", refuses=("mug",))
    with pytest.raises(InputRefused, match="no depth on mug"):
        tracks.register(frame(1.0), {"mug": MASK})


def test_of_two_that_explain_the_same_pixels_the_surer_has_the_pose():
    tracks, estimator = tracker("mug", "can", "box")
    tracks.register(frame(1.0), {"mug": MASK, "can": MASK, "box": MASK})
    estimator.scores, estimator.same = {"mug": 0.7, "can": 0.8}, {frozenset(("mug", "can"))}
    refused = []
    found = tracks.track(frame(1.1), lambda id, error: refused.append((id, error.reason)))
    assert [t.result is not None for t in found] == [False, True, True]
    assert refused == [("mug", "same_surface")]
    assert found[0].reason == "in doubt: can is seen there, and is surer"
    estimator.scores = {"mug": 0.85, "can": 0.8}  # they don't take turns
    for time_s in (1.2, 1.3, 1.4):
        found = tracks.track(frame(time_s))
    assert [t.state for t in found] == [TrackState.LOST, TrackState.TRACKING, TrackState.TRACKING]


def test_a_lost_object_is_not_found_where_another_is():
    tracks, estimator = tracker("mug", "can")
    tracks.register(frame(1.0), {"mug": MASK, "can": MASK})
    estimator.scores, estimator.same = {"mug": 0.7}, {frozenset(("mug", "can"))}
    states = {tracks.track(frame(1.0 + 0.1 * k))[0].state for k in range(5, 40)}
    assert states == {TrackState.TRACKING, TrackState.LOST}
    assert tracks.states()["mug"] is TrackState.LOST
    estimator.same = set()
    for k in range(40, 50):
        tracks.track(frame(1.0 + 0.1 * k))
    assert tracks.states()["mug"] is TrackState.TRACKING


def test_a_track_that_is_registered_elsewhere_takes_the_old_ones_place():
    tracks, estimator = tracker("mug", "can")
    found = PoseResult("mug", np.eye(4, dtype=np.float32), 0.9, np.eye(6), stamp_ns=frame(1.0).stamp_ns)
    new = tracks.begin("mug")
    assert tracks.wanting_mask(frame(1.0).stamp_ns) == ("can",)
    assert tracks.track(frame(1.1))[0].reason == "being registered"
    with pytest.raises(InputRefused, match="being registered already"):
        tracks.begin("mug")
    assert new.conclude_registration(frame(1.0), found)
    assert tracks.take(new, frame(1.0), found)
    assert tracks.states()["mug"] is TrackState.TRACKING
    tracks.catch_up([frame(1.0), frame(1.1)])
    assert estimator.tracked == [("mug", 1.1)]


def test_a_track_that_is_not_found_elsewhere_leaves_the_old_one_as_it_was():
    tracks, _ = tracker("mug")
    tracks.register(frame(1.0), {"mug": MASK})
    refused = InputRefused("no_depth", "no depth on mug")
    new = tracks.begin("mug")
    new.conclude_registration(frame(1.1), refused)
    assert tracks.take(new, frame(1.1), refused)
    (mug,) = tracks.track(frame(1.2))
    assert mug.result is not None and mug.registered_ns == frame(1.0).stamp_ns
    tracks.reset("mug")
    new = tracks.begin("mug")
    new.conclude_registration(frame(1.3), refused)
    tracks.take(new, frame(1.3), refused)
    assert tracks.snapshot("mug", frame(1.3).stamp_ns).reason == "no depth on mug"
    assert tracks.wanting_mask(frame(1.3).stamp_ns) == (), "the next try waits"


@pytest.mark.parametrize("forget", ["reset", "remove"])
def test_what_was_forgotten_meanwhile_stays_forgotten(forget):
    tracks, _ = tracker("mug")
    found = PoseResult("mug", np.eye(4, dtype=np.float32), 0.9, np.eye(6), stamp_ns=frame(1.0).stamp_ns)
    new = tracks.begin("mug")
    getattr(tracks, forget)("mug")
    new.conclude_registration(frame(1.0), found)
    assert not tracks.take(new, frame(1.0), found)
    assert TrackState.TRACKING not in tracks.states().values()


def test_one_or_all_are_reset():
    tracks, _ = tracker("mug", "can")
    tracks.register(frame(1.0), {"mug": MASK, "can": MASK})
    tracks.reset("mug")
    assert tracks.states() == {"mug": TrackState.SEARCHING, "can": TrackState.TRACKING}
    tracks.reset(reason="reset: the clock was set back")
    assert tracks.snapshot("can", 0).reason == "reset: the clock was set back"


def test_new_settings_hold_for_old_and_new_tracks():
    tracks, _ = tracker("mug")
    tracks.set_settings(TrackerSettings(retry_first_s=3.0))
    tracks.add("can")
    for id in ("mug", "can"):
        tracks.estimator.refuses = (id,)
        tracks.register(frame(1.0), {id: MASK}, refused=lambda id, error: None)
    assert tracks.wanting_mask(frame(3.9).stamp_ns) == ()
    assert tracks.wanting_mask(frame(4.1).stamp_ns) == ("mug", "can")


def test_objects_come_and_go():
    tracks, _ = tracker("mug", "can")
    tracks.remove("mug")
    assert tracks.ids == ("can",)
    with pytest.raises(InputRefused, match="object can is there already: remove it first"):
        tracks.add("can")
    with pytest.raises(InputRefused, match=r"no object 'mug' here \(known: can\): add it first") as refusal:
        tracks.remove("mug")
    assert refusal.value.reason == "unknown_object"


# Mask images


LABELS = np.array([[0, 1, 2], [0, 2, 2]])


def named(*ids: str) -> dict[str, str]:
    return {id: id for id in ids}


def test_with_one_object_every_value_but_0_is_it():
    masks = dict(masks_from_label_image(LABELS, named("mug"), ()))
    assert np.array_equal(masks["mug"], LABELS > 0)


def test_with_several_value_n_is_the_nth():
    masks = dict(masks_from_label_image(LABELS, named("mug", "can", "box"), ("mug", "can", "box")))
    assert list(masks) == ["mug", "can"]
    assert np.array_equal(masks["mug"], LABELS == 1)
    assert np.array_equal(masks["can"], LABELS == 2)


def test_a_mask_of_0_and_255_is_the_only_object_that_wants_one():
    masks = dict(masks_from_label_image((LABELS > 0) * 255, named("mug", "can"), ("can",)))
    assert list(masks) == ["can"]
    assert np.array_equal(masks["can"], LABELS > 0)


@pytest.mark.parametrize(
    ("labels", "wanting", "reason", "fix"),
    [
        (LABELS * 0, ("mug",), "empty_mask", "mark the object's pixels"),
        ((LABELS > 0) * 255, ("mug", "can"), "ambiguous_mask", "could be any of mug, can"),
        ((LABELS > 0) * 255, (), "ambiguous_mask", "send a label image"),
        (LABELS * 2, ("mug", "can"), "unknown_label", r"label 4 in a mask image for 2 objects \(mug, can\)"),
    ],
)
def test_a_mask_image_that_could_mean_anything_is_refused(labels, wanting, reason, fix):
    with pytest.raises(InputRefused, match=fix) as refusal:
        masks_from_label_image(labels, named("mug", "can"), wanting)
    assert refusal.value.reason == reason
