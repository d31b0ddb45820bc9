"""Objects that no mask shows: among clutter, more than one of a kind, and ones that aren't there."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from foundation_pose_ros import Frame, ObjectModel, PoseEstimator
from foundation_pose_ros.estimation.above_planes import above_planes
from foundation_pose_ros.estimation.coarse_scene import CoarseScene
from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.estimation.object_prior import SizeColourPrior
from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.object_model.appearance import CornerColours
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.selection.plausibility import plausibility
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.uncertainty.scored_pose import by_odds

OBJECTS = ("cracker_box", "mug", "bottle")


@pytest.fixture(scope="module")
def scene():
    return make_scene(SceneSettings(seed=4, frames=1, objects=list(OBJECTS), clutter=3, supersample=1))


@pytest.fixture(scope="module")
def estimator(scene):
    # None of the things that clutter is drawn from.
    absent = ObjectModel.from_mesh(trimesh.creation.torus(0.05, 0.012), name="ring")
    return PoseEstimator([*(scene.model(name) for name in OBJECTS), absent], threads=1)


@pytest.fixture(scope="module")
def found(scene, estimator):
    return {result.object_name: result for result in estimator.search(scene.frame(scene.frame_ids[0]))}


@pytest.mark.parametrize("name", OBJECTS)
def test_what_is_there_is_found(name, scene, found, off_share):
    assert off_share(scene.model(name), found[name].T_cam_obj, scene.truth(scene.frame_ids[0], name)) < 0.05
    assert found[name].score > 0.5


def test_what_is_not_there_is_not_found(found):
    assert "ring" not in found or found["ring"].score < 0.4


def test_what_is_taken_is_nothing_else(scene, estimator, found):
    frame = scene.frame(scene.frame_ids[0])
    again = estimator.search(frame, ["mug"], taken=[found["mug"]])
    assert all(estimator.overlap_ratio(frame, one, found["mug"]) <= 0.5 for one in again)


def test_another_colour_is_another_thing(scene):
    first, model = scene.frame_ids[0], scene.model("mug")
    frame, truth, renderer = scene.frame(first), scene.truth(first, "mug"), EmbreeRenderer(model, 1)
    painted = frame.rgb.copy()
    painted[scene.mask(first, "mug")] = (20, 230, 20)
    other = Frame(painted, frame.depth_m, frame.camera)
    warmer = Frame((frame.rgb * (1.0, 0.9, 0.8)).astype(np.uint8), frame.depth_m, frame.camera)
    assert plausibility(model, renderer, frame, truth).hue > -0.16
    assert plausibility(model, renderer, warmer, truth).hue > -0.2
    assert plausibility(model, renderer, other, truth).hue < -0.35


def test_what_is_colourful_may_look_more_so(scene):
    first = scene.frame_ids[0]
    frame, truth, mask = scene.frame(first), scene.truth(first, "mug"), scene.mask(first, "mug")
    shape = scene.model("mug")
    maroon = shape.repainted(CornerColours(np.full((len(shape.faces), 3, 3), (0.5, 0.12, 0.14), np.float32)))
    renderer = EmbreeRenderer(maroon, 1)

    def seen_in(rgb: tuple[int, int, int]) -> float:
        painted = frame.rgb.copy()
        painted[mask] = rgb
        seen = Frame(painted, frame.depth_m, frame.camera)
        return plausibility(maroon, renderer, seen, truth).hue

    assert seen_in((153, 10, 15)) > -0.2
    assert seen_in((153, 120, 20)) < -0.35


@pytest.mark.slow
def test_a_thin_sheet_on_a_table_is_found(upright):
    """A plain bracket, half of which lies level with the table: in its colour alone it differs from what is beside.

    Steel on wood, and neither half is seen edge on.
    """
    scene = make_scene(
        SceneSettings(
            seed=2,
            frames=1,
            objects=[upright("bracket", -0.08), upright("mug", 0.08)],
            clutter=3,
            azimuth_deg=(-100.0, -80.0),
            elevation_deg=(36.0, 50.0),
            surface="wood",
            supersample=1,
        )
    )
    first, model = scene.frame_ids[0], scene.model("bracket")
    (found,) = PoseEstimator([model], threads=1).search(scene.frame(first))
    error_m, error_deg = pose_error(found.T_cam_obj, scene.truth(first, "bracket"), model.symmetries.transforms())
    assert error_m < 0.006 and error_deg < 4
    assert found.score > 0.6


def test_a_pose_amid_something_larger_is_implausible(scene):
    """A face of the box, half as large, in the midst of the face: depth and colours agree, and go on."""
    first, box = scene.frame_ids[0], scene.model("cracker_box")
    truth, frame = scene.truth(first, "cracker_box"), scene.frame(first)
    painted = frame.rgb.copy()
    painted[scene.mask(first, "cracker_box")] = (150, 60, 40)
    plain = Frame(painted, frame.depth_m, frame.camera)
    part = trimesh.creation.box(box.extents_m / 2)
    toward_m = truth[:3, :3].T @ -truth[:3, 3]
    axis = int(np.abs(toward_m / box.extents_m).argmax())
    part.apply_translation(box.centre_m + np.eye(3)[axis] * np.sign(toward_m[axis]) * box.extents_m[axis] / 4)
    smaller = ObjectModel.from_mesh(part, name="part")
    assert plausibility(box, EmbreeRenderer(box, 1), frame, truth).ends > -0.06
    assert plausibility(smaller, EmbreeRenderer(smaller, 1), plain, truth).ends < -0.15


def test_a_pose_in_the_table_is_left_out_for_the_next(scene):
    first, model = scene.frame_ids[0], scene.model("cracker_box")
    frame, truth = scene.frame(first), scene.truth(first, "cracker_box")
    planes, renderer = CoarseScene.of(frame).support(SizeColourPrior(model).table_m), EmbreeRenderer(model, 1)
    found = GeometricMethods(1).prepare(model).register(frame, scene.mask(first, "cracker_box"))
    (table, *_) = planes.planes
    sunk = truth.copy()
    sunk[:3, 3] -= 0.1 * table.normal
    both = found.picked(np.array([0, 0]))
    both = replace(both, refined=replace(both.refined, T_cam_obj=np.stack([sunk, truth]).astype(np.float32)))
    (left,) = above_planes(both, model, renderer, planes).refined.T_cam_obj
    assert np.allclose(left, truth, atol=1e-6)
    buried = both.picked(np.array([0, 0]))
    assert above_planes(buried, model, renderer, planes) is buried


def test_odds_are_multiplied():
    assert by_odds(0.5, 1.0) == pytest.approx(0.5)
    assert by_odds(0.9, 1 / 9) == pytest.approx(0.5)
    assert by_odds(1.0, 0.0) == 0.0
