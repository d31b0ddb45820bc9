"""Frames found again by stamp, bounded in number and age, and time that jumps back."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation_pose_ros import Camera, Frame
from foundation_pose_ros.streams.frame_buffer import Added, FrameBuffer

CAMERA = Camera(1.0, 1.0, 0.0, 0.0, 1, 1)
RGB, DEPTH_M = np.zeros((1, 1, 3), np.uint8), np.ones((1, 1), np.float32)
MS = 1_000_000


def frame(stamp_ms: float) -> Frame:
    return Frame(RGB, DEPTH_M, CAMERA, stamp_ns=round(stamp_ms * MS))


def filled(stamps_ms, **settings) -> FrameBuffer:
    buffer = FrameBuffer(**settings)
    for stamp_ms in stamps_ms:
        buffer.add(frame(stamp_ms))
    return buffer


def stamps_ms(frames: list[Frame]) -> list[float]:
    return [f.stamp_ns / MS for f in frames]


def test_the_exact_frame_is_found_else_the_nearest_within_the_tolerance():
    buffer = filled([0, 33, 66, 100], tolerance_s=0.015)
    for asked, found in ((33, 33), (45, 33), (52, 66), (66, 66), (110, 100), (-10, 0)):
        assert buffer.at(asked * MS).stamp_ns == found * MS
    for asked in (-16, 49.5, 116):
        assert buffer.at(round(asked * MS)) is None


def test_frames_after_a_stamp_are_those_that_are_newer_oldest_first():
    buffer = filled([0, 33, 66, 100])
    assert stamps_ms(buffer.after(33 * MS)) == [66, 100]
    assert stamps_ms(buffer.after(32 * MS)) == [33, 66, 100]
    assert buffer.after(100 * MS) == []


def test_the_oldest_are_forgotten_by_number_and_by_age():
    by_number = filled(range(0, 1000, 100), max_frames=4, max_age_s=100)
    assert len(by_number) == 4 and stamps_ms(by_number.after(-1)) == [600, 700, 800, 900]
    by_age = filled(range(0, 1000, 100), max_age_s=0.25)
    assert stamps_ms(by_age.after(-1)) == [700, 800, 900]


def test_an_empty_buffer_has_nothing():
    buffer = FrameBuffer()
    assert (len(buffer), buffer.at(0), buffer.after(0), buffer.newest_ns) == (0, None, [], None)


def test_a_frame_out_of_order_is_refused():
    buffer = filled([0, 100])
    assert buffer.add(frame(100)) is Added.OUT_OF_ORDER
    assert buffer.add(frame(50)) is Added.OUT_OF_ORDER
    assert buffer.add(frame(133)) is Added.IN_ORDER
    assert stamps_ms(buffer.after(-1)) == [0, 100, 133]


def test_a_clock_that_is_set_back_forgets_what_was_before_once_it_stays():
    buffer = filled([5000, 5033])
    added = [buffer.add(frame(t)) for t in (100, 133, 166)]
    assert added == [Added.OUT_OF_ORDER, Added.OUT_OF_ORDER, Added.JUMPED_BACK]
    assert stamps_ms(buffer.after(-1)) == [166]


def steady(count: int = 12, step_ms: float = 33.0) -> FrameBuffer:
    """A buffer of frames that came at their stamps, from 0 on."""
    buffer = FrameBuffer(max_age_s=100)
    for k in range(count):
        assert buffer.add(frame(k * step_ms), came_ns=round(k * step_ms * MS)) is Added.IN_ORDER
    return buffer


@pytest.mark.parametrize("ahead_ms", [500, 1_000_000])
def test_a_single_stamp_far_ahead_is_refused(ahead_ms):
    buffer = steady()
    assert buffer.add(frame(396 + ahead_ms), came_ns=396 * MS) is Added.TOO_FAR_AHEAD
    assert buffer.add(frame(429), came_ns=429 * MS) is Added.IN_ORDER
    assert buffer.newest_ns == 429 * MS


def test_a_clock_that_is_set_ahead_is_believed_from_its_second_frame_on():
    buffer = steady()
    assert buffer.add(frame(100_396), came_ns=396 * MS) is Added.TOO_FAR_AHEAD
    assert buffer.add(frame(100_429), came_ns=429 * MS) is Added.IN_ORDER
    assert buffer.add(frame(100_462), came_ns=462 * MS) is Added.IN_ORDER


def test_a_pause_of_the_camera_is_no_bad_stamp():
    buffer = steady()
    assert buffer.add(frame(9_000), came_ns=9_000 * MS) is Added.IN_ORDER


def test_a_recording_may_be_played_fast():
    buffer = FrameBuffer(max_age_s=1000)
    for k in range(40):
        assert buffer.add(frame(k * 1000), came_ns=k * MS) is Added.IN_ORDER


def test_a_short_recording_that_loops_is_noticed_at_its_third_frame():
    buffer = filled([0, 33, 66, 100, 133])
    assert [buffer.add(frame(t)) for t in (0, 33, 66, 100)] == [
        Added.OUT_OF_ORDER,
        Added.OUT_OF_ORDER,
        Added.JUMPED_BACK,
        Added.IN_ORDER,
    ]
    assert stamps_ms(buffer.after(-1)) == [66, 100]


def test_late_frames_now_and_then_are_no_jump():
    buffer = FrameBuffer()
    for t in range(100, 1000, 100):
        assert buffer.add(frame(t)) is Added.IN_ORDER
        assert buffer.add(frame(t - 50)) is Added.OUT_OF_ORDER
        assert buffer.add(frame(t - 60)) is Added.OUT_OF_ORDER


def test_clearing_forgets_order_as_well():
    buffer = filled([5000])
    buffer.clear()
    assert buffer.add(frame(1)) is Added.IN_ORDER


@given(st.lists(st.integers(0, 3000), max_size=60), st.integers(0, 3000))
def test_it_is_always_in_order_within_bounds_and_finds_the_nearest(arrivals_ms, asked_ms):
    buffer = filled(arrivals_ms, max_frames=8, max_age_s=0.7, tolerance_s=0.015)
    kept = stamps_ms(buffer.after(-1))
    assert kept == sorted(set(kept))
    assert len(kept) <= 8
    assert not kept or kept[-1] - kept[0] <= 700
    near = [t for t in kept if abs(t - asked_ms) <= 15]
    found = buffer.at(asked_ms * MS)
    assert (found is None) == (not near)
    if found is not None:
        assert abs(found.stamp_ns / MS - asked_ms) == min(abs(t - asked_ms) for t in near)


def test_readers_and_a_writer_at_once_see_frames_in_order():
    buffer = FrameBuffer(max_frames=20, max_age_s=100)
    done, broken = threading.Event(), []

    def read() -> None:
        while not done.is_set():
            seen = [f.stamp_ns for f in buffer.after(-1)]
            if seen != sorted(seen) or len(seen) > 20:
                broken.append(seen)
            newest_ns = buffer.newest_ns
            if newest_ns is not None:
                buffer.at(newest_ns)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for k in range(3000):
            buffer.add(frame(k))
    finally:
        done.set()
        for reader in readers:
            reader.join(timeout=10)
    assert not broken
    assert not any(reader.is_alive() for reader in readers)
    assert buffer.newest_ns == 2999 * MS


@pytest.mark.parametrize("max_frames", [0, -3])
def test_at_least_one_frame_is_kept(max_frames):
    assert len(filled([0, 33], max_frames=max_frames)) == 1
