"""Rays carry the views' geometry: points on the object, distances that shrink towards it, empty space beside it."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import Camera, InputRefused, ObjectModel
from foundation_pose_ros.reconstruction.neural_field.rays import FieldBounds, rays_of, through_box
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, sphere_poses
from foundation_pose_ros.synthetic.sensor import PERFECT_DEPTH

CAMERA = Camera(250.0, 250.0, 79.5, 59.5, 160, 120)
RADIUS_M = 0.033


@pytest.fixture(scope="module")
def ball() -> ObjectModel:
    return ObjectModel.from_mesh(make_mesh("ball", 0), name="ball")


@pytest.fixture(scope="module")
def views(ball):
    return render_views(ball, sphere_poses(ball, 4), settings=StudioSettings(camera=CAMERA, depth_sensor=PERFECT_DEPTH))


def test_the_box_holds_the_object(ball, views):
    box = FieldBounds.around(views)
    assert box.centre_m == pytest.approx(ball.centre_m, abs=0.003)
    assert box.half_m == pytest.approx(RADIUS_M, abs=0.002)


def test_rays_end_on_the_object_and_the_distance_falls_along_them(ball, views):
    box = FieldBounds.around(views)
    rays = rays_of(views, box, 0.005)
    assert len(rays.depth_m) > 1000

    def radius_m(t: torch.Tensor) -> np.ndarray:
        points = (rays.origin[rays.view] + t[:, None] * rays.direction).numpy() * box.half_m + box.centre_m
        return np.linalg.norm(points - ball.centre_m, axis=1)

    assert radius_m(rays.depth_m) == pytest.approx(RADIUS_M, abs=0.001)
    ahead_m = 0.001
    off_m = radius_m(rays.depth_m - ahead_m) - radius_m(rays.depth_m)
    wanted_m = -ahead_m * rays.fall.numpy() * box.half_m
    # On average exactly what the slant of the surface makes of a millimetre along the ray.
    assert np.median(off_m - wanted_m) == pytest.approx(0, abs=5e-5)
    assert np.abs(off_m - wanted_m).mean() < 1.5e-4


def test_empty_rays_miss_the_object(ball, views):
    box = FieldBounds.around(views)
    rays = rays_of(views, box, 0.005)
    origin = rays.origin[rays.empty_view].numpy() * box.half_m + box.centre_m - ball.centre_m
    along = torch.nn.functional.normalize(rays.empty_direction, dim=1).numpy()
    nearest_m = np.linalg.norm(origin - (origin * along).sum(axis=1, keepdims=True) * along, axis=1)
    assert len(nearest_m) > 200
    assert nearest_m.min() > RADIUS_M - 0.001


def test_a_ray_goes_through_the_box_where_it_should():
    near, far = through_box(torch.tensor([[0.0, 0.0, -3.0], [0.0, 5.0, -3.0]]), torch.tensor([[0.0, 0.0, 1.0]] * 2))
    assert near[0] == pytest.approx(2) and far[0] == pytest.approx(4)
    assert far[1] <= near[1]


def test_views_without_depth_or_pose_are_refused(views):
    with pytest.raises(InputRefused) as refusal:
        FieldBounds.around([replace(view, T_cam_obj=None) for view in views])
    assert refusal.value.reason == "no_pose"
