"""What is behind glass is seen through it, by colour cameras stained and by depth cameras in patches or not at all."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.synthetic.generators import make_can, make_carton
from foundation_pose_ros.synthetic.glass import let_through, mean_let_through, seen_through
from foundation_pose_ros.synthetic.layout import Item
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.sensor import PERFECT_DEPTH, ColourSensor

FRAME_ID = "000000"
SETTINGS = SceneSettings(
    seed=4,
    frames=1,
    clutter=0,
    width=160,
    height=120,
    depth_sensor=PERFECT_DEPTH,
    colour_sensor=ColourSensor(),
    separate_draws=True,
    supersample=1,
)


def standing(x_m: float, y_m: float) -> np.ndarray:
    T = np.eye(4)
    T[:2, 3] = x_m, y_m
    return T


def scene(glass: bool, colours: bool = False) -> SyntheticScene:
    """A can before a carton; the can of glass or not there at all."""
    can = ObjectModel.from_mesh(make_can(0.03, 0.1, 1), name="can")
    can = can if colours else can.repainted(None)
    carton = ObjectModel.from_mesh(make_carton((0.2, 0.05, 0.16), 2), name="carton")
    bodies = [Item("carton", carton, 0.1).at(standing(0.0, 0.1))]
    if glass:
        bodies.append(Item("can", can, 1.0, glass=True).at(standing(0.0, 0.0)))
    return make_scene(replace(SETTINGS, objects=bodies))


@pytest.fixture(scope="module")
def pictures():
    """The carton with the glass before it, and alone."""
    return scene(glass=True).picture(FRAME_ID), scene(glass=False).picture(FRAME_ID)


def test_the_truth_is_the_glass_and_the_light_is_from_behind(pictures):
    seen, alone = pictures
    glass = seen.ids == 2
    assert glass.sum() > 300 and glass.sum() == seen.areas[1]
    assert (seen.depth_m[glass] < alone.depth_m[glass]).all()
    np.testing.assert_array_equal(seen.behind_m, alone.depth_m)
    np.testing.assert_array_equal(seen.light[~glass], alone.light[~glass])
    shown = np.corrcoef(seen.light[glass].mean(axis=1), alone.light[glass].mean(axis=1))[0, 1]
    assert shown > 0.9
    thrown = seen.light[glass] - let_through(np.ones(3)) * alone.light[glass]
    assert thrown.min() > -1e-6 and np.median(thrown) < 0.1, "what passes, and some light that it mirrors"


def test_a_print_stains_what_is_behind():
    painted, clear = (scene(glass=True, colours=one).picture(FRAME_ID) for one in (True, False))
    glass = clear.ids == 2
    assert painted.light[glass].mean() < 0.97 * clear.light[glass].mean()
    model = scene(glass=True, colours=True).model("can")
    assert (mean_let_through(model) < let_through(np.ones(3))).all()
    np.testing.assert_array_equal(mean_let_through(model.repainted(None)), let_through(np.ones(3)))


def test_depth_cameras_see_what_is_behind_or_nothing(pictures):
    seen, _ = pictures
    glass = seen.ids == 2
    depth_m = scene(glass=True).frame(FRAME_ID).depth_m
    np.testing.assert_array_equal(depth_m[~glass], seen.depth_m[~glass])
    lost = depth_m[glass] == 0
    assert 0.2 < lost.mean() < 0.8
    np.testing.assert_array_equal(depth_m[glass][~lost], seen.behind_m[glass][~lost])


def test_without_glass_nothing_is_drawn():
    depth_m = np.ones((4, 5), np.float32)
    rng = np.random.default_rng(3)
    assert seen_through(depth_m, depth_m, rng) is depth_m
    assert rng.random() == np.random.default_rng(3).random()
