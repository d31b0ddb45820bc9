"""First looks at things of a crowded scene: shape tells which is the object, however many are as likely by size."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from foundation_pose_ros import Camera, Frame, ObjectModel
from foundation_pose_ros.estimation.coarse_scene import CoarseScene
from foundation_pose_ros.estimation.first_look import FirstLook, FirstLookSettings
from foundation_pose_ros.estimation.methods import first_look, geometric_registration
from foundation_pose_ros.estimation.object_prior import SizeColourPrior
from foundation_pose_ros.estimation.object_proposals import Proposal, proposal_of, propose
from foundation_pose_ros.estimation.render_and_compare import RenderAndCompare
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings


@pytest.fixture(scope="module")
def scene() -> SyntheticScene:
    """A mug among so many other things that by size alone seven or more may come before it."""
    return make_scene(SceneSettings(seed=12, frames=1, objects=["mug"], clutter=9, supersample=1))


@pytest.fixture(scope="module")
def look(scene: SyntheticScene) -> FirstLook:
    """Short looks at things as a mug without colours."""
    compare = RenderAndCompare.on_cpu(scene.model("mug").repainted(None), 1)
    return first_look(compare, geometric_registration(compare).rotations)


def equally_likely(scene: SyntheticScene) -> tuple[list[Proposal], np.ndarray]:
    """Return the things of the scene, the mug's last, and the mug's mask."""
    first = scene.frame_ids[0]
    mask = scene.mask(first, "mug")
    assert mask is not None
    things = propose(CoarseScene.of(scene.frame(first)), SizeColourPrior(scene.model("mug").repainted(None)))

    def share(thing: Proposal) -> float:
        return float((thing.mask & mask).sum() / (thing.mask | mask).sum())

    return [replace(thing, likeness=0.5) for thing in sorted(things, key=share)], mask


@pytest.mark.slow
def test_the_object_is_seen_among_many_things_of_its_size(scene: SyntheticScene, look: FirstLook) -> None:
    things, mask = equally_likely(scene)
    assert len(things) > look.settings.most[-1]  # or the first few would be all
    first = look(scene.frame(scene.frame_ids[0]), things)[0]
    assert (first.mask & mask).sum() > 0.6 * first.mask.sum()


@pytest.mark.slow
def test_no_more_things_are_looked_at_closely_than_asked_for(scene: SyntheticScene, look: FirstLook) -> None:
    things, _ = equally_likely(scene)
    assert len(look(scene.frame(scene.frame_ids[0]), things)) <= look.settings.most[-1]


def test_what_is_mostly_hidden_or_goes_on_beyond_its_outline_promises_less(
    scene: SyntheticScene, look: FirstLook
) -> None:
    things, _ = equally_likely(scene)
    frame, truth = scene.frame(scene.frame_ids[0]), scene.truth(scene.frame_ids[0], "mug")
    assert truth is not None
    seen = Crop.around_mask(frame, things[-1].mask, 0.15, things[-1].possible).observe(24)
    evidence = look.compare.scorer.score(seen, np.stack([truth] * 3).astype(np.float32))
    doubted = replace(evidence, visible=np.array([1.0, 0.1, 1.0]), border=np.array([1.0, 1.0, 0.2]))
    promises = look.promises(doubted, things[-1])
    assert promises[0] > promises[1] + 0.2 and promises[0] > promises[2] + 0.2


def test_what_is_amid_something_larger_promises_less() -> None:
    """A plate is as flat as the board that half of it would lie on, and no part of it."""
    u, v = np.meshgrid(np.arange(640), np.arange(480))
    board = (np.abs(u - 320) < 150) & (np.abs(v - 240) < 150)
    depth_m = np.where(board, 0.6, 1.5).astype(np.float32)
    plain = np.full((480, 640, 3), 128, np.uint8)
    assert promised(plain, depth_m, ends_weight=1.0) < promised(plain, depth_m, ends_weight=0.0) - 0.4


def test_what_colours_end_with_promises_more_than_what_lies_across_them() -> None:
    v, u = np.mgrid[:480, :640]
    plate = (np.abs(u - 320) < 60) & (np.abs(v - 240) < 45)
    depth_m = np.where(plate, 0.6, 0.62).astype(np.float32)
    gain = []
    for marked in (plate, np.roll(plate, (20, 20), axis=(0, 1))):
        rgb = np.where(marked[..., None], (180, 40, 40), (120, 120, 120)).astype(np.uint8)
        gain.append(promised(rgb, depth_m, separates_weight=1.0) - promised(rgb, depth_m, separates_weight=0.0))
    assert gain[0] > 0.15 and gain[1] < -0.1


def promised(rgb: np.ndarray, depth_m: np.ndarray, **weights: float) -> float:
    """Return what the middle of a picture promises to be a gray plate."""
    plate = ObjectModel.from_mesh(trimesh.creation.box((0.12, 0.09, 0.02)), name="plate")
    frame = Frame(rgb, depth_m, Camera(600.0, 600.0, 319.5, 239.5, 640, 480))
    v, u = np.mgrid[:480, :640]
    middle = (np.abs(u - 320) < 60) & (np.abs(v - 240) < 45)
    scene, prior = CoarseScene.of(frame), SizeColourPrior(plate)
    thing = proposal_of(scene, scene.reduced(middle), prior, scene.support(prior.table_m))
    look = FirstLook(RenderAndCompare.on_cpu(plate, 1), np.eye(3)[None], FirstLookSettings(**weights))
    return list(look.rounds(frame, [thing]))[-1][0].promise
