"""Fused surfaces are closed and right to a fraction of a millimetre, and know what nobody saw."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import Frame, InputRefused, ObjectModel, se3
from foundation_pose_ros.reconstruction.fusion.tsdf_fusion import FusionSettings, fuse
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.reconstruction.surface import ReconstructedSurface

COARSE = FusionSettings(voxels=150_000, faces=6000)


def model_of(surface: ReconstructedSurface) -> ObjectModel:
    return ObjectModel("fused", surface.vertices, surface.faces)


@pytest.fixture(scope="module")
def fused(all_around) -> ReconstructedSurface:
    return fuse(all_around, COARSE)


def test_noisy_views_from_all_sides_give_the_surface(fused, sticker_cube, distance_to):
    model = model_of(fused)
    off_m = distance_to(sticker_cube, model.surface_points(5000))
    missed_m = distance_to(model, sticker_cube.surface_points(5000))
    assert off_m.mean() < 0.0005
    assert missed_m.mean() < 0.0005
    assert np.quantile(off_m, 0.99) < 0.002


def test_the_surface_is_closed_faces_outwards_and_as_fine_as_asked_for(fused, sticker_cube):
    mesh = model_of(fused).mesh
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(sticker_cube.mesh.volume, rel=0.03)
    assert len(fused.faces) <= COARSE.faces


def test_sigma_is_about_the_error(fused, sticker_cube, distance_to):
    assert fused.seen.mean() > 0.98
    off_m = distance_to(sticker_cube, fused.vertices[fused.seen])
    sigma_m = fused.sigma_m[fused.seen]
    assert 0.4 < np.sqrt(np.mean(off_m**2)) / np.sqrt(np.mean(sigma_m**2)) < 1.6


def test_what_no_view_saw_is_closed_and_marked(from_above, sticker_cube):
    surface = fuse(from_above, COARSE)
    assert model_of(surface).mesh.is_watertight
    top_m = sticker_cube.vertices[:, 2].max()
    z = surface.vertices[:, 2]
    assert surface.seen[z > top_m - 0.01].mean() > 0.98
    # Inside the bottom's rim, where no side is near.
    inner = np.abs(surface.vertices[:, :2]).max(axis=1) < 0.02
    assert not surface.seen[inner & (z < top_m / 2)].any()
    assert z.min() > -0.012  # masks from the side close the bottom not far from where it is


def test_four_views_still_give_the_object(all_around, sticker_cube, distance_to):
    surface = fuse(all_around[::3], COARSE)
    assert model_of(surface).mesh.is_watertight
    assert np.median(distance_to(sticker_cube, surface.vertices[surface.seen])) < 0.0006
    assert distance_to(model_of(surface), sticker_cube.surface_points(3000)).mean() < 0.003


def test_what_hides_the_object_in_one_view_carves_nothing(all_around, sticker_cube, distance_to):
    hand = all_around[0]
    depth_m, mask = hand.frame.depth_m.copy(), hand.mask.copy()
    _, columns = np.nonzero(mask)
    covered = np.s_[:, : int(np.median(columns))]
    depth_m[covered], mask[covered] = 0.2, False
    views = (replace(hand, frame=replace(hand.frame, depth_m=depth_m), mask=mask), *all_around[1:])
    missed_m = distance_to(model_of(fuse(views, COARSE)), sticker_cube.surface_points(5000))
    assert missed_m.mean() < 0.0006
    assert np.quantile(missed_m, 0.99) < 0.003


def test_pixels_that_show_the_wall_through_the_mask_do_no_harm(all_around, sticker_cube, distance_to):
    rng = np.random.default_rng(0)
    views = []
    for view in all_around:
        speckled = view.mask & (rng.random(view.mask.shape) < 0.02)
        depth_m = np.where(speckled, np.float32(1.2), view.frame.depth_m)
        views.append(replace(view, frame=Frame(view.frame.rgb, depth_m, view.frame.camera)))
    missed_m = distance_to(model_of(fuse(views, COARSE)), sticker_cube.surface_points(5000))
    assert np.quantile(missed_m, 0.99) < 0.003


def test_views_whose_poses_have_nothing_to_do_with_each_other_are_refused(all_around):
    views = []
    for k, view in enumerate(all_around):
        shifted = se3.from_rotation_translation(np.eye(3), np.array([0, 0.15 * k, 0]))
        views.append(ReferenceView(view.frame, view.mask, view.pose @ shifted, view.name))
    with pytest.raises(InputRefused, match="check poses") as refusal:
        fuse(views, COARSE)
    assert refusal.value.reason == "no_overlap"


def test_views_without_poses_are_refused(all_around):
    with pytest.raises(InputRefused, match="let poses be estimated"):
        fuse([replace(view, T_cam_obj=None) for view in all_around], COARSE)
