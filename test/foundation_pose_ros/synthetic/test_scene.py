"""Scenes are true: what is rendered agrees with the poses, masks and fractions that a scene tells."""

import numpy as np
import pytest
import trimesh

from foundation_pose_ros import InputRefused, ObjectModel, se3
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.synthetic.scene import FRAME_ID, SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.sensor import PERFECT_COLOUR, PERFECT_DEPTH, REALSENSE_D435
from foundation_pose_ros.synthetic.trajectory import Motion

SMALL = {"width": 192, "height": 144, "supersample": 1}
# From far above, nothing on the table or level with a thing comes before it.
LOW = {"elevation_deg": (22.0, 30.0)}
PERFECT = {"depth_sensor": PERFECT_DEPTH, "colour_sensor": PERFECT_COLOUR}


@pytest.fixture(scope="module")
def table() -> SyntheticScene:
    """Two objects and clutter, perfectly measured."""
    return make_scene(SceneSettings(seed=1, frames=4, objects=["mug", "sticker_cube"], clutter=3, **SMALL, **PERFECT))


def alone(scene: SyntheticScene, frame_id: str, name: str) -> np.ndarray:
    """Depth (H, W) of one object rendered by itself in its true pose."""
    T, camera = scene.truth(frame_id, name), scene.camera
    return EmbreeRenderer(scene.model(name)).render(T[None], camera.K, (camera.height, camera.width)).depth_m[0]


def test_depth_under_the_mask_is_that_of_the_model_in_its_true_pose(table):
    for frame_id in table.frame_ids:
        frame = table.frame(frame_id)
        for name in table.object_names:
            mask, expected_m = table.mask(frame_id, name), alone(table, frame_id, name)
            assert mask.sum() > 100
            # A ray that meets the seam of two triangles may slip through, in the one rendering or in the other.
            assert (np.abs(frame.depth_m - expected_m)[mask] < 1e-4).mean() > 0.995
            # Outside the mask the object is hidden by something nearer, or isn't there.
            hidden = (expected_m > 0) & ~mask
            assert (frame.depth_m[hidden] < expected_m[hidden]).all()


def test_the_table_is_the_plane_z_0_of_the_world(table):
    picture = table.picture("000000")
    camera, T_world_cam = table.camera, table.T_world_cam[0]
    rays = camera.rays(np.arange(camera.width)[None], np.arange(camera.height)[:, None])
    points = (picture.depth_m[..., None] * rays) @ T_world_cam[:3, :3].T + T_world_cam[:3, 3]
    normals = picture.normals_cam @ T_world_cam[:3, :3].T
    level = (picture.ids == 0) & (normals[..., 2] > 0.999)
    assert level.mean() > 0.3
    assert np.abs(points[level][:, 2]).max() < 1e-3
    # Nothing reaches through it.
    assert points[picture.ids > 0][:, 2].min() > -1e-3


def test_objects_stand_on_the_table_and_apart_from_each_other(table):
    boxes = []
    for name in table.object_names:
        T_world_obj = table.T_world_cam[0] @ table.truth("000000", name)
        vertices = table.model(name).vertices @ T_world_obj[:3, :3].T + T_world_obj[:3, 3]
        assert vertices[:, 2].min() == pytest.approx(0, abs=1e-4)
        boxes.append(vertices)
    tree = trimesh.proximity.closest_point_naive(trimesh.Trimesh(boxes[0], table.model("mug").faces), boxes[1][::40])
    assert tree[1].min() > 0.005


def test_standing_objects_do_not_move_in_the_world(table):
    for name in table.object_names:
        T_world_obj = [T @ table.truth(f, name) for f, T in zip(table.frame_ids, table.T_world_cam, strict=True)]
        assert np.ptp(T_world_obj, axis=0).max() < 1e-5


def test_visible_fractions_are_shares_of_the_outline(table):
    for name in table.object_names:
        mask, expected_m = table.mask("000002", name), alone(table, "000002", name)
        assert table.visible_fraction("000002", name) == pytest.approx(mask.sum() / (expected_m > 0).sum())


def test_frames_carry_stamps_of_the_rate_and_the_optical_frame(table):
    frames = [table.frame(frame_id) for frame_id in table.frame_ids]
    assert {frame.frame_id for frame in frames} == {FRAME_ID}
    steps = np.diff([frame.stamp_ns for frame in frames])
    assert steps == pytest.approx(np.full(3, 1e9 / 30), abs=1)


@pytest.mark.slow
def test_equal_arguments_make_equal_pixels_and_another_seed_does_not():
    def pixels(seed: int) -> tuple[np.ndarray, np.ndarray]:
        frame = make_scene(SceneSettings(seed=seed, frames=2, clutter=1, **SMALL)).frame("000001")
        return frame.rgb, frame.depth_m

    first, again, other = pixels(5), pixels(5), pixels(6)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.slow
