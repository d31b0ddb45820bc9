"""What a network and depth say together: each has the say where it is the surer."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import InputRefused, se3
from foundation_pose_ros.method_choice import MethodChoice
from foundation_pose_ros.refinement.compact_refiner import CompactRefiner

# Surer than depth ever is, and hardly sure.
SURE, UNSURE = 1e12, 1e-3
OFF = np.array([0.008, -0.006, 0.01, 0.12, -0.1, 0.08])


class AlwaysSays:
    """Tells every pair the same twist, in radii and radians, with the same information on each of its parts."""

    def __init__(self, twist: np.ndarray, information: float = SURE) -> None:
        self.twist, self.information, self.asked = twist, information, 0

    def equations(self, rendered: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert rendered.shape == observed.shape == (len(rendered), 6, 64, 64)
        self.asked += len(rendered)
        information = np.broadcast_to(np.eye(6, dtype=np.float32) * self.information, (len(rendered), 6, 6))
        return information, np.broadcast_to(self.information * self.twist, (len(rendered), 6))


def test_a_step_is_in_radii_about_the_object_s_centre(see, cube, cube_renderer, cube_pose):
    view = see(cube_pose)
    start = se3.apply_twist(cube_pose, -OFF, cube.centre_m)
    in_radii = OFF / np.repeat([cube.diameter_m / 2, 1.0], 3)
    network = AlwaysSays(in_radii)
    moved = CompactRefiner(network, cube, cube_renderer).moved(view.frame, start[None], 1)[0]
    np.testing.assert_allclose(moved, cube_pose, atol=5e-3)
    assert network.asked == 1


def test_where_the_network_is_unsure_depth_has_the_say(see, cube, cube_renderer, cube_pose):
    view = see(cube_pose)
    start = se3.apply_twist(cube_pose, OFF / 2, cube.centre_m)
    network = AlwaysSays(np.full(6, 0.3), UNSURE)
    moved = CompactRefiner(network, cube, cube_renderer).moved(view.frame, start[None], 5)[0]
    assert np.linalg.norm(moved[:3, 3] - cube_pose[:3, 3]) < 0.001
    assert float(se3.rotation_angle_rad(moved[:3, :3], cube_pose[:3, :3])) < np.deg2rad(1)


def test_where_depth_is_lost_the_network_has_the_say(see, cube, cube_renderer, cube_pose):
    view = see(cube_pose)
    blind = replace(view.frame, depth_m=np.zeros_like(view.frame.depth_m))
    twist = np.array([0.02, 0, 0, 0, 0, 0.05])
    network = AlwaysSays(twist, UNSURE)
    moved = CompactRefiner(network, cube, cube_renderer).moved(blind, cube_pose[None], 1)[0]
    expected = se3.apply_twist(cube_pose, twist * np.repeat([cube.diameter_m / 2, 1.0], 3), cube.centre_m)
    np.testing.assert_allclose(moved, expected, atol=1e-5)


def test_steps_are_held_to_a_sane_length(see, cube, cube_renderer, cube_pose):
    view = see(cube_pose)
    network = AlwaysSays(np.array([9.0, 0, 0, 0, 9.0, 0]))
    moved = CompactRefiner(network, cube, cube_renderer).moved(view.frame, cube_pose[None], 1)[0]
    assert float(se3.rotation_angle_rad(moved[:3, :3], cube_pose[:3, :3])) < 0.41
    assert np.linalg.norm(moved[:3, 3] - cube_pose[:3, 3]) < 0.51 * cube.diameter_m


def test_poses_out_of_the_image_stay_and_the_others_go_on(see, cube, cube_renderer, cube_pose):
    view = see(cube_pose)
    poses = np.stack([cube_pose, cube_pose]).astype(np.float32)
    poses[0, 0, 3] += 5
    network = AlwaysSays(np.array([0.01, 0, 0, 0, 0, 0]))
    moved = CompactRefiner(network, cube, cube_renderer).moved(view.frame, poses, 3)
    np.testing.assert_array_equal(moved[0], poses[0])
    assert network.asked == 3
    assert moved[1, 0, 3] - cube_pose[0, 3] == pytest.approx(0.03 * cube.diameter_m / 2, abs=1e-5)


def test_the_choice_of_methods_takes_the_compact_refiner(tmp_path):
    pytest.importorskip("onnxruntime", reason="onnxruntime isn't installed here")
    with pytest.raises(InputRefused) as refused:
        MethodChoice(refiner="compact", weights=tmp_path).methods()
    assert refused.value.reason == "no_weights"
    assert "compact refiner" in str(refused.value)
    with pytest.raises(InputRefused) as refused:
        MethodChoice(refiner="compact", scorer="learned", weights=tmp_path).methods()
    assert refused.value.reason == "methods"
