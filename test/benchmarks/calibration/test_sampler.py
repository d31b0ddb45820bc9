"""What a picture doesn't tell no sample knows: poses about the truth are turned as a hidden handle leaves open."""

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from benchmarks.calibration.sampler import Sampler
from foundation_pose_ros import Camera, Frame, ObjectModel, se3
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.synthetic.meshes import make_mesh

CAMERA = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)
DISTANCE_M, WALL_M = 0.5, 1.2
HANDLE_BEHIND_DEG, HANDLE_BESIDE_DEG = 100.0, 10.0
DRAWS = 8


@pytest.fixture(scope="module")
def mug() -> ObjectModel:
    mesh = make_mesh("mug", 0)
    return ObjectModel.from_mesh(trimesh.Trimesh(mesh.vertices, mesh.faces), name="mug")


def seen(mug: ObjectModel, handle_deg: float) -> tuple[Frame, np.ndarray, np.ndarray]:
    """Return a frame, mask and true pose of a mug before a wall whose handle is at an angle from the camera."""
    R = Rotation.from_euler("x", 110, degrees=True) * Rotation.from_euler("z", handle_deg, degrees=True)
    truth = se3.from_rotation_translation(R.as_matrix(), np.array([0.0, 0.0, DISTANCE_M])).astype(np.float32)
    size = (CAMERA.height, CAMERA.width)
    depth_m = EmbreeRenderer(mug).render(truth[None], CAMERA.K, size).depth_m[0]
    mask = depth_m > 0
    return Frame(np.full((*size, 3), 120, np.uint8), np.where(mask, depth_m, np.float32(WALL_M)), CAMERA), mask, truth


def drawn_deg(mug: ObjectModel, handle_deg: float) -> np.ndarray:
    """Return by what angles a true pose is turned about its axis where a mug has its handle at an angle."""
    frame, _, truth = seen(mug, handle_deg)
    sampler = Sampler(mug, "here", np.random.default_rng(0))
    moved = np.linalg.inv(truth) @ np.array([sampler.as_likely(frame, truth) for _ in range(DRAWS)])
    assert np.allclose(moved[:, 2, 2], 1, atol=1e-4)
    return np.rad2deg(np.arctan2(moved[:, 1, 0], moved[:, 0, 0]))


def test_turns_that_a_hidden_handle_leaves_open_are_drawn(mug):
    assert np.ptp(drawn_deg(mug, HANDLE_BEHIND_DEG)) > 20


def test_a_handle_in_view_leaves_none(mug):
    np.testing.assert_allclose(drawn_deg(mug, HANDLE_BESIDE_DEG), 0, atol=0.1)


def test_a_registration_is_sampled_once_with_poses_about_the_truth(mug):
    frame, mask, truth = seen(mug, HANDLE_BEHIND_DEG)
    sampler = Sampler(mug, "here", np.random.default_rng(0))
    kinds = [s.kind for s in sampler.registrations(frame, mask, truth, "registered", perturbed=True)]
    assert kinds.count("registered") == 1 and kinds.count("refined not") == 1