def test_a_frame_is_the_same_in_whatever_order_frames_are_asked_for():
    scenes = [make_scene(SceneSettings(seed=2, frames=3, clutter=0, cached_frames=1, **SMALL)) for _ in range(2)]
    forwards = [scenes[0].frame(f) for f in scenes[0].frame_ids]
    backwards = [scenes[1].frame(f) for f in reversed(scenes[1].frame_ids)]
    for a, b in zip(forwards, reversed(backwards), strict=True):
        assert np.array_equal(a.depth_m, b.depth_m)
        assert np.array_equal(a.rgb, b.rgb)


def test_measured_depth_is_off_by_what_the_sensor_says():
    scene = make_scene(SceneSettings(seed=3, frames=1, objects=["book"], clutter=0, **SMALL))
    frame, picture = scene.frame("000000"), scene.picture("000000")
    both = (frame.depth_m > 0) & (picture.depth_m > 0) & scene.mask("000000", "book")
    error_m = np.abs(frame.depth_m - picture.depth_m)[both]
    stated_m = float(REALSENSE_D435.axial_sigma_m(picture.depth_m[both], 0.0).mean())
    assert 0.3 * stated_m < np.median(error_m) < 3 * stated_m
    assert both.sum() / scene.mask("000000", "book").sum() > 0.6


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_screen_hides_about_the_share_that_was_asked_for(share):
    scene = make_scene(
        SceneSettings(seed=4, frames=3, objects=["mug"], clutter=0, occlusion=share, **LOW, **SMALL, **PERFECT)
    )
    visible = np.mean([scene.visible_fraction(frame_id, "mug") for frame_id in scene.frame_ids])
    assert 1 - visible == pytest.approx(share, abs=0.12)


def test_without_occlusion_objects_stay_in_view(table):
    assert min(table.visible_fraction(f, name) for f in table.frame_ids for name in table.object_names) > 0.9


def test_a_lifted_object_moves_and_its_depth_goes_with_it():
    scene = make_scene(
        SceneSettings(seed=5, frames=40, objects=["mug"], clutter=0, moving_object=True, **SMALL, **PERFECT)
    )
    vertices = scene.model("mug").vertices
    lowest_m = [se3.transform_points(T_world_obj, vertices)[:, 2].min() for T_world_obj in scene.path("mug")[[0, -1]]]
    assert lowest_m[0] == pytest.approx(0, abs=1e-3)
    assert lowest_m[1] > 0.05
    mask, expected_m = scene.mask("000039", "mug"), alone(scene, "000039", "mug")
    assert np.abs(scene.frame("000039").depth_m - expected_m)[mask].max() < 1e-4


def test_a_hand_comes_and_goes():
    scene = make_scene(
        SceneSettings(seed=7, frames=72, objects=["mug"], clutter=0, hand=True, **LOW, **SMALL, **PERFECT)
    )
    visible = [scene.visible_fraction(f"{k:06d}", "mug") for k in (0, 36, 71)]
    assert visible[0] > 0.95
    assert visible[1] < 0.75
    assert visible[2] > 0.95


def test_two_of_a_kind_share_their_model_and_have_masks_of_their_own():
    scene = make_scene(SceneSettings(seed=8, frames=1, objects=["soda_can", "soda_can"], clutter=0, **SMALL, **PERFECT))
    assert scene.object_names == ["soda_can", "soda_can_2"]
    assert scene.model("soda_can") is scene.model("soda_can_2")
    first, second = (scene.mask("000000", name) for name in scene.object_names)
    assert not (first & second).any()
    for name, mask in (("soda_can", first), ("soda_can_2", second)):
        assert ((alone(scene, "000000", name) > 0) & mask).sum() == mask.sum()


def test_a_model_of_ones_own_is_put_on_the_table():
    model = ObjectModel.from_mesh(trimesh.creation.box((0.3, 0.4, 0.5)), name="crate")
    scene = make_scene(
        SceneSettings(seed=9, frames=1, objects=[model], clutter=0, motion=Motion(0.1, 10.0), **SMALL, **PERFECT)
    )
    assert scene.model("crate") is model
    assert scene.mask("000000", "crate").mean() > 0.02
    assert scene.frame("000000").depth_m[scene.mask("000000", "crate")].min() > 0.4


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        ({"frames": 0}, "at least 1"),
        ({"clutter": -1}, "at least 1, 0"),
        ({"occlusion": 1.0}, "0 to 0.95"),
        ({"objects": "mug"}, r"\['mug'\]"),
        ({"objects": []}, "give a count or a list"),
        ({"objects": ["teapot"]}, "choose from mug, cracker_box"),
    ],
)
def test_scenes_that_make_no_sense_are_refused_with_the_fix(arguments, fix):
    with pytest.raises(InputRefused, match=fix):
        make_scene(SceneSettings(**arguments))


def test_unknown_frames_and_objects_are_refused_with_those_that_are_there(table):
    with pytest.raises(InputRefused, match="its frames are 000000 to 000003"):
        table.frame("000009")
    with pytest.raises(InputRefused, match="it has mug, sticker_cube"):
        table.mask("000000", "bottle")
