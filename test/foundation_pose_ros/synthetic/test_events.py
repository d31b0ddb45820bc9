"""Events change the scene from their frame on, and nothing before it."""

import numpy as np
import pytest

from foundation_pose_ros.se3 import transform_points
from foundation_pose_ros.synthetic.events import covered, jumped, looked_away, removed, swapped
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings


@pytest.fixture(scope="module")
def scene():
    return make_scene(SceneSettings(seed=6, frames=4, objects=["mug"], clutter=2, width=320, height=240, supersample=1))


@pytest.mark.parametrize("make", [removed, lambda s, n, f: swapped(s, n, s.clutter_names[0], f)])
def test_an_object_taken_away_is_seen_before_and_not_after(make, scene):
    changed = make(scene, "mug", 2)
    before, after = scene.frame_ids[1], scene.frame_ids[2]
    np.testing.assert_array_equal(changed.mask(before, "mug"), scene.mask(before, "mug"))
    np.testing.assert_array_equal(changed.truth(before, "mug"), scene.truth(before, "mug"))
    assert changed.mask(after, "mug") is None and changed.visible_fraction(after, "mug") == 0
    there = scene.mask(after, "mug")
    assert np.abs(changed.frame(after).depth_m - scene.frame(after).depth_m)[there].mean() > 0.01


def test_the_other_body_stands_where_the_object_stood(scene):
    other = scene.clutter_names[0]
    path = swapped(scene, "mug", other, 2).path(other)
    np.testing.assert_array_equal(path[1], scene.path(other)[1])
    centre = path[2] @ [*scene.body_model(other).centre_m, 1]
    wanted = scene.path("mug")[2] @ [*scene.model("mug").centre_m, 1]
    np.testing.assert_allclose(centre[:2], wanted[:2], atol=1e-6)
    assert path[2, 2, 3] == scene.path(other)[2, 2, 3]


def test_the_nearer_a_cover_the_more_it_hides(scene):
    last = scene.frame_ids[-1]
    seen = [covered(scene, "mug", scene.clutter_names[0], 2, a).visible_fraction(last, "mug") for a in (0.25, 0.85)]
    assert seen[0] < 0.05 < seen[1] < scene.visible_fraction(last, "mug") + 1e-9
    changed = covered(scene, "mug", scene.clutter_names[0], 2)
    np.testing.assert_array_equal(changed.truth(last, "mug"), scene.truth(last, "mug"))


def test_a_jump_leaves_the_object_on_the_table_in_view_and_free_of_others(scene, rng):
    changed = jumped(scene, "mug", 2, rng)
    before, after = scene.path("mug")[2], changed.path("mug")[2]
    np.testing.assert_array_equal(changed.path("mug")[1], scene.path("mug")[1])
    diameter_m = scene.model("mug").diameter_m
    assert diameter_m - 0.03 < np.linalg.norm((after - before)[:2, 3]) < diameter_m + 0.28
    assert transform_points(after, scene.model("mug").vertices)[:, 2].min() == pytest.approx(0, abs=1e-6)
    last = scene.frame_ids[-1]
    assert changed.visible_fraction(last, "mug") > 0.3
    rows, columns = np.nonzero(changed.mask(last, "mug"))
    assert 0 < rows.mean() < scene.camera.height and 0 < columns.mean() < scene.camera.width


def test_looking_away_takes_everything_out_of_the_picture(scene):
    changed = looked_away(scene, 2)
    np.testing.assert_array_equal(changed.frame(scene.frame_ids[1]).rgb, scene.frame(scene.frame_ids[1]).rgb)
    assert changed.mask(scene.frame_ids[2], "mug") is None
    assert changed.truth(scene.frame_ids[2], "mug")[0, 3] < -0.2
