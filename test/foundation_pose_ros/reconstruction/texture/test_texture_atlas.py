"""Painted surfaces show what the views showed, whatever each view's exposure was."""

import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
import trimesh

from foundation_pose_ros import InputRefused, ObjectModel
from foundation_pose_ros.reconstruction.surface import ReconstructedSurface
from foundation_pose_ros.reconstruction.texture.texture_atlas import PaintSettings, painted
from foundation_pose_ros.reconstruction.texture.view_colours import ViewColours
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.srgb import decode_srgb
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, sphere_poses

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def geometry(sticker_cube) -> ObjectModel:
    """The cube's true shape, its vertices joined, without colour."""
    return ObjectModel("bare", sticker_cube.mesh.vertices.astype(np.float32), sticker_cube.mesh.faces.astype(np.uint32))


@pytest.fixture(scope="module")
def surface(geometry) -> ReconstructedSurface:
    sigma_m = np.full(len(geometry.vertices), 0.001, np.float32)
    sigma_m[0] = np.inf
    return ReconstructedSurface(geometry.vertices, geometry.faces, sigma_m)


def psnr_db(model: ObjectModel, views, across_px: int = 1) -> float:
    """Of renderings against views, over the object inside its border, after one gain per colour and view.

    across_px: of squares whose means are compared in place of pixels.
    """
    renderer, errors = EmbreeRenderer(model), []
    for view in views:
        camera = view.frame.camera
        image = renderer.render(view.pose[None], camera.K, (camera.height, camera.width), colour=True)
        inside = (image.depth_m[0] > 0) & view.mask
        share = cv2.blur(inside.astype(np.float32), (across_px, across_px))
        shown, seen = (
            (cv2.blur(rgb * inside[..., None], (across_px, across_px))[inside] / share[inside, None]).astype(float)
            for rgb in (255 * image.rgb[0], view.frame.rgb.astype(np.float32))
        )
        errors.append(np.mean((shown * (seen.sum(axis=0) / shown.sum(axis=0)) - seen) ** 2))
    return float(10 * np.log10(255**2 / np.mean(errors)))


@pytest.fixture(scope="module")
def held_out(sticker_cube):
    return render_views(sticker_cube, sphere_poses(sticker_cube, 4, seed=9))


@pytest.mark.parametrize(
    ("texture_px", "across_px", "least_db"), [(512, 1, 25.0), (0, 17, 24.5)], ids=["texture", "vertices"]
)
def test_held_out_views_are_as_painted(texture_px, across_px, least_db, all_around, held_out, surface):
    """Vertices are 6 pixels apart: between them a print is what it is on either side, however sharp its edges are."""
    mesh = painted(surface, ViewColours.of(all_around, surface, keep_light=True), PaintSettings(texture_px))
    assert psnr_db(ObjectModel.from_mesh(mesh), held_out, across_px) > least_db


def test_a_painted_mesh_goes_through_a_file(all_around, surface, held_out, tmp_path):
    mesh = painted(surface, ViewColours.of(all_around, surface, keep_light=True), PaintSettings(256))
    mesh.export(tmp_path / "cube.glb")
    model = ObjectModel.from_mesh(tmp_path / "cube.glb")
    assert psnr_db(model, held_out) == pytest.approx(psnr_db(ObjectModel.from_mesh(mesh), held_out), abs=0.3)
    assert model.sigma_m is not None
    unseen = model.vertices[np.isinf(model.sigma_m)]
    assert unseen == pytest.approx(np.tile(surface.vertices[0], (len(unseen), 1)), abs=1e-6) and len(unseen) > 0
    assert trimesh.Trimesh(model.vertices, model.faces).is_watertight


def test_exposures_are_found(sticker_cube, surface):
    poses = sphere_poses(sticker_cube, 8, seed=1)
    even, uneven = (
        render_views(sticker_cube, poses, settings=StudioSettings(exposure_stops=stops)) for stops in (0.0, 0.5)
    )
    gains = ViewColours.of(uneven, surface).shading.gains
    truth = []
    for a, b in zip(even, uneven, strict=True):
        usable = a.mask & ((a.frame.rgb > 12) & (b.frame.rgb > 12) & (b.frame.rgb < 243)).all(axis=2)
        truth.append(np.median(decode_srgb(a.frame.rgb[usable]) / decode_srgb(b.frame.rgb[usable]), axis=0))
    truth = np.array(truth)
    truth /= np.exp(np.log(truth).mean(axis=0))
    assert np.ptp(truth) > 0.6
    off = np.abs(gains / truth - 1)
    assert np.median(off) < 0.06 and off.max() < 0.25


def test_what_another_part_hides_takes_no_colour_from_it(sticker_cube, all_around, surface):
    """Points inside the cube are hidden in all views."""
    colours = ViewColours.of(all_around, surface)
    points = np.tile(sticker_cube.centre_m, (4, 1)).astype(np.float32)
    normals = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0]], np.float32)
    assert (colours.at(points, normals)[1] == 0).all()


def test_a_texture_without_xatlas_is_refused_with_the_command(monkeypatch, all_around, surface):
    monkeypatch.setitem(sys.modules, "xatlas", None)
    with pytest.raises(InputRefused, match=r"pip install .foundation-perception\[reconstruction\]"):
        painted(surface, ViewColours.of(all_around[:3], surface), PaintSettings(64))


def test_a_spot_that_no_view_sees_is_painted_like_its_neighbours(all_around, surface):
    views = [replace(view, mask=view.mask & (np.arange(640) < 300)) for view in all_around[:1]]
    mesh = painted(surface, ViewColours.of(views, surface), PaintSettings(0))
    assert (np.asarray(mesh.visual.vertex_colors)[:, :3].max(axis=1) > 15).all()
