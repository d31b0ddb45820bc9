"""A field trained for seconds is the object: its shape to a millimetre, its colours, its views' poses."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import Camera, InputRefused, ObjectModel, se3
from foundation_pose_ros.reconstruction.neural_field import FieldSettings, field_surface, train_field
from foundation_pose_ros.reconstruction.neural_field.extraction import colours
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, sphere_poses, turn_poses

pytestmark = pytest.mark.slow

CAMERA = Camera(250.0, 250.0, 79.5, 59.5, 160, 120)
RADIUS_M = 0.033
SMALL = FieldSettings(
    levels=4,
    entries=2**12,
    finest_cell_m=0.004,
    surface_rays=256,
    empty_rays=96,
    near=4,
    free=2,
    steps=100,
    learning_rate=0.05,
    colour_weight=1.0,
)


@pytest.fixture(scope="module")
def ball() -> ObjectModel:
    return ObjectModel.from_mesh(make_mesh("ball", 0), name="ball")


@pytest.fixture(scope="module")
def views(ball):
    return render_views(ball, sphere_poses(ball, 8), settings=StudioSettings(camera=CAMERA))


@pytest.fixture(scope="module")
def trained(views):
    return train_field(views, SMALL)


def test_the_surface_is_the_balls(ball, trained):
    surface = field_surface(trained, 0.003)
    off_m = np.linalg.norm(surface.vertices - ball.centre_m, axis=1) - RADIUS_M
    assert np.abs(off_m).mean() < 0.001
    assert abs(off_m.mean()) < 0.0005
    mesh = trimesh.Trimesh(surface.vertices, surface.faces)
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * RADIUS_M**3, rel=0.06)
    assert surface.seen.mean() > 0.95
    assert 0.0001 < np.median(surface.sigma_m) < 0.002


def test_what_no_view_shows_is_called_unseen(ball):
    above = render_views(ball, turn_poses(ball, 4, elevation_deg=60), settings=StudioSettings(camera=CAMERA))
    surface = field_surface(train_field(above, replace(SMALL, steps=50)), 0.003)
    up = (surface.vertices - ball.centre_m)[:, 2]
    assert surface.seen[up > 0.015].mean() > 0.9
    assert surface.seen[up < 0.005].mean() < 0.2


def test_colours_are_those_seen(ball, trained, views):
    view = views[0]
    rows, columns = np.nonzero(view.seen)
    points = view.points_cam()
    on_ball = se3.transform_points(se3.inverse(view.pose), points)
    out = (on_ball - ball.centre_m) / np.linalg.norm(on_ball - ball.centre_m, axis=1, keepdims=True)
    facing = (out @ view.pose[:3, :3].T)[:, 2] < -0.7
    found = colours(trained.field, on_ball[facing], out[facing]).astype(float)
    seen = view.frame.rgb[rows, columns][facing].astype(float)
    assert np.abs(found - seen).mean() < 0.4 * np.abs(seen - seen.mean(axis=0)).mean()


def test_an_interrupted_run_ends_as_an_uninterrupted_one(tmp_path, views):
    short = replace(SMALL, steps=12, check_every=4)
    checkpoint = tmp_path / "field.pt"

    class Interrupted(Exception):
        pass

    def interrupt(step: int, steps: int, fit: float) -> None:
        if step == 8:
            raise Interrupted

    with pytest.raises(Interrupted):
        train_field(views, short, interrupt, checkpoint)
    calls: list[int] = []
    resumed = train_field(views, short, lambda step, *_: calls.append(step), checkpoint)
    whole = train_field(views, short)
    assert calls == [12]
    assert torch.equal(resumed.field.grid.table, whole.field.grid.table)


def test_training_stops_when_nothing_is_gained(views):
    still = replace(SMALL, learning_rate=1e-9, check_every=2, patience=3, steps=100)
    assert train_field(views, still).steps == 8


def test_checkpoints_that_do_not_belong_are_refused(tmp_path, views):
    checkpoint = tmp_path / "field.pt"
    train_field(views, replace(SMALL, steps=2), checkpoint=checkpoint)
    with pytest.raises(InputRefused, match="other views or settings") as refusal:
        train_field(views[:6], replace(SMALL, steps=2), checkpoint=checkpoint)
    assert refusal.value.reason == "bad_checkpoint"
    checkpoint.write_bytes(b"no checkpoint")
    with pytest.raises(InputRefused, match="delete it"):
        train_field(views, replace(SMALL, steps=2), checkpoint=checkpoint)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(InputRefused, match="power of two"):
        FieldSettings(entries=1000)
    if not torch.cuda.is_available():
        with pytest.raises(InputRefused) as refusal:
            FieldSettings.for_device("cuda")
        assert refusal.value.reason == "no_cuda"


def test_poses_that_are_off_are_drawn_back(ball, views):
    rng = np.random.default_rng(3)
    twists = np.concatenate([rng.normal(0, 0.003, (len(views), 3)), np.zeros((len(views), 3))], axis=1)
    twists[0] = 0
    off = [replace(v, T_cam_obj=se3.apply_twist(v.pose, t)) for v, t in zip(views, twists, strict=True)]
    refined = train_field(off, replace(SMALL, refine_poses=True, pose_learning_rate=5e-3)).views

    def spread_mm(those) -> float:
        """How far apart the views put the ball; all of them together may have moved, but for the first."""
        centres = [
            se3.transform_points(se3.inverse(a.pose) @ b.pose, ball.centre_m[None])[0]
            for a, b in zip(those, views, strict=True)
        ]
        return 1000 * float(np.linalg.norm(np.std(centres, axis=0)))

    assert refined[0].pose == pytest.approx(views[0].pose, abs=1e-6)
    assert spread_mm(refined) < 0.7 * spread_mm(off)
