"""Registration from a mask: right in any rotation, distinct runners-up, refusals that name the fix."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from foundation_pose_ros import Frame, InputRefused, se3
from foundation_pose_ros.estimation.methods import geometric_registration
from foundation_pose_ros.estimation.render_and_compare import RenderAndCompare
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.observation.crop_box import CropBox
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.trajectory import Motion


@pytest.fixture(scope="module")
def registration(cube):
    return geometric_registration(RenderAndCompare.on_cpu(cube, threads=2))


@pytest.mark.parametrize("seed", range(6))
def test_the_cube_is_found_in_any_rotation(seed, see, cube, registration, off_share):
    R = Rotation.random(random_state=seed).as_matrix()
    T = se3.from_rotation_translation(R, np.array([0.02, 0.01, 0.4]) - R @ cube.centre_m)
    view = see(T)
    found = registration(view.frame, view.mask)
    # A millimetre at any point of it: as far as half a millimetre and half a degree lead together.
    assert off_share(cube, found.refined.T_cam_obj[0], T) < 0.01
    assert (np.diff(found.evidence.rank) <= 0).all()


def test_half_hidden_is_found_as_well(see, registration, cube_pose, error_mm_deg):
    view = see(cube_pose, hidden=(0, 0, 155, 240))
    found = registration(view.frame, view.mask)
    mm, deg = error_mm_deg(found.refined.T_cam_obj[0], cube_pose)
    assert mm < 1.5 and deg < 1.5


@pytest.mark.parametrize("border", ["left", "right", "top", "bottom"])
def test_half_outside_the_image_is_found_as_well(border, see, cube, registration, cube_pose, error_mm_deg):
    T = cube_pose.copy()
    centre = se3.transform_points(T, cube.centre_m[None])[0]
    camera = see(T).frame.camera
    u, v = camera.project(centre)
    wanted = {"left": (0, v), "right": (camera.width, v), "top": (u, 0), "bottom": (u, camera.height)}[border]
    T[:2, 3] += (np.array(wanted) - (u, v)) * centre[2] / (camera.fx, camera.fy)
    view = see(T)
    found = registration(view.frame, view.mask)
    mm, deg = error_mm_deg(found.refined.T_cam_obj[0], T)
    assert mm < 1.5 and deg < 1.5
    assert found.evidence.visible[0] == pytest.approx(0.5, abs=0.1)


def test_runners_up_are_other_poses(see, cube, registration, cube_pose):
    view = see(cube_pose)
    poses = registration(view.frame, view.mask).refined.T_cam_obj
    assert len(poses) > 1
    for i, j in zip(*np.triu_indices(len(poses), 1), strict=True):
        centre = [se3.transform_points(poses[k], cube.centre_m[None])[0] for k in (i, j)]
        angle = se3.rotation_angle_rad(poses[i, :3, :3], poses[j, :3, :3])
        assert np.rad2deg(angle) >= 12 or np.linalg.norm(centre[0] - centre[1]) >= 0.1 * cube.diameter_m


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cracker_box", "sticker_cube"])
def test_no_turn_of_the_result_looks_better_than_the_result(name):
    hurried = Motion(speed_m_s=0.5, turn_deg_s=90.0)
    scene = make_scene(SceneSettings(seed=4000, frames=45, objects=[name], clutter=4, motion=hurried, supersample=1))
    first, model = scene.frame_ids[0], scene.model(name)
    compare = RenderAndCompare.on_cpu(model, threads=2)
    registration = geometric_registration(compare)
    found = registration(scene.frame(first), scene.mask(first, name))
    T_cam_obj, truth = found.refined.T_cam_obj[0], scene.truth(first, name)
    turned = compare.evaluate_unrefined(found.observation, T_cam_obj @ registration.turns.astype(np.float32), 0.01)
    assert len(registration.turns) > 2
    assert turned.evidence.rank.max() <= found.evidence.rank[0] + 1e-3
    nearest = model.symmetries.nearest(T_cam_obj, truth)
    assert np.rad2deg(se3.rotation_angle_rad(nearest[:3, :3], truth[:3, :3])) < 3


@pytest.mark.parametrize("scale", [0.001, 1000.0])
def test_depth_in_another_unit_is_refused_with_the_fix(scale, see, cube, cube_pose):
    view = see(cube_pose)
    frame = Frame(view.frame.rgb, view.frame.depth_m * np.float32(scale), view.frame.camera)
    with pytest.raises(InputRefused, match="millimetres") as refused:
        Crop.around_mask(frame, view.mask, cube.diameter_m)
    assert refused.value.reason == "depth_unit"


def test_an_empty_mask_and_one_without_depth_are_refused(see, cube, cube_pose, registration):
    view = see(cube_pose)
    with pytest.raises(InputRefused) as refused:
        registration(view.frame, np.zeros_like(view.mask))
    assert refused.value.reason == "empty_mask"
    blind = Frame(view.frame.rgb, np.where(view.mask, np.float32(0), view.frame.depth_m), view.frame.camera)
    with pytest.raises(InputRefused) as refused:
        registration(blind, view.mask)
    assert refused.value.reason == "no_depth_under_mask"


def test_a_mask_with_hardly_any_depth_is_refused_or_gives_a_pose(see, cube, cube_pose, registration):
    """One pixel of depth may fall between the samples of a coarse grid: no number may be lost over it."""
    view = see(cube_pose)
    rows, columns = np.nonzero(view.mask)
    depth_m = np.where(view.mask, np.float32(0), view.frame.depth_m)
    depth_m[rows[37], columns[37]] = view.frame.depth_m[rows[37], columns[37]]
    frame = Frame(view.frame.rgb, depth_m, view.frame.camera)
    try:
        found = registration(frame, view.mask)
    except InputRefused as refused:
        assert refused.reason == "no_depth_under_mask"
    else:
        assert np.isfinite(found.refined.T_cam_obj).all() and np.isfinite(found.evidence.rank).all()


def test_the_crop_holds_what_the_mask_hides(see, cube, cube_pose):
    """The mask of half an object leaves room for the other half."""
    whole = see(cube_pose)
    half = see(cube_pose, hidden=(0, 0, 160, 240))
    box = CropBox.around_mask(half.frame, half.mask, cube.diameter_m)
    rows, columns = np.nonzero(whole.mask)
    assert box.top <= rows.min() and rows.max() < box.top + box.side
    assert box.side <= 2.01 * np.ptp(rows)
    assert columns.max() < box.left + box.side
