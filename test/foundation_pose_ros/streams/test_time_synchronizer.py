"""Pairs by stamp: exact first, nearest after, each message once, in order, nothing for ever deaf."""

from hypothesis import given
from hypothesis import strategies as st

from foundation_pose_ros.streams.time_synchronizer import MISSES_BEFORE_TOLERANCE, StampMatcher

MS = 1_000_000
TOPICS = ("colour", "depth")


def test_equal_stamps_match_in_either_order() -> None:
    matcher = StampMatcher(TOPICS)
    assert matcher.add("colour", 10 * MS, "c1") is None
    match = matcher.add("depth", 10 * MS, "d1")
    assert match is not None and match.stamp_ns == 10 * MS and match.items == {"colour": "c1", "depth": "d1"}
    assert matcher.add("depth", 20 * MS, "d2") is None
    match = matcher.add("colour", 20 * MS, "c2")
    assert match is not None and match.items == {"colour": "c2", "depth": "d2"}


def test_without_tolerance_different_stamps_never_match() -> None:
    matcher = StampMatcher(TOPICS)
    assert matcher.add("colour", 10 * MS, "c") is None
    assert matcher.add("depth", 10 * MS + 1, "d") is None


def test_the_stamp_of_a_match_is_that_of_the_first_topic() -> None:
    matcher = StampMatcher(TOPICS, tolerance_ns=5 * MS)
    matcher.add("depth", 12 * MS, "d")
    match = matcher.add("colour", 10 * MS, "c")
    assert match is not None and match.stamp_ns == 10 * MS


def test_the_nearest_within_the_tolerance_wins() -> None:
    matcher = StampMatcher(TOPICS, tolerance_ns=5 * MS)
    matcher.add("depth", 6 * MS, "far")
    matcher.add("depth", 11 * MS, "near")
    match = matcher.add("colour", 10 * MS, "c")
    assert match is not None and match.items["depth"] == "near"
    assert matcher.unmatched == {"depth": 1, "colour": 0}


def test_streams_that_match_exactly_are_not_paired_with_neighbours() -> None:
    matcher = StampMatcher(TOPICS, tolerance_ns=20 * MS)
    matcher.add("colour", 100 * MS, "c1")
    matcher.add("depth", 100 * MS, "d1")
    assert matcher.add("colour", 133 * MS, "c2") is None
    # The depth of c2 was lost on the way; that of c3 comes first and must wait for c3.
    assert matcher.add("depth", 150 * MS, "d3") is None
    match = matcher.add("colour", 150 * MS, "c3")
    assert match is not None and match.items == {"colour": "c3", "depth": "d3"}


def test_tolerance_comes_back_when_exact_stamps_stop() -> None:
    matcher = StampMatcher(TOPICS, tolerance_ns=5 * MS, depth=2)
    matcher.add("colour", 0, "c")
    matcher.add("depth", 0, "d")
    matched = 0
    for k in range(1, 4 * MISSES_BEFORE_TOLERANCE):
        matcher.add("colour", k * 33 * MS, k)
        matched += matcher.add("depth", k * 33 * MS + 2 * MS, k) is not None
    assert matched >= MISSES_BEFORE_TOLERANCE


def test_a_jump_back_in_time_forgets_what_waited() -> None:
    matcher = StampMatcher(TOPICS)
    matcher.add("colour", 10_000 * MS, "old")
    matcher.add("colour", 5 * MS, "new")
    match = matcher.add("depth", 5 * MS, "d")
    assert match is not None and match.items["colour"] == "new"
    assert matcher.unmatched["colour"] == 0, "the old one was forgotten, not passed over"


def test_what_finds_no_partner_is_counted_and_forgotten() -> None:
    matcher = StampMatcher(TOPICS, depth=3)
    for k in range(10):
        matcher.add("colour", k * MS, k)
    assert matcher.unmatched["colour"] == 7


@given(
    st.lists(st.tuples(st.sampled_from(TOPICS), st.integers(0, 300)), max_size=80),
    st.integers(0, 20),
    st.integers(1, 6),
)
def test_matches_are_within_tolerance_in_order_and_use_nothing_twice(
    messages: list[tuple[str, int]], tolerance: int, depth: int
) -> None:
    matcher = StampMatcher(TOPICS, tolerance, depth, jump_back_ns=10_000)
    seen: set[tuple[str, int]] = set()
    last_ns = -1
    matched = 0
    for number, (topic, stamp_ns) in enumerate(messages):
        match = matcher.add(topic, stamp_ns, (topic, stamp_ns, number))
        if match is None:
            continue
        matched += 1
        stamps = [item[1] for item in match.items.values()]
        assert set(match.items) == set(TOPICS) and all(item[0] == name for name, item in match.items.items())
        assert match.stamp_ns == match.items["colour"][1]
        assert max(stamps) - min(stamps) <= 2 * tolerance
        numbers = {(item[0], item[2]) for item in match.items.values()}
        assert not numbers & seen
        seen |= numbers
        if sorted(messages, key=lambda m: m[1]) == messages:
            assert match.stamp_ns >= last_ns
        last_ns = match.stamp_ns
    assert sum(matcher.unmatched.values()) + 2 * matched <= len(messages)
