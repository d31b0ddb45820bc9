"""What a view says of space: free beside the object and before it, unless something hides the object there."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros.reconstruction.fusion.view_depth import DepthView, clear_pixels
from foundation_pose_ros.reconstruction.reference_view import ReferenceView

REACH_M, BAND_M = (0.3, 0.6), 0.005


@pytest.fixture
def view(all_around) -> ReferenceView:
    return all_around[3]


def with_depth(view: ReferenceView, depth_m: np.ndarray) -> ReferenceView:
    return replace(view, frame=replace(view.frame, depth_m=depth_m.astype(np.float32)))


def below(view: ReferenceView) -> np.ndarray:
    """(H, W) bool: below the lowest pixel of the mask, in its columns."""
    rows = np.arange(view.mask.shape[0])[:, None]
    return (rows > np.nonzero(view.mask)[0].max() + 3) & view.mask.any(axis=0)


def test_beside_and_before_the_object_space_is_free(view):
    seen = DepthView.of(view, REACH_M, BAND_M)
    assert (seen.free_m[below(view)] >= REACH_M[1]).all()
    inside = view.mask & (seen.weight > 0.5)
    before_m = view.frame.depth_m[inside] - seen.free_m[inside]
    assert np.median(before_m) == pytest.approx(BAND_M, abs=0.003) and before_m.min() > 0


def test_what_the_object_stands_on_hides_nothing_of_it(view):
    """A table that meets the object at its own depth, and comes nearer to the camera than all of it further down."""
    last = np.nonzero(view.mask)[0].max()
    rows = np.arange(view.mask.shape[0])[:, None]
    at_m = view.frame.depth_m[clear_pixels(view)].max()
    table_m = np.where(view.mask, view.frame.depth_m, at_m - 0.0008 * np.maximum(rows - last, 0))
    assert table_m[-1].min() < REACH_M[0]
    seen = DepthView.of(with_depth(view, table_m), REACH_M, BAND_M)
    assert (seen.free_m[below(view)] >= REACH_M[1]).all()


def test_behind_what_hides_the_object_nothing_is_known(view):
    hand = np.arange(view.mask.shape[0])[:, None] > np.median(np.nonzero(view.mask)[0])
    hidden = replace(with_depth(view, np.where(hand, 0.25, view.frame.depth_m)), mask=view.mask & ~hand)
    seen = DepthView.of(hidden, REACH_M, BAND_M)
    assert (seen.free_m[view.mask & hand][300:] == 0).all()  # after a few rows of the mask's own border


def test_where_the_object_returns_no_depth_space_is_free_up_to_its_neighbours(view):
    hole = np.zeros_like(view.mask)
    rows, columns = np.nonzero(view.mask)
    hole[
        int(np.median(rows)) - 6 : int(np.median(rows)) + 6, int(np.median(columns)) - 6 : int(np.median(columns)) + 6
    ] = True
    seen = DepthView.of(with_depth(view, np.where(hole, 0, view.frame.depth_m)), REACH_M, BAND_M)
    assert (seen.weight[hole] == 0).all()
    assert np.abs(seen.free_m[hole] + BAND_M - view.frame.depth_m[hole]).max() < 0.02


def test_wall_that_shows_through_the_rim_is_not_clear(view):
    wide = replace(view, mask=np.roll(view.mask, 5, axis=1) | view.mask)
    assert (view.frame.depth_m[wide.mask] > 0.7).any()
    assert view.frame.depth_m[clear_pixels(wide)].max() < 0.6
    assert clear_pixels(wide).sum() > 0.8 * view.seen.sum()
