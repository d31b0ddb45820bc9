"""Spots of rendered scenes: on what no thing explains, off tables, and enough for the object to be found from one."""

import numpy as np
import pytest

from foundation_pose_ros.estimation.coarse_scene import CoarseScene
from foundation_pose_ros.estimation.first_look import FirstLook
from foundation_pose_ros.estimation.methods import first_look, geometric_registration
from foundation_pose_ros.estimation.object_prior import SizeColourPrior
from foundation_pose_ros.estimation.object_proposals import Proposal, propose
from foundation_pose_ros.estimation.render_and_compare import RenderAndCompare
from foundation_pose_ros.estimation.spots import spots
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings


@pytest.fixture(scope="module")
def scene() -> SyntheticScene:
    """A mug among other things."""
    return make_scene(SceneSettings(seed=12, frames=1, objects=["mug"], clutter=4, supersample=1))


@pytest.fixture(scope="module")
def coarse(scene: SyntheticScene) -> CoarseScene:
    """The first frame."""
    return CoarseScene.of(scene.frame(scene.frame_ids[0]))


@pytest.fixture(scope="module")
def prior(scene: SyntheticScene) -> SizeColourPrior:
    """The mug's."""
    return SizeColourPrior(scene.model("mug"))


@pytest.fixture(scope="module")
def mug(scene: SyntheticScene) -> np.ndarray:
    """Where the mug is seen."""
    mask = scene.mask(scene.frame_ids[0], "mug")
    assert mask is not None
    return mask


@pytest.fixture(scope="module")
def look(scene: SyntheticScene) -> FirstLook:
    """Short looks at things as the mug."""
    compare = RenderAndCompare.on_cpu(scene.model("mug"), 1)
    return first_look(compare, geometric_registration(compare).rotations)


def inside(mask: np.ndarray, other: np.ndarray) -> float:
    return float((mask & other).sum() / mask.sum())


def test_where_nothing_is_explained_spots_are_everywhere_but_on_tables(
    coarse: CoarseScene, prior: SizeColourPrior, mug: np.ndarray
) -> None:
    found = spots(coarse, prior, [])
    assert any(inside(spot.mask, mug) > 0.9 for spot in found)
    assert all(spot.spot and not (coarse.reduced(spot.mask) & spot.planes.on_plane).any() for spot in found)
    middles = np.array([spot.centre_m for spot in found])
    apart_m = np.linalg.norm(middles[:, None] - middles, axis=-1) + 1e3 * np.eye(len(middles))
    assert apart_m.min() > 0.1 * prior.diameter_m
    # The object may reach further than its spot.
    assert all(spot.possible.sum() > 2 * spot.mask.sum() for spot in found)


def test_there_is_none_on_a_thing_that_may_be_the_object(
    coarse: CoarseScene, prior: SizeColourPrior, mug: np.ndarray
) -> None:
    things = propose(coarse, prior)
    assert max(inside(mug, thing.mask) for thing in things[:3]) > 0.8
    assert all(inside(spot.mask, mug) < 0.5 for spot in spots(coarse, prior, things))


def test_the_object_is_seen_from_a_spot_that_no_thing_covers(
    look: FirstLook, coarse: CoarseScene, prior: SizeColourPrior, mug: np.ndarray
) -> None:
    others = [thing for thing in propose(coarse, prior) if not (thing.mask & mug).any()]
    found = look(coarse.frame, others, lambda: spots(coarse, prior, others))
    assert found[0].spot and inside(found[0].mask, mug) > 0.8


def test_spots_are_looked_at_only_where_no_thing_convinces(
    look: FirstLook, coarse: CoarseScene, prior: SizeColourPrior, mug: np.ndarray
) -> None:
    def asked() -> list[Proposal]:
        raise AssertionError("a thing is as good as sure")

    things = propose(coarse, prior)
    first = look(coarse.frame, things, asked)[0]
    assert not first.spot and inside(first.mask, mug) > 0.8


def test_regions_that_lead_to_one_place_are_one(
    look: FirstLook, coarse: CoarseScene, prior: SizeColourPrior, mug: np.ndarray
) -> None:
    on_it = [thing for thing in propose(coarse, prior) if inside(thing.mask, mug) > 0.8][:1]
    assert len(look(coarse.frame, on_it * 3)) == 1
