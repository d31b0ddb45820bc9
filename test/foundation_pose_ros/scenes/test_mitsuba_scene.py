"""Mitsuba paints what the fast renderer's truth says: the same surfaces at the same pixels, in about the same light."""

import numpy as np
import pytest

pytest.importorskip("pydantic", reason="descriptions need pydantic")
pytest.importorskip("mitsuba", reason="needs Mitsuba, a wheel too large for these tests' environment")
pytest.importorskip("pyoidn", reason="needs Open Image Denoise, a wheel too large for these tests' environment")
from foundation_pose_ros.scenes.body_spec import BodySpec, Carton, Design, PlainSurface, Turned
from foundation_pose_ros.scenes.libraries import NO_LIBRARIES
from foundation_pose_ros.scenes.mitsuba_scene import NEAR_M, PATHS, MitsubaPainter, render_mitsuba
from foundation_pose_ros.scenes.scene_spec import CameraPath, ColourLens, SceneSpec, Sensor
from foundation_pose_ros.scenes.spec_scene import make_described

SPEC = SceneSpec(
    seed=5,
    objects=(
        BodySpec(what=Carton(size_m=(0.12, 0.05, 0.17)), material="paper"),
        BodySpec(what=Design(design="mug"), material="ceramic"),
        BodySpec(
            what=Turned(profile_m=((0.03, 0), (0.02, 0.04), (0.035, 0.1))), surface=PlainSurface(colour=(200, 40, 40))
        ),
    ),
    camera=CameraPath(width_px=160, height_px=120, frames=2),
    first_object_moves=True,
    supersample=1,
)
FRAME = 1


@pytest.fixture(scope="module")
def both():
    """The scene of the fast renderer, that of Mitsuba, and its painter."""
    kept: list[MitsubaPainter] = []
    fast, other = make_described(SPEC), render_mitsuba(SPEC, NO_LIBRARIES)
    other.painted_by(lambda painter: kept.append(painter) or painter)
    return fast, other, kept[0]


def test_both_see_the_same_surfaces(both):
    fast, _, painter = both
    camera, mi = fast.camera, painter._mitsuba
    integrator = mi.load_dict({"type": "aov", "aovs": "depth:depth,shape:shape_index"})
    # One ray a pixel is anywhere in it; the mean of many is the middle.
    scene = painter.scene(FRAME, fast.T_world_cam[FRAME])
    found = np.asarray(mi.render(scene, integrator=integrator, spp=64, seed=0))
    rays = camera.rays(np.arange(camera.width)[None], np.arange(camera.height)[:, None])
    depth_m = found[..., -2] / np.linalg.norm(rays, axis=2) + NEAR_M
    picture = fast.picture(fast.frame_ids[FRAME])
    apart = np.abs(depth_m - picture.depth_m)[picture.depth_m > 0]
    # All but the pixels through which an edge runs.
    assert np.median(apart) < 2e-4
    assert (apart > 0.003).mean() < 0.08
    # Where shapes' numbers change, so do the masks: numbers are whole away from edges.
    whole = np.abs(found[..., -1] - np.round(found[..., -1])) < 1e-6
    shapes = np.round(found[..., -1]).astype(int)
    for k in np.unique(picture.ids):
        inside = shapes[(picture.ids == k) & whole]
        if k > 0 and len(inside):
            values, counts = np.unique(inside, return_counts=True)
            assert counts.max() > 0.97 * len(inside)
            other = (shapes == values[counts.argmax()]) & whole
            assert (picture.ids[other] == k).mean() > 0.97


def test_colours_lie_on_the_masks_and_are_about_as_bright(both):
    fast, other, _ = both
    pictures = [scene.picture(scene.frame_ids[FRAME]) for scene in (fast, other)]
    np.testing.assert_array_equal(pictures[1].ids, pictures[0].ids)
    # What is red is red in both, and what is printed has its print at the same place.
    red = pictures[0].ids == 3
    light = pictures[1].light[red].mean(axis=0)
    assert light[0] > 3 * light[1]
    carton = pictures[0].ids == 1
    for channel in range(3):
        values = [np.sqrt(np.maximum(picture.light[carton][:, channel], 0)) for picture in pictures]
        assert np.corrcoef(*values)[0, 1] > 0.7
    means = [picture.light[picture.depth_m > 0].mean() for picture in pictures]
    assert 0.5 < means[1] / means[0] < 2


def test_noise_of_few_paths_goes_and_print_stays(both):
    fast, _, painter = both
    T_world_cam = fast.T_world_cam[FRAME]
    integrator = {"type": "path", "max_depth": 6}
    scene = painter.scene(FRAME, T_world_cam)
    many, few = (painter._rendered(scene, integrator, rays, seed=3) for rays in (400, PATHS))
    shown = [np.sqrt(light.clip(0, 1)) for light in (many, few, painter.paint(FRAME, T_world_cam).light)]
    noise = [np.sqrt(np.square(one - shown[0]).mean()) for one in shown[1:]]
    print("noise of few paths, and filtered:", noise)
    assert noise[1] < 0.7 * noise[0]
    carton = fast.picture(fast.frame_ids[FRAME]).ids == 1
    assert np.corrcoef(shown[0][carton, 1], shown[2][carton, 1])[0, 1] > 0.97


def test_the_same_picture_comes_twice(both):
    _, other, _ = both
    pictures = [other.picture(other.frame_ids[FRAME]).light for _ in range(2)]
    np.testing.assert_allclose(pictures[1], pictures[0], atol=1e-5)


def test_both_lenses_are_unsharp_alike(both):
    sharp, *_ = both
    unsharp = SPEC.model_copy(update={"sensor": Sensor(lens=ColourLens(aperture_mm=20, focus_m=0.3))})
    scenes = sharp, make_described(unsharp), render_mitsuba(unsharp, NO_LIBRARIES)
    shown = [np.sqrt(scene.picture(scene.frame_ids[FRAME]).light.clip(0, 1)) for scene in scenes]
    carton = scenes[0].picture(scenes[0].frame_ids[FRAME]).ids == 1
    detail = [np.abs(np.diff(one[..., 1], axis=1))[carton[:, 1:]].mean() for one in shown]
    assert detail[1] < 0.7 * detail[0]
    assert detail[2] < 0.7 * detail[0]
    assert np.corrcoef(shown[1][carton, 1], shown[2][carton, 1])[0, 1] > 0.85


def test_light_of_what_is_behind_comes_through_glass():
    spec = SPEC.model_copy(
        update={"objects": (*SPEC.objects[:1], SPEC.objects[1].model_copy(update={"material": "glass"}))}
    )
    solid = SPEC.model_copy(update={"objects": SPEC.objects[:2]})
    scenes = render_mitsuba(spec, NO_LIBRARIES), render_mitsuba(solid, NO_LIBRARIES), make_described(spec)
    pictures = [scene.picture(scene.frame_ids[FRAME]) for scene in scenes]
    np.testing.assert_array_equal(pictures[0].ids, pictures[1].ids)
    mug = pictures[0].ids == 2
    means = [picture.light[mug].mean(axis=0) for picture in pictures]
    # About what the fast painter lets through, and the table's brown rather than the glaze's gray.
    assert 0.4 < means[0].mean() / means[2].mean() < 2.5
    saturation = [float(mean.max() / mean.min()) for mean in means]
    assert saturation[0] > 1.15 * saturation[1]
