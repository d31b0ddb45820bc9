"""Light and shadow against what geometry says."""

import numpy as np
import pytest
import trimesh

from foundation_pose_ros.synthetic.lighting import (
    SceneLight,
    ShadowCaster,
    lamp_directions,
    moving_shadow,
    sphere,
    table_light,
)

WHITE = np.ones(3, np.float32)


def lamp_from(direction: tuple[float, float, float], angular_radius_rad: float = 0.001) -> SceneLight:
    unit = np.array(direction, np.float32) / np.linalg.norm(direction).astype(np.float32)
    return SceneLight(unit, angular_radius_rad, WHITE, 0 * WHITE, 0 * WHITE)


def table(half_m: float = 0.3, step_m: float = 0.01) -> np.ndarray:
    """Points (h, w, 3) of the table, x along columns and y along rows."""
    at = np.arange(-half_m, half_m + step_m / 2, step_m)
    x, y = np.meshgrid(at, at)
    return np.stack([x, y, 0 * x], axis=-1)


def lid(height_m: float) -> trimesh.Trimesh:
    """A square plate of 0.1 m that floats above the table."""
    return trimesh.creation.box((0.1, 0.1, 0.001)).apply_translation((0, 0, height_m))


def test_light_of_a_lamp_falls_with_the_cosine():
    light = lamp_from((0, 0, 1))
    tilt = np.deg2rad([0, 30, 60, 90, 150])
    normals = np.stack([np.sin(tilt), 0 * tilt, np.cos(tilt)], axis=1)
    fall = light.irradiance(normals, np.ones(5), np.ones(5))
    assert fall == pytest.approx(np.tile(np.maximum(np.cos(tilt), 0)[:, None], 3), abs=1e-6)


def test_a_surface_that_sees_half_the_lamp_gets_half_its_light():
    light = lamp_from((0, 0, 1))
    assert light.irradiance(np.array([[0, 0, 1]]), np.array([0.5]), np.ones(1)) == pytest.approx(0.5 * WHITE[None])


def test_up_sees_the_sky_down_what_bounces_and_sideways_half_of_each():
    light = SceneLight(np.array([0, 0, 1], np.float32), 0.1, 0 * WHITE, 0.4 * WHITE, 0.2 * WHITE)
    normals = np.array([[0, 0, 1], [0, 0, -1], [1, 0, 0]])
    fall = light.irradiance(normals, np.ones(3), np.ones(3))
    assert fall[:, 0] == pytest.approx([0.4, 0.2, 0.3])


def test_the_shadow_of_a_plate_is_the_plate_pushed_along_the_light():
    light = lamp_from((1, 0, 2))
    shadows = ShadowCaster()
    plate = lid(0.2)
    shadows.add_standing(plate.vertices, plate.faces, np.eye(4))
    points = table()
    dark = table_light(light, shadows, points).max(axis=-1) < 0.01
    # From a lamp towards +x at 0.2 m of height, the shadow is 0.1 m further towards -x.
    inside = (np.abs(points[..., 0] + 0.1) < 0.044) & (np.abs(points[..., 1]) < 0.044)
    outside = (np.abs(points[..., 0] + 0.1) > 0.056) | (np.abs(points[..., 1]) > 0.056)
    assert dark[inside].all()
    assert not dark[outside].any()


def test_a_wider_lamp_makes_softer_shadows():
    def penumbra(angular_radius_rad: float) -> int:
        shadows = ShadowCaster()
        shadows.add_standing(lid(0.2).vertices, lid(0.2).faces, np.eye(4))
        fall = table_light(lamp_from((0, 0, 1), angular_radius_rad), shadows, table(0.15, 0.005))[30, :, 0]
        return int(((fall > 0.05) & (fall < 0.95)).sum())

    assert penumbra(0.001) <= 2
    assert penumbra(0.1) >= 12  # 2 x 0.2 m x tan 0.1 rad = 40 mm on each of both sides


def test_a_moving_body_darkens_the_table_where_it_is_in_that_frame():
    shadows = ShadowCaster()
    path = np.tile(np.eye(4), (2, 1, 1))
    path[1, 0, 3] = 0.15
    shadows.add_moving(lid(0.05).vertices, lid(0.05).faces, path)
    light, points = lamp_from((0, 0, 1)), table()
    for frame, x_m in ((0, 0.0), (1, 0.15)):
        factor = moving_shadow(light, shadows, points, frame)
        under = (np.abs(points[..., 0] - x_m) < 0.04) & (np.abs(points[..., 1]) < 0.04)
        away = (np.abs(points[..., 0] - x_m) > 0.06) | (np.abs(points[..., 1]) > 0.06)
        assert factor[under].max() < 0.01
        assert factor[away].min() > 0.99


def test_directions_cover_the_lamps_disc_and_the_sphere_evenly():
    light = lamp_from((1, -1, 2), 0.2)
    directions = lamp_directions(light, 200)
    off_axis = np.arccos(np.clip(directions @ light.direction, -1, 1))
    assert off_axis.max() < 0.2
    # Evenly over the disc: half of them in the inner half of its area.
    assert (np.tan(off_axis) < np.tan(0.2) / np.sqrt(2)).mean() == pytest.approx(0.5, abs=0.02)
    assert sphere(1000).mean(axis=0) == pytest.approx(np.zeros(3), abs=0.01)
    assert np.linalg.norm(sphere(1000), axis=1) == pytest.approx(np.ones(1000), abs=1e-6)


def test_lamps_of_all_seeds_shine_from_above():
    for seed in range(20):
        light = SceneLight.from_seed(np.random.default_rng(seed))
        assert np.linalg.norm(light.direction) == pytest.approx(1, abs=1e-6)
        assert 0.6 < light.direction[2] < 0.9
