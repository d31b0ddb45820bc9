"""Meshes in a picture: where they are drawn, what hides them, and how a doubted pose differs from a sure one."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from foundation_pose_ros import Camera, InputRefused, ObjectModel
from foundation_pose_ros.overlay import AugmentedReality, AugmentedSettings, OverlayPose
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.se3 import from_rotation_translation

CAMERA = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)
GREY = np.full((240, 320, 3), 120, np.uint8)
BRICK = ObjectModel.from_mesh(trimesh.creation.box((0.08, 0.12, 0.2)), name="brick")
GREEN, RED = (10, 250, 30), (250, 20, 20)
SURFACE_ALONE = AugmentedSettings("plain", 1.0, outline=False, axes=False, labels=False)
TURNED = trimesh.transformations.euler_matrix(0.6, 0.4, 0.2)[:3, :3]


def brick(x_m: float, z_m: float, colour: tuple[int, int, int] = GREEN, in_doubt: bool = False) -> OverlayPose:
    return OverlayPose(BRICK, from_rotation_translation(TURNED, np.array([x_m, -0.01, z_m])), "", colour, in_doubt)


def surface_m(pose: OverlayPose) -> np.ndarray:
    """True depth (H, W), 0 beside the object."""
    rendering = EmbreeRenderer(BRICK).render(pose.T_cam_obj[None], CAMERA.K, (CAMERA.height, CAMERA.width))
    return rendering.depth_m[0]


def changed(picture: np.ndarray) -> np.ndarray:
    return (picture != GREY).any(axis=-1)


def iou(drawn: np.ndarray, wanted: np.ndarray) -> float:
    return float((drawn & wanted).sum() / (drawn | wanted).sum())


# The nearer one has so many pixels that it is cast at half the resolution.
@pytest.mark.parametrize(("z_m", "least"), [(0.6, 0.995), (0.2, 0.97)])
def test_what_is_drawn_is_the_silhouette(z_m, least):
    pose = brick(0.01, z_m)
    picture = AugmentedReality(SURFACE_ALONE).draw(GREY, CAMERA, [pose])
    assert iou(changed(picture), surface_m(pose) > 0) > least


def test_what_the_camera_sees_nearer_hides_the_object():
    pose = brick(0.0, 0.6)
    true_m = surface_m(pose)
    depth_m = np.where(true_m > 0, true_m, 1.0).astype(np.float32)
    depth_m[:, :160] = 0.4
    drawn = changed(AugmentedReality(SURFACE_ALONE).draw(GREY, CAMERA, [pose], depth_m))
    in_sight = (true_m > 0) & (np.arange(320) >= 160)
    assert iou(drawn, in_sight) > 0.97
    assert drawn[:, :160].sum() < 0.02 * (true_m[:, :160] > 0).sum()
    # Without depth nothing hides it.
    assert iou(changed(AugmentedReality(SURFACE_ALONE).draw(GREY, CAMERA, [pose])), in_sight) < 0.7


def test_noisy_depth_of_the_object_itself_with_holes_does_not_hide_it():
    pose, rng = brick(0.0, 0.6), np.random.default_rng(0)
    true_m = surface_m(pose)
    depth_m = np.where(true_m > 0, true_m + rng.normal(0, 0.006, true_m.shape), 1.0)
    depth_m[rng.random(true_m.shape) < 0.1] = 0
    drawn = changed(AugmentedReality(SURFACE_ALONE).draw(GREY, CAMERA, [pose], depth_m.astype(np.float32)))
    assert iou(drawn, true_m > 0) > 0.995


def test_the_outline_of_what_is_hidden_is_faint():
    pose = brick(0.0, 0.6)
    everywhere = AugmentedReality(AugmentedSettings("none", axes=False, labels=False))
    behind_m = np.full(GREY.shape[:2], 0.3, np.float32)
    seen, hidden = (everywhere.draw(GREY, CAMERA, [pose], depth_m).astype(int) for depth_m in (None, behind_m))
    strength = [np.abs(picture[..., 1] - 120).max() for picture in (seen, hidden)]
    assert strength[0] > 100 and 5 < strength[1] < 0.5 * strength[0]


def test_the_nearer_object_is_drawn_over_the_farther():
    near, far = brick(0.0, 0.5, RED), brick(0.0, 0.8)
    for poses in ([near, far], [far, near]):
        picture = AugmentedReality(SURFACE_ALONE).draw(GREY, CAMERA, poses).astype(int)
        inside = picture[surface_m(near) > 0]
        assert (inside[:, 0] > inside[:, 1]).mean() > 0.97


def test_a_pose_in_doubt_is_striped_and_its_outline_dashed():
    sure, doubted = (
        AugmentedReality(replace(SURFACE_ALONE, opacity=0.9)).draw(GREY, CAMERA, [brick(0.0, 0.6, in_doubt=doubt)])
        for doubt in (False, True)
    )
    inside = surface_m(brick(0.0, 0.6)) > 0
    own = (sure[inside, 1].astype(int) - sure[inside, 0]) > 60
    warning = (doubted[inside, 0].astype(int) - doubted[inside, 1]) > 60
    assert own.mean() > 0.97
    assert 0.25 < warning.mean() < 0.45  # stripes, the rest shines through
    line = AugmentedSettings("none", axes=False, labels=False)
    sure, doubted = (
        changed(AugmentedReality(line).draw(GREY, CAMERA, [brick(0.0, 0.6, in_doubt=doubt)])) for doubt in (False, True)
    )
    assert 0.35 < doubted.sum() / sure.sum() < 0.65


def test_light_falls_on_it_and_textures_stay(cube):
    T = from_rotation_translation(TURNED, np.array([0.0, 0.0, 0.35]))
    settings = replace(SURFACE_ALONE, surface="textured")
    picture = AugmentedReality(settings).draw(GREY, CAMERA, [OverlayPose(cube, T)])
    rendering = EmbreeRenderer(cube).render(T[None], CAMERA.K, GREY.shape[:2], colour=True)
    inside = rendering.depth_m[0] > 0
    for c in range(3):
        assert np.corrcoef(picture[inside, c], rendering.rgb[0][inside, c])[0, 1] > 0.7
    plain = AugmentedReality(SURFACE_ALONE).draw(GREY, CAMERA, [brick(0.0, 0.6)])
    greens = np.unique(plain[surface_m(brick(0.0, 0.6)) > 0, 1])
    assert 2 <= len(greens) <= 8 and greens.max() - greens.min() > 20  # one brightness a face


def test_labels_and_notes_are_written():
    pose = replace(brick(0.0, 0.6), label="brick 0.93")
    plain = AugmentedReality(replace(SURFACE_ALONE, labels=True)).draw(GREY, CAMERA, [replace(pose, label="")])
    labelled = AugmentedReality(replace(SURFACE_ALONE, labels=True)).draw(GREY, CAMERA, [pose], None, ["cup: lost"])
    rows, columns = np.nonzero((labelled != plain).any(axis=-1))
    assert (rows < 120).any() and ((rows > 215) & (columns < 100)).any()


def test_labels_of_neighbours_stand_beside_each_other():
    settings = replace(SURFACE_ALONE, surface="none", labels=True)
    names = ("first 0.93", "second 0.87", "third 0.71")
    poses = [replace(brick(0.02 * k, 0.6), label=name) for k, name in enumerate(names)]
    one_by_one = sum(changed(AugmentedReality(settings).draw(GREY, CAMERA, [pose])).sum() for pose in poses)
    together = changed(AugmentedReality(settings).draw(GREY, CAMERA, poses)).sum()
    assert together > 0.98 * one_by_one


def test_images_of_other_sizes_are_refused():
    reality = AugmentedReality()
    with pytest.raises(InputRefused, match="the image is 100x50"):
        reality.draw(GREY[:50, :100], CAMERA, [])
    with pytest.raises(InputRefused, match="the depth is 160x120"):
        reality.draw(GREY, CAMERA, [], np.zeros((120, 160), np.float32))


def test_an_unknown_surface_is_refused():
    with pytest.raises(InputRefused, match="plain, textured, none"):
        AugmentedSettings(surface="glass")


@pytest.mark.parametrize("size", [(240, 320), (2, 2), (1, 1)])
@pytest.mark.parametrize("f", [1e-6, 10.0, 1e7, 1e300])
def test_cameras_with_odd_numbers_and_tiny_images_are_drawn_on_all_the_same(size, f):
    camera = Camera(f, f, 1e9, 0.0, size[1], size[0])
    image = np.full((*size, 3), 120, np.uint8)
    depth_m = np.ones(size, np.float32)
    for x_m, z_m in ((0, 0.021), (0.01, 0.5), (1e12, 1e6), (0, -0.5)):
        pose = replace(brick(x_m, z_m), label="long " * 50)
        with np.errstate(all="ignore"):
            assert AugmentedReality().draw(image, camera, [pose], depth_m, ["note"] * 9).shape == image.shape
