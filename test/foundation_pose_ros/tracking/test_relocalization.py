"""The search for a lost object, with an estimator whose answers are known: where it looks, and what it believes."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame, InputRefused
from foundation_pose_ros.estimation.object_proposals import Proposal
from foundation_pose_ros.estimation.support_planes import SupportPlanes
from foundation_pose_ros.observation.downsampled_depth import DownsampledDepth
from foundation_pose_ros.observation.learned_colours import LearnedColours
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.tracking import (
    ObjectTracker,
    RelocalizationSettings,
    StateSettings,
    TrackerSettings,
    TrackState,
)
from foundation_pose_ros.tracking.relocalization import Relocalization

CAMERA = Camera(1.0, 1.0, 0.0, 0.0, 1, 1)
SMALL = Camera(64.0, 64.0, 31.5, 31.5, 64, 64)
MASK = np.ones((1, 1), bool)


def frame(time_s: float) -> Frame:
    return Frame(np.zeros((1, 1, 3), np.uint8), np.ones((1, 1), np.float32), CAMERA, stamp_ns=round(time_s * 1e9))


NO_PLANES = SupportPlanes(DownsampledDepth.of(frame(0.0)), *np.zeros((3, 1, 1), bool))


def pose(x_m: float, score: float, stamp_ns: int = 0) -> PoseResult:
    T = np.eye(4, dtype=np.float32)
    T[0, 3] = x_m
    return PoseResult("mug", T, score, np.eye(6), stamp_ns=stamp_ns)


@dataclass
class Table:
    """Things at places x in metres, each with the score that the object gets there, by time in seconds."""

    score_at: dict[float, float]
    likeness: dict[float, float] = field(default_factory=dict)
    found: list[float] = field(default_factory=list)
    followed: list[float] = field(default_factory=list)

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        x_m = round(float(previous.T_cam_obj[0, 3]), 3)
        self.followed.append(frame.stamp_ns * 1e-9)
        return pose(x_m, self.score_at.get(x_m, 0.0), frame.stamp_ns)

    def propose(self, frame: Frame, object_name: str | None = None) -> list[Proposal]:
        return [Proposal(MASK, MASK, np.array([x, 0, 0]), like, 0.1, NO_PLANES) for x, like in self.likeness.items()]

    def find(self, frame: Frame, proposal: Proposal, object_name: str | None = None) -> PoseResult:
        x_m = round(float(proposal.centre_m[0]), 3)
        self.found.append(x_m)
        if self.score_at.get(x_m, 0.0) < 0:
            raise InputRefused("no_depth_under_mask", "no depth under the mask")
        return pose(x_m, self.score_at.get(x_m, 0.0), frame.stamp_ns)

    def register(self, frame: Frame, mask: np.ndarray, object_name: str | None = None) -> PoseResult:
        return pose(0.0, 0.9, frame.stamp_ns)


def looked(table: Table, seconds: float = 2.0, rate_hz: float = 30.0) -> tuple[PoseResult, float] | None:
    """What is found of an object lost at x = 0, and after how long."""
    search = Relocalization(pose(0.0, 0.9), table, RelocalizationSettings())
    for time_s in np.arange(1, seconds * rate_hz) / rate_hz:
        result = search.step(frame(time_s))
        if result is not None:
            return result, float(time_s)
    return None


def test_it_is_found_where_it_was_within_a_few_frames():
    result, after_s = looked(Table({0.0: 0.7}))
    assert result.T_cam_obj[0, 3] == 0.0
    assert after_s < 0.3


def test_it_is_found_elsewhere_though_likelier_things_are_looked_at_first():
    table = Table({0.3: 0.95}, likeness={0.1: 0.9, 0.2: 0.8, 0.3: 0.6})
    result, after_s = looked(table)
    assert result.T_cam_obj[0, 3] == np.float32(0.3)
    assert table.found == [0.1, 0.2, 0.3]
    assert after_s < 1.0


@pytest.mark.parametrize(("found", "believed"), [(0.4, False), (0.5, True)])
def test_what_is_found_elsewhere_must_be_likely_before_it_is_followed(found, believed):
    class Other(Table):
        def find(self, frame: Frame, proposal: Proposal, object_name: str | None = None) -> PoseResult:
            return pose(0.3, found, frame.stamp_ns)

    assert (looked(Other({0.3: 0.95}, likeness={0.3: 0.9})) is not None) == believed


@pytest.mark.parametrize(("x_m", "too_low", "enough"), [(0.0, 0.55, 0.65), (0.3, 0.65, 0.75)])
def test_followed_poses_must_score_high_in_the_mean_and_higher_where_it_was_not_before(x_m, too_low, enough):
    assert looked(Table({x_m: too_low}, likeness={x_m: 0.9})) is None
    assert looked(Table({x_m: enough}, likeness={x_m: 0.9})) is not None


@pytest.mark.parametrize(("colour", "believed"), [(0.15, False), (0.5, True)])
def test_what_has_its_shape_but_other_colours_is_another_thing(colour, believed):
    class Coloured(Table):
        def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
            return replace(super().track(frame, previous), colour_agreement=colour)

    search = Relocalization(
        replace(pose(0.0, 0.9), colour_agreement=0.8), Coloured({0.0: 0.9}), RelocalizationSettings()
    )
    found = [search.step(frame(k / 30)) for k in range(1, 60)]
    assert any(result is not None for result in found) == believed


@pytest.mark.parametrize("origin_m", [0.0, -2.0])
def test_the_nearer_of_two_like_things_is_looked_at_first_wherever_the_meshs_origin_is(origin_m):
    table = Table({0.1: 0.1, 0.9: 0.1}, likeness={0.9: 0.5, 0.1: 0.5})
    last = replace(pose(origin_m, 0.9), centre_obj=np.array([-origin_m, 0.0, 0.0]))
    search = Relocalization(last, table, RelocalizationSettings())
    for step in range(1, 12):
        search.step(frame(step / 30))
    assert table.found[0] == 0.1


def test_one_bad_frame_ends_a_candidate():
    class Fading(Table):
        def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
            result = super().track(frame, previous)
            return pose(0.3, 0.2, frame.stamp_ns) if len(self.followed) % 3 == 0 else result

    assert looked(Fading({0.3: 0.95}, likeness={0.3: 0.9})) is None


def test_things_that_were_not_it_are_tried_in_turn_and_more_and_more_rarely():
    likeness = {0.1: 0.9, 0.2: 0.9, 0.3: 0.9}
    table = Table({}, likeness)
    assert looked(table, seconds=10.0) is None
    counts = {x: table.found.count(x) for x in likeness}
    assert counts == pytest.approx(dict.fromkeys(likeness, 9), abs=4)
    assert 10 / 0.4 <= len(table.found) <= 10 / 0.4 + 5
    assert len(table.followed) <= 10 / 0.1


def test_a_thing_that_cannot_be_registered_is_passed_over():
    result, _ = looked(Table({0.1: -1.0, 0.2: 0.95}, likeness={0.1: 0.9, 0.2: 0.5}))
    assert result.T_cam_obj[0, 3] == np.float32(0.2)


@pytest.mark.parametrize("enabled", [True, False])
def test_a_track_goes_on_by_itself_only_where_relocalization_is_on(enabled):
    table = Table({0.0: 0.1, 0.2: 0.95}, likeness={0.2: 0.9})
    settings = TrackerSettings(StateSettings(), RelocalizationSettings(enabled=enabled))
    track = ObjectTracker("mug", "mug", table, settings)
    track.register(frame(0.0), MASK)
    times = np.arange(1, 60) / 30
    objects = [track.track(frame(t)) for t in times]
    assert any(o.state is TrackState.LOST for o in objects)
    last = objects[-1]
    assert (last.state is TrackState.TRACKING) == enabled
    if enabled:
        assert last.result.T_cam_obj[0, 3] == np.float32(0.2)
        assert last.reason == ""
        assert last.age_s < 1.7  # counted from when it was found again


# What it looked like


LEARNED = LearnedColours(*np.zeros((2, 16, 16, 16), np.float32), 0)


@dataclass
class Remembered(Table):
    """Says how well outlines separate the colours, where they are handed over."""

    region: float = 0.9
    handed_over: list[bool] = field(default_factory=list)

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        learned = previous.memory.learned
        self.handed_over.append(learned is not None)
        known = super().track(frame, previous).with_colours(learned)
        return known if learned is None else replace(known, region_agreement=self.region)


def search_for(table: Remembered, from_s: float) -> PoseResult | None:
    last = replace(pose(0.0, 0.9).with_colours(LEARNED), region_agreement=0.9)
    search = Relocalization(last, table, RelocalizationSettings())
    found = [search.step(frame(from_s + k / 30)) for k in range(30)]
    return next((one for one in found if one is not None), None)


@pytest.mark.parametrize(("region", "believed"), [(0.8, True), (0.4, False)])
def test_what_has_other_colours_is_not_it(region: float, believed: bool) -> None:
    elsewhere = Remembered({0.5: 0.9}, {0.5: 0.9}, region=region)
    assert (search_for(elsewhere, 0.3) is not None) == believed
    assert all(elsewhere.handed_over)


def test_colours_are_forgotten_with_a_loss_that_lasts() -> None:
    where_it_was = Remembered({0.0: 0.9}, region=0.4)
    assert search_for(where_it_was, 6.0) is not None
    assert not any(where_it_was.handed_over)


@pytest.mark.parametrize(("shape_score", "believed"), [(0.0, False), (0.02, True)])
def test_for_a_plain_thing_that_its_shape_hardly_shows_what_is_known_of_its_colours_speaks(
    shape_score: float, believed: bool
) -> None:
    class Plain(Remembered):
        def find(self, frame: Frame, proposal: Proposal, object_name: str | None = None) -> PoseResult:
            return replace(super().find(frame, proposal, object_name), score=shape_score)

    assert (search_for(Plain({0.5: 0.9}, {0.5: 0.9}), 0.3) is not None) == believed


def test_what_is_beside_it_there_is_seen_there() -> None:
    here = replace(LEARNED, background=np.ones_like(LEARNED.background))

    class Beside(Remembered):
        def find(self, frame: Frame, proposal: Proposal, object_name: str | None = None) -> PoseResult:
            return super().find(frame, proposal, object_name).with_colours(here)

    found = search_for(Beside({0.5: 0.9}, {0.5: 0.9}), 0.3)
    assert found is not None
    assert found.memory.learned.background is here.background
    assert found.memory.learned.foreground is LEARNED.foreground


def test_what_has_the_colours_that_it_had_is_looked_at_before_what_is_likelier_by_size() -> None:
    red = np.array([200, 30, 30], np.uint8)
    left = np.indices((64, 64))[1] < 32
    rgb = np.where(left[..., None], np.array([30, 30, 200], np.uint8), red)
    scene = Frame(rgb, np.ones((64, 64), np.float32), SMALL, stamp_ns=300_000_000)
    things = [
        Proposal(mask, mask, np.array([x_m, 0, 0]), like, 0.1, NO_PLANES)
        for mask, x_m, like in ((left, 0.1, 0.9), (~left, 0.2, 0.5))
    ]

    class Both(Table):
        def propose(self, frame: Frame, object_name: str | None = None) -> list[Proposal]:
            return things

    for learned, first in ((None, 0.1), (colours_of(red), 0.2)):
        table = Both({})
        search = Relocalization(pose(0.0, 0.9).with_colours(learned), table, RelocalizationSettings())
        search.step(scene)
        assert table.found == [first]


def colours_of(rgb: np.ndarray) -> LearnedColours:
    """What is learned from a plain disc before gray."""
    v, u = np.indices((64, 64)) - 31.5
    disc = np.hypot(u, v) < 20
    seen = Frame(np.where(disc[..., None], rgb, np.uint8(128)), np.ones((64, 64), np.float32), SMALL)
    learned = LearnedColours.of(seen, SMALL.K, seen.depth_m, np.where(disc, np.float32(1), np.float32(0)))
    assert learned is not None
    return learned
