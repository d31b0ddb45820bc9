"""The judge between ways of making a surface: it prefers the one that views agree with, and builds it from all."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import Camera, InputRefused, ObjectModel
from foundation_pose_ros.reconstruction.fusion.tsdf_fusion import FusionSettings, fuse
from foundation_pose_ros.reconstruction.surface_choice import better_surface, held_out_error_mm
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, sphere_poses

CAMERA = Camera(250.0, 250.0, 79.5, 59.5, 160, 120)


@pytest.fixture(scope="module")
def views():
    cube = ObjectModel.from_mesh(make_mesh("sticker_cube", 0), name="cube")
    return render_views(cube, sphere_poses(cube, 8), settings=StudioSettings(camera=CAMERA))


def fused(views):
    return fuse(views, FusionSettings(voxels=60_000))


def swollen(views):
    surface = fused(views)
    middle = surface.vertices.mean(axis=0)
    return replace(surface, vertices=(surface.vertices - middle) * np.float32(1.08) + middle)


def test_the_better_one_is_chosen_and_made_from_all_views(views):
    counts: list[int] = []

    def counted(given):
        counts.append(len(given))
        return fused(given)

    choice = better_surface(views, {"swollen": swollen, "fused": counted})
    assert choice.chosen == "fused"
    assert choice.error_mm["fused"] + 0.5 < choice.error_mm["swollen"]
    assert counts == [6, 8]


def test_the_error_is_in_millimetres(views):
    surface = fused(views)
    shifted = replace(surface, vertices=surface.vertices + np.float32([0, 0, 0.002]))
    error_mm = held_out_error_mm(surface, views)
    assert error_mm < 3
    assert 0.3 < held_out_error_mm(shifted, views) - error_mm < 3


def test_too_few_views_to_keep_one_out_are_refused(views):
    with pytest.raises(InputRefused) as refusal:
        better_surface(views[:3], {"fused": fused})
    assert refusal.value.reason == "too_few_views"
