"""Light is told from an object's own colours, whether it stands around the object or goes with the camera."""

import numpy as np
import pytest
import trimesh

from foundation_pose_ros import ObjectModel, PoseEstimator, se3
from foundation_pose_ros.reconstruction.reconstruct import reconstruct
from foundation_pose_ros.reconstruction.surface import ReconstructedSurface
from foundation_pose_ros.reconstruction.texture.illumination import Illumination, LitSurface
from foundation_pose_ros.reconstruction.texture.texture_atlas import PaintSettings, painted
from foundation_pose_ros.reconstruction.texture.view_colours import ViewColours
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.srgb import linear_from_srgb
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, sphere_poses
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

pytestmark = pytest.mark.slow


def true_surface(model: ObjectModel) -> ReconstructedSurface:
    mesh = trimesh.Trimesh(model.vertices, model.faces)
    vertices = np.asarray(mesh.vertices, np.float32)
    return ReconstructedSurface(vertices, np.asarray(mesh.faces, np.uint32), np.full(len(vertices), 0.001, np.float32))


def off_own_colours(model: ObjectModel, colours: ViewColours) -> float:
    """Mean of how far logarithms of light from the model's own points are off, but for a gain per channel."""
    points, faces, uv = model.surface_samples(3000)
    true = model.appearance.sample(faces, uv, 0.0005)
    rgb, seen = colours.at(points, np.asarray(model.mesh.face_normals, np.float32)[faces])
    told = (seen > 0) & (true.min(axis=1) > 0.1)
    off = np.log(linear_from_srgb(rgb[told] / 255) + 0.003) - np.log(linear_from_srgb(true[told]) + 0.003)
    return float(np.abs(off - np.median(off, axis=0)).mean())


@pytest.mark.parametrize(("design", "light_turns"), [("mug", True), ("cracker_box", False), ("sticker_cube", False)])
def test_colours_come_nearer_to_the_objects_own(design, light_turns):
    model = ObjectModel.from_mesh(make_mesh(design, 0), design)
    views = render_views(model, sphere_poses(model, 12, seed=1), settings=StudioSettings(light_turns=light_turns))
    surface = true_surface(model)
    kept, left = (off_own_colours(model, ViewColours.of(views, surface, keep_light)) for keep_light in (True, False))
    assert left < 0.22 and left < 0.55 * kept, (kept, left)


def test_light_put_back_shows_what_views_show(sticker_cube, all_around):
    surface = true_surface(sticker_cube)
    colours = ViewColours.of(all_around, surface)
    model = ObjectModel.from_mesh(painted(surface, colours, PaintSettings(256)))
    lit, renderer = LitSurface(surface, colours.shading), EmbreeRenderer(model)
    errors = {True: [], False: []}
    for view in all_around[::3]:
        camera = view.frame.camera
        rendering = renderer.render(view.pose[None], camera.K, (camera.height, camera.width), colour=True)
        inside = (rendering.depth_m[0] > 0) & view.mask
        for with_light in errors:
            shown = lit.lit(rendering.rgb[0], view) if with_light else 255 * rendering.rgb[0]
            errors[with_light].append(np.abs(shown[inside] - view.frame.rgb[inside]).mean())
    assert np.mean(errors[True]) < 0.5 * np.mean(errors[False])


def test_a_surface_of_as_many_colours_as_sides_keeps_them():
    """Six hues on six sides, evenly lit: no two points that differ in their normal have one hue."""
    rng = np.random.default_rng(0)
    sides = np.vstack([np.eye(3), -np.eye(3)])
    hues = np.array(
        [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.7, 0.7, 0.1], [0.1, 0.7, 0.7], [0.7, 0.1, 0.7]]
    )
    which = rng.integers(6, size=600)
    normals, points = sides[which], 0.05 * sides[which] + rng.uniform(-0.04, 0.04, (600, 3))
    R_cam_obj = np.linalg.qr(rng.normal(size=(5, 3, 3)))[0]
    linear = np.broadcast_to(hues[which], (5, 600, 3)) * np.exp(rng.normal(0, 0.02, (5, 600, 3)))
    light = Illumination.of(linear, np.ones((5, 600)), points, normals, R_cam_obj).light(sides, R_cam_obj[0])
    assert np.ptp(np.log(light), axis=0).max() < 0.2


def test_a_tube_with_print_all_around_is_registered_upright(data_folder):
    """Its two broad sides look alike: what sets them apart is fainter than the light of the views."""
    file = data_folder / "meshes" / "ocrtoc_toothpaste_1" / "model.obj"
    if not file.is_file():
        pytest.skip(f"no {file}")
    tube = ObjectModel.from_mesh(file, "tube")
    model = reconstruct(render_views(tube, sphere_poses(tube, 16)), "tube").model
    scene = make_scene(SceneSettings(seed=5, frames=6, objects=[tube], clutter=3, rate_hz=5.0))
    found = PoseEstimator([model]).register(scene.frame("000000"), scene.mask("000000", "tube"))
    off = se3.rotation_angle_rad(found.T_cam_obj[:3, :3], scene.truth("000000", "tube")[:3, :3])
    assert np.rad2deg(off) < 10
