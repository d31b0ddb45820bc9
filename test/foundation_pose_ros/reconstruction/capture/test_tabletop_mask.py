"""A thing on a table is masked by the plane beneath it, and followed from frame to frame."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from foundation_pose_ros import InputRefused, se3
from foundation_pose_ros.reconstruction.capture.tabletop_mask import TabletopMask, largest_plane, points_cam, standing
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

# From where the things' visible sides aren't at such a slant that they have no depth.
CAMERA = {"distance_m": (0.75, 0.85), "azimuth_deg": (-105.0, -75.0), "elevation_deg": (24.0, 40.0)}


@pytest.fixture(scope="module")
def scene(upright):
    """A carton alone on a table, its edge towards the camera that moves around it."""
    objects = [upright("cracker_box")]
    return make_scene(SceneSettings(seed=4, frames=4, objects=objects, clutter=0, rate_hz=2.0, supersample=1, **CAMERA))


def test_its_mask_is_the_true_one_feet_included(scene):
    thing = TabletopMask()
    renderer = EmbreeRenderer(scene.model("cracker_box"))
    for k, frame_id in enumerate(scene.frame_ids):
        frame = scene.frame(frame_id)
        found, true = thing.mask(frame), scene.mask(frame_id, "cracker_box")
        assert (found & true).sum() / (found | true).sum() > 0.97
        assert (found & ~true).sum() < 0.015 * true.sum()
        T_cam_obj, camera = scene.truth(frame_id, "cracker_box"), frame.camera
        surface = renderer.render(T_cam_obj[None], camera.K, true.shape)
        points = points_cam(replace(frame, depth_m=surface.depth_m[0]))
        height_m = points @ scene.T_world_cam[k, 2, :3] + scene.T_world_cam[k, 2, 3]
        feet = true & (height_m < 0.006) & (surface.depth_m[0] > 0)
        assert feet.sum() > 100 and (found & feet).sum() > 0.7 * feet.sum()


def test_a_plane_that_is_given_a_little_off_is_put_where_depth_has_it(scene):
    frame = scene.frame(scene.frame_ids[0])
    points = points_cam(frame)
    plane = largest_plane(points[frame.depth_m > 0], frame.depth_m.size)
    tilt = Rotation.from_euler("xyz", [0.4, -0.3, 0.2], degrees=True).as_matrix()
    off = np.append(tilt @ plane[:3], plane[3] + 0.002)
    found, meant = (standing(frame, points, given) > 0 for given in (off, plane))
    assert (found & meant).sum() / (found | meant).sum() > 0.98


def test_a_bare_table_and_a_frame_without_depth_are_refused(scene):
    frame = scene.frame(scene.frame_ids[0])
    rays = frame.camera.rays(np.arange(frame.camera.width)[None], np.arange(frame.camera.height)[:, None])
    # A plane 0.5 m below the camera, tilted by 45 degrees.
    bare = replace(frame, depth_m=(0.5 / np.maximum(rays[..., 1] + rays[..., 2], 0.1)).astype(np.float32))
    with pytest.raises(InputRefused, match="alone on a table") as refusal:
        TabletopMask().mask(bare)
    assert refusal.value.reason == "nothing_stands"
    with pytest.raises(InputRefused) as refusal:
        TabletopMask().mask(replace(frame, depth_m=np.zeros_like(frame.depth_m)))
    assert refusal.value.reason == "no_plane"


def test_of_two_things_the_first_chosen_is_followed(upright):
    """As the camera slides from a carton to a mug."""
    objects = [upright("cracker_box", -0.1), upright("mug", 0.1)]
    still = make_scene(SceneSettings(seed=11, frames=5, objects=objects, clutter=0, width=320, height=240, **CAMERA))
    along_m = np.linspace(-0.1, 0.1, 5)[:, None] * [1.0, 0.0, 0.0]
    scene = still.with_paths({}, still.T_world_cam[0] @ se3.from_rotation_translation(np.eye(3), along_m))
    thing = TabletopMask()
    for frame_id in scene.frame_ids:
        frame, true = scene.frame(frame_id), scene.mask(frame_id, "cracker_box")
        assert (thing.mask(frame) & true).sum() > 0.9 * true.sum()
    assert (TabletopMask().mask(frame) & scene.mask(frame_id, "mug")).any(), "by now the mug is nearer to the middle"
