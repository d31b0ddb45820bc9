"""A frame goes from one process's memory into another's as it is, whatever its size was before."""

import os

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation_pose_ros import Camera, Frame
from foundation_pose_ros.tracking.shared_frame import SharedFrame


def frame(width: int, height: int, seed: int) -> Frame:
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, 256, (height, width, 3), np.uint8)
    depth_m = rng.uniform(0, 3, (height, width)).astype(np.float32)
    return Frame(rgb, depth_m, Camera(90.0, 91.0, 5.0, 4.0, width, height), stamp_ns=seed, frame_id=f"camera_{seed}")


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(1, 200), st.integers(1, 200), st.integers(0, 1000)), min_size=1, max_size=4))
def test_what_was_written_last_is_read(frames):
    near = SharedFrame()
    far = SharedFrame(os.dup(near.file))
    for width, height, seed in frames:
        written = frame(width, height, seed)
        read = far.read(near.write(written))
        np.testing.assert_array_equal(read.rgb, written.rgb)
        np.testing.assert_array_equal(read.depth_m, written.depth_m)
        assert (read.camera, read.stamp_ns, read.frame_id) == (written.camera, written.stamp_ns, written.frame_id)
    near.close()
    far.close()
