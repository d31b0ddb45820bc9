"""Wrong poses are those that depth's own steps lead to: they fit better than where they began, and aren't one."""

import numpy as np
import pytest

from foundation_pose_ros.estimation.candidates import DISTINCT_RAD, DISTINCT_SHARE, unique_poses
from foundation_pose_ros.synthetic.mesh_library import MeshLibrary
from foundation_pose_ros.synthetic.surface_textures import TextureLibrary
from foundation_pose_ros.training.crop_pictures import Defects
from foundation_pose_ros.training.mixed_scenes import scenes_of
from foundation_pose_ros.training.pose_sets import PoseSets, SetSettings
from foundation_pose_ros.training.proposed_poses import kept_side_by_side
from foundation_pose_ros.training.wrong_poses import distance, turned, wrong_turns

CLEAR = SetSettings(plain=0.0, proposed=1.0, defects=Defects(light=0.3, clutter=0.0, noise=0.2, stickers=0.0))


@pytest.fixture(scope="module")
def scenes(mesh_folder, texture_folder):
    # Depth can't turn a bracket within itself.
    brackets = tuple(mesh for mesh in MeshLibrary.from_folder(mesh_folder).meshes if mesh.name.startswith("bracket"))
    return scenes_of(MeshLibrary(brackets), TextureLibrary.from_folder(texture_folder), CLEAR, seed=4)


def test_the_pose_that_leads_to_the_truth_stays_and_the_others_are_apart(scenes):
    led = []
    for number in range(8):
        scene = scenes[number]
        model, T_true = scene.shown.model, scene.T_true
        near = CLEAR.jitter.drawn(scene.rng, T_true[None], model).astype(np.float32)
        starts = turned(T_true, wrong_turns(scene.rng, 16, np.eye(3)), model.centre_m).astype(np.float32)
        seen = scene.seen_about(T_true)
        kept = kept_side_by_side(seen, np.concatenate([near, starts]), 4)
        assert kept.shape == (4, 4, 4)
        led.append(distance(kept[:1], T_true, scene.mesh.points)[0] < 0.06 * model.diameter_m)
        apart = unique_poses(kept, model.centre_m, DISTINCT_SHARE * model.diameter_m, DISTINCT_RAD, 4)
        assert len(apart) >= 3
    assert np.mean(led) >= 0.75


def test_what_steps_lead_to_is_harder_to_tell_by_depth_than_what_is_laid_on_it(scenes):
    """Of depth alone: how near renderings of wrong poses come to the picture, as a share of it."""
    proposed, laid = (
        np.mean([wrong_nearness(PoseSets(scenes, settings)[number]) for number in range(16)])
        for settings in (CLEAR, SetSettings(plain=0.0, defects=CLEAR.defects))
    )
    assert proposed > laid + 0.05, (proposed, laid)


def wrong_nearness(one) -> float:
    wrong = one.rendered[one.error > 0.2]
    known = wrong[:, 3:].any(axis=1) & one.observed[3:].any(axis=0)
    near = np.abs(wrong[:, 5] - one.observed[5]) < 0.1
    return float((near & known).sum() / max(known.sum(), 1)) if len(wrong) else 0.0


def test_an_object_that_is_hardly_seen_keeps_its_first_poses(scenes):
    scene = scenes[0]
    aside = scene.T_true.copy()
    aside[0, 3] += 3 * scene.shown.model.diameter_m
    seen = scene.seen_about(aside)
    assert not seen.picture.shown.any()
    starts = np.repeat(scene.T_true[None], 5, axis=0)
    np.testing.assert_array_equal(kept_side_by_side(seen, starts, 3), starts[:3])
