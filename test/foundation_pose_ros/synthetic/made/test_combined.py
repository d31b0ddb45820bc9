"""Combined solids: one body each, with rounded edges, holes among them."""

import numpy as np

from foundation_pose_ros.synthetic.made.combined import combined


def test_each_is_one_body_and_some_have_holes():
    meshes = [combined(np.random.default_rng(seed)) for seed in range(20)]
    assert all(mesh.body_count == 1 and mesh.is_watertight for mesh in meshes)
    assert sum(mesh.euler_number < 2 for mesh in meshes) >= 3
    fullness = [mesh.volume / np.prod(mesh.extents) for mesh in meshes]
    assert np.std(fullness) > 0.1
