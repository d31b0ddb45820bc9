"""Which poses count as one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foundation_pose_ros import se3
from foundation_pose_ros.estimation.candidates import unique_poses

CENTRE = np.array([0.03, 0.0, -0.02])


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_each_is_apart_from_those_before_and_what_is_left_out_is_not(seed, most):
    rng = np.random.default_rng(seed)
    twists = np.concatenate([rng.uniform(-0.02, 0.02, (20, 3)), rng.uniform(-0.3, 0.3, (20, 3))], axis=1)
    poses = se3.apply_twist(np.eye(4, dtype=np.float32), twists, CENTRE)
    kept = unique_poses(poses, CENTRE, 0.02, 0.25, most)
    places = se3.transform_points(poses, CENTRE[None])[:, 0]
    apart = np.linalg.norm(places[:, None] - places, axis=-1) >= 0.02
    apart |= se3.rotation_angle_rad(poses[:, None, :3, :3], poses[:, :3, :3]) >= 0.25
    expected: list[int] = []
    for i in range(20):
        if len(expected) < most and apart[i, expected].all():
            expected.append(i)
    assert kept.tolist() == expected
