"""What networks compare: one crop for all poses of a set."""

import numpy as np

from foundation_pose_ros.observation.compared_images import MARGIN, SIZE, compared_poses, crop_camera
from foundation_pose_ros.observation.crop import Crop


def test_the_right_rendering_looks_like_the_picture(see, cube, cube_renderer, cube_pose):
    view = see(cube_pose)
    poses = np.stack([cube_pose, cube_pose @ np.diag([-1.0, -1.0, 1.0, 1.0])]).astype(np.float32)
    crop = Crop.around_pose(view.frame, cube, cube_pose, MARGIN)
    rendered, observed = compared_poses(crop, cube_renderer, cube, poses)
    assert rendered.shape == (2, 6, SIZE, SIZE)
    assert observed.shape == (1, 6, SIZE, SIZE)
    on_cube = rendered[0, 3:].any(axis=0) & observed[0, 3:].any(axis=0)
    assert on_cube.mean() > 0.2
    assert np.abs(rendered[0] - observed[0])[:, on_cube].mean() < 0.05
    assert np.abs(rendered[1, :3] - observed[0, :3])[:, on_cube].mean() > 0.2


def test_the_camera_made_from_a_point_is_that_of_the_crop(see, cube, cube_pose):
    view = see(cube_pose)
    crop = Crop.around_pose(view.frame, cube, cube_pose, MARGIN)
    centre_cam = cube_pose[:3, :3] @ cube.centre_m + cube_pose[:3, 3]
    np.testing.assert_allclose(
        crop_camera(view.frame.camera.K, centre_cam, cube.diameter_m), crop.observe(SIZE).K, rtol=1e-4, atol=1e-3
    )


def test_what_lies_far_behind_has_no_points(see, cube, cube_renderer, cube_pose):
    view = see(cube_pose)
    crop = Crop.around_pose(view.frame, cube, cube_pose, MARGIN)
    _, observed = compared_poses(crop, cube_renderer, cube, cube_pose[None])
    # The wall stands 0.55 m behind the cube, the corners of the crop see nothing else.
    assert not observed[0, 3:, :4, :4].any()
    assert observed[0, :3, :4, :4].any()
