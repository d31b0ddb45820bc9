"""Spots of rendered scenes: on what no thing explains, off tables, and enough for the object to be found from one."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros.estimation.coarse_scene import CoarseScene
from foundation_pose_ros.estimation.first_look import FirstLook
from foundation_pose_ros.estimation.methods import first_look, geometric_registration
from foundation_pose_ros.estimation.object_prior import SizeColourPrior
from foundation_pose_ros.estimation.object_proposals import Proposal, propose
from foundation_pose_ros.estimation.render_and_compare import RenderAndCompare
from foundation_pose_ros.estimation.spots import spots
from foundation_pose_ros.synthetic.layout import Item
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_bodies import made_item
from foundation_pose_ros.synthetic.scene_settings import SceneSettings


@pytest.fixture(scope="module")
def scene() -> SyntheticScene:
    """A cube among plain things: by its colours it is told from them, whatever they are."""
    models = [replace(made_item(kind, 12).model, appearance=None) for kind in ("bottle", "book", "ball", "cracker_box")]
    plain = [Item(model.name, model, gloss=0.2) for model in models]
    return make_scene(SceneSettings(seed=12, frames=1, objects=["sticker_cube"], clutter=plain, supersample=1))


@pytest.fixture(scope="module")
def coarse(scene: SyntheticScene) -> CoarseScene:
    """The first frame."""
    return CoarseScene.of(scene.frame(scene.frame_ids[0]))


@pytest.fixture(scope="module")
def prior(scene: SyntheticScene) -> SizeColourPrior:
    """The cube's."""
    return SizeColourPrior(scene.model("sticker_cube"))


@pytest.fixture(scope="module")
def seen(scene: SyntheticScene) -> np.ndarray:
    """Where the cube is seen."""
    mask = scene.mask(scene.frame_ids[0], "sticker_cube")
    assert mask is not None
    return mask


@pytest.fixture(scope="module")
def look(scene: SyntheticScene) -> FirstLook:
    """Short looks at things as the cube."""
    compare = RenderAndCompare.on_cpu(scene.model("sticker_cube"), 1)
    return first_look(compare, geometric_registration(compare).rotations)


def inside(mask: np.ndarray, other: np.ndarray) -> float:
    return float((mask & other).sum() / mask.sum())


def test_where_nothing_is_explained_spots_are_everywhere_but_on_tables(
    coarse: CoarseScene, prior: SizeColourPrior, seen: np.ndarray
) -> None:
    found = spots(coarse, prior, [])
    assert any(inside(spot.mask, seen) > 0.9 for spot in found)
    assert all(spot.spot and not (coarse.reduced(spot.mask) & spot.planes.on_plane).any() for spot in found)
    middles = np.array([spot.centre_m for spot in found])
    apart_m = np.linalg.norm(middles[:, None] - middles, axis=-1) + 1e3 * np.eye(len(middles))
    assert apart_m.min() > 0.1 * prior.diameter_m
    # The object may reach further than its spot.
    assert all(spot.possible.sum() > 2 * spot.mask.sum() for spot in found)


def test_there_is_none_on_a_thing_that_may_be_the_object(
    coarse: CoarseScene, prior: SizeColourPrior, seen: np.ndarray
) -> None:
    things = propose(coarse, prior)
    # The lowest millimetres lie in the table.
    assert max(inside(seen, thing.mask) for thing in things[:3]) > 0.7
    assert all(inside(spot.mask, seen) < 0.5 for spot in spots(coarse, prior, things))


def test_the_object_is_seen_from_a_spot_that_no_thing_covers(
    look: FirstLook, coarse: CoarseScene, prior: SizeColourPrior, seen: np.ndarray
) -> None:
    others = [thing for thing in propose(coarse, prior) if not (thing.mask & seen).any()]
    found = look(coarse.frame, others, lambda: spots(coarse, prior, others))
    assert found[0].spot and inside(found[0].mask, seen) > 0.8


def test_spots_are_looked_at_only_where_no_thing_convinces(
    look: FirstLook, coarse: CoarseScene, prior: SizeColourPrior, seen: np.ndarray
) -> None:
    things = propose(coarse, prior)
    *_, starts = look.rounds(coarse.frame, things)
    asked = list[float]()
    for convincing in starts[0].promise + np.array([-0.01, 0.01]):

        def no_spots(convincing: float = convincing) -> list[Proposal]:
            asked.append(convincing)
            return []

        settings = replace(look.settings, convincing=convincing)
        (first, *_) = FirstLook(look.compare, look.rotations, settings)(coarse.frame, things, no_spots)
        assert not first.spot and inside(first.mask, seen) > 0.8
    assert asked == [convincing]


def test_regions_that_lead_to_one_place_are_one(
    look: FirstLook, coarse: CoarseScene, prior: SizeColourPrior, seen: np.ndarray
) -> None:
    on_it = [thing for thing in propose(coarse, prior) if inside(thing.mask, seen) > 0.8][:1]
    assert len(look(coarse.frame, on_it * 3)) == 1
