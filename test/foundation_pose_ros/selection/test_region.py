"""How well an outline separates learned colours: highest at the right pose, unknown where colours don't tell."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import se3
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.observation.learned_colours import LearnedColours
from foundation_pose_ros.selection.geometric import GeometricScorer
from foundation_pose_ros.selection.region import colours_at, region_agreement

SIZE = 48


@pytest.fixture
def view(see_blob, blob_pose):
    return see_blob(blob_pose)


@pytest.fixture
def learned(view, blob, blob_renderer) -> LearnedColours:
    seen = Crop.around_pose(view.frame, blob, view.T_cam_obj, 1.15).observe(SIZE)
    rendered_m = blob_renderer.render(view.T_cam_obj[None], seen.K, (SIZE, SIZE)).depth_m[0]
    return LearnedColours.of(view.frame, seen.K, seen.depth_m.reshape(SIZE, SIZE), rendered_m)


def test_the_farther_off_the_less_an_outline_separates(view, learned, blob, blob_renderer):
    seen = Crop.around_pose(view.frame, blob, view.T_cam_obj, 1.4, learned).observe(SIZE)
    off = np.array([[mm / 1000, 0, 0, 0, 0, 0] for mm in (0, 5, 10, 20)] + [[0, 0, 0, 0, 0, 0.6]])
    poses = se3.apply_twist(np.repeat(view.T_cam_obj[None], len(off), axis=0), off, blob.centre_m)
    *shifted, turned = GeometricScorer(blob, blob_renderer).score(seen, poses).region
    assert shifted[0] > 0.9
    assert (np.diff(shifted) < 0).all()
    assert turned < 0.9


def test_colours_of_one_view_tell_its_own_outline_from_one_across_them(view, blob, blob_renderer):
    """Whatever the colours are: a pose beside the object has some of it on either side."""

    def separated(frame, mm: float) -> float:
        off = np.array([[mm / 1000, 0, 0, 0, 0, 0]])
        T_cam_obj = se3.apply_twist(view.T_cam_obj[None], off, blob.centre_m)[0]
        seen = Crop.around_pose(frame, blob, T_cam_obj, 1.4).observe(SIZE)
        rendered_m = blob_renderer.render(T_cam_obj[None], seen.K, (SIZE, SIZE)).depth_m[0]
        return colours_at(seen, blob, T_cam_obj, rendered_m, 1.4).agreement

    assert separated(view.frame, 0) > 0.95
    assert separated(view.frame, 30) < 0.8
    assert np.isnan(separated(replace(view.frame, rgb=np.full_like(view.frame.rgb, 90)), 0))


def test_it_speaks_in_the_rank(view, learned, blob, blob_renderer):
    """Of two poses of the same depth, by the colours alone."""
    seen = Crop.around_pose(view.frame, blob, view.T_cam_obj, 1.4, learned).observe(SIZE)
    blind = replace(seen, depth_m=np.zeros_like(seen.depth_m))
    poses = se3.apply_twist(
        np.repeat(view.T_cam_obj[None], 2, axis=0), np.array([[0] * 6, [0.01, 0, 0, 0, 0, 0]]), blob.centre_m
    )
    rank = GeometricScorer(blob, blob_renderer).score(blind, poses).rank
    assert rank[0] > rank[1] + 0.03


def test_it_is_unknown_where_colours_do_not_tell(view, learned, blob, blob_renderer):
    nothing = Crop.around_pose(view.frame, blob, view.T_cam_obj, 1.15).observe(SIZE)
    rendered_m = blob_renderer.render(view.T_cam_obj[None], nothing.K, (SIZE, SIZE)).depth_m.reshape(1, -1)
    assert np.isnan(region_agreement(nothing, rendered_m)).all()
    never_seen = replace(view.frame, rgb=np.full_like(view.frame.rgb, (0, 255, 255)))
    strange = Crop.around_pose(never_seen, blob, view.T_cam_obj, 1.15, learned).observe(SIZE)
    assert np.isnan(region_agreement(strange, rendered_m)).all()
    hidden = replace(view.frame, depth_m=np.full_like(view.frame.depth_m, 0.2))
    covered = Crop.around_pose(hidden, blob, view.T_cam_obj, 1.15, learned).observe(SIZE)
    assert np.isnan(region_agreement(covered, rendered_m)).all()
