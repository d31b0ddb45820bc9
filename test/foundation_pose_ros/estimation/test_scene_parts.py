"""Parts in one colour: a plain thing ends where its colour does, though depth runs on; shading ends nothing."""

import numpy as np
import pytest
import trimesh

from foundation_pose_ros import Camera, Frame, ObjectModel
from foundation_pose_ros.estimation.coarse_scene import CoarseScene
from foundation_pose_ros.estimation.object_prior import SizeColourPrior
from foundation_pose_ros.estimation.object_proposals import propose
from foundation_pose_ros.estimation.scene_parts import of_one_colour

CAMERA = Camera(600.0, 600.0, 319.5, 239.5, 640, 480)
ROWS, COLUMNS = np.mgrid[:480, :640]
YELLOW, ORANGE, WHITE, WOOD = (220, 170, 40), (190, 110, 70), (225, 228, 230), (120, 80, 50)
# A plain thing before a larger one of another colour, which touch: no depth is between them.
THING = (abs(COLUMNS - 300) < 40) & (abs(ROWS - 240) < 30)
NEIGHBOUR = (COLUMNS > 260) & (COLUMNS < 480) & (ROWS > 130) & (ROWS < 330)


def picture(light: np.ndarray | float = 1.0) -> CoarseScene:
    """Both on a wall, under light (480, 640) that falls off, with a camera's noise."""
    rng = np.random.default_rng(3)
    rgb = np.where(ROWS[..., None] > 400, WOOD, WHITE).astype(float)
    rgb[NEIGHBOUR], rgb[THING] = ORANGE, YELLOW
    rgb = rgb * np.asarray(light)[..., None] + rng.normal(0, 4, rgb.shape)
    depth_m = np.where(NEIGHBOUR | THING, 0.8, 1.1) + rng.normal(0, 1e-3, THING.shape)
    return CoarseScene.of(Frame(rgb.clip(0, 255).astype(np.uint8), depth_m.astype(np.float32), CAMERA))


def overlap(mask: np.ndarray, other: np.ndarray) -> float:
    return float((mask & other).sum() / (mask | other).sum())


@pytest.mark.parametrize("light", [1.0, np.linspace(1.0, 0.5, 640)[None] * np.ones((480, 1))])
def test_a_plain_thing_is_a_part_of_its_own_though_depth_runs_on_to_its_neighbour(light) -> None:
    scene = picture(light)
    parts = of_one_colour(scene, scene.valid, np.zeros_like(scene.valid))
    assert max(overlap(scene.enlarged(part), THING) for part in parts) > 0.8
    assert max(overlap(scene.enlarged(part), NEIGHBOUR & ~THING) for part in parts) > 0.8


def test_where_nothing_is_free_there_are_no_parts() -> None:
    scene = picture()
    assert of_one_colour(scene, np.zeros_like(scene.valid), np.zeros_like(scene.valid)) == []


def test_what_has_no_colours_of_its_own_is_proposed_by_those_of_the_picture() -> None:
    """0.107 by 0.08 m of it are seen; its neighbour is twice as large."""
    prior = SizeColourPrior(ObjectModel.from_mesh(trimesh.creation.box((0.107, 0.08, 0.06)), name="plain"))
    assert not prior.has_colour
    assert max(overlap(thing.mask, THING) for thing in propose(picture(), prior)) > 0.8
