"""Chosen views cover the viewing sphere, and clear ones come before poor ones."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros.reconstruction.view_selection import choose, middle_obj, viewing_directions
from foundation_pose_ros.synthetic.reference_views import render_views, sphere_poses


@pytest.fixture(scope="module")
def many(sticker_cube):
    """Thirty times one view in a heap, and ten from all over."""
    everywhere = render_views(
        sticker_cube, sphere_poses(sticker_cube, 10, seed=4), names=[f"view_{k}" for k in range(10)]
    )
    return tuple(replace(everywhere[0], name=f"heap_{k:02}") for k in range(30)) + everywhere


def test_the_middle_is_the_objects(all_around, sticker_cube):
    assert middle_obj(all_around) == pytest.approx(sticker_cube.centre_m, abs=0.015)


def test_chosen_views_are_spread_over_the_sphere(many):
    chosen = choose(many, 8)
    directions = viewing_directions(chosen)
    apart = np.arccos(np.clip(directions @ directions.T, -1, 1)) + 9 * np.eye(8)
    assert len(chosen) == 8
    assert np.rad2deg(apart.min()) > 35
    names = [view.name for view in chosen]
    assert names == sorted(names)


def test_of_two_alike_the_clearer_one_is_chosen(all_around):
    poor = [
        replace(view, mask=view.mask & (np.random.default_rng(0).random(view.mask.shape) < 0.3), name="poor")
        for view in all_around
    ]
    chosen = choose([*poor, *all_around], len(all_around) // 2)
    assert all(view.name != "poor" for view in chosen)


def test_few_views_are_all_taken(all_around):
    assert choose(all_around, 16) == tuple(all_around)
