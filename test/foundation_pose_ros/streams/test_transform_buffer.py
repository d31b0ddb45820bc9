"""Transforms between any two frames of a tree, at any stamp between those given."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from foundation_pose_ros import se3
from foundation_pose_ros.streams.transform_buffer import TransformBuffer

SECOND = 1_000_000_000


def turned(deg: float, x_m: float = 0.0) -> np.ndarray:
    return se3.from_rotation_translation(Rotation.from_euler("z", deg, degrees=True).as_matrix(), np.array([x_m, 0, 0]))


@pytest.fixture
def buffer() -> TransformBuffer:
    """map -> base (turns by 90 degrees in a second) -> camera (fixed); map -> table (fixed)."""
    buffer = TransformBuffer()
    buffer.add("map", "base", turned(0), SECOND)
    buffer.add("map", "base", turned(90, 1.0), 2 * SECOND)
    buffer.add("base", "camera", turned(0, 0.2), 0, static=True)
    buffer.add("map", "table", turned(180, 3.0), 0, static=True)
    return buffer


def test_a_chain_is_interpolated_and_inverted(buffer):
    at = 3 * SECOND // 2
    expected = se3.inverse(turned(45, 0.5) @ turned(0, 0.2)) @ turned(180, 3.0)
    assert buffer.lookup("camera", "table", at) == pytest.approx(expected, abs=1e-6)
    assert buffer.lookup("table", "camera", at) == pytest.approx(se3.inverse(expected), abs=1e-6)
    assert buffer.lookup("base", "camera", 0) == pytest.approx(turned(0, 0.2), abs=1e-6)


def test_the_last_stamp_is_known_and_the_next_is_not(buffer):
    assert buffer.lookup("map", "base", 2 * SECOND) == pytest.approx(turned(90, 1.0), abs=1e-6)
    for stamp_ns in (SECOND - 1, 2 * SECOND + 1):
        assert buffer.lookup("map", "base", stamp_ns) is None
    assert buffer.lookup("map", "moon", SECOND) is None


def test_old_ones_are_forgotten_and_loops_end(buffer):
    buffer.add("map", "base", turned(0), 60 * SECOND)
    assert buffer.lookup("map", "base", SECOND) is None
    buffer.add("base", "map", turned(0), 60 * SECOND)
    assert buffer.lookup("map", "moon", 60 * SECOND) is None


def test_the_newest_is_known_at_any_time(buffer):
    assert buffer.newest("map", "camera") == pytest.approx(turned(90, 1.0) @ turned(0, 0.2), abs=1e-6)
    assert buffer.newest("map", "moon") is None


def test_after_a_jump_back_the_track_begins_anew(buffer):
    buffer.add("map", "base", turned(0), 60 * SECOND)
    buffer.add("map", "base", turned(10), SECOND)
    buffer.add("map", "base", turned(30), 2 * SECOND)
    assert buffer.lookup("map", "base", 3 * SECOND // 2) == pytest.approx(turned(20), abs=1e-6)


@pytest.mark.parametrize(
    ("target", "source", "seconds", "words"),
    [
        ("map", "moon", 1.5, "TF has no frame moon"),
        ("map", "camera", 2.25, "TF of base ends 0.250 s before the image"),
        ("map", "camera", 0.5, "TF of base begins 0.500 s after the image"),
        ("map", "gripper", 1.5, "nothing between"),
        ("map", "camera", 1.5, ""),
    ],
)
def test_what_is_lacking_is_said_in_words(buffer, target, source, seconds, words):
    buffer.add("arm", "gripper", turned(0), 0, static=True)
    said = buffer.fault(target, source, int(seconds * SECOND))
    assert words in said and bool(words) == bool(said)


def test_silence_is_said():
    assert "TF is silent" in TransformBuffer().fault("map", "camera", SECOND)
