"""Things cut out of rendered scenes: the object is among them, tables are not, and nothing stands in a table."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from foundation_pose_ros import Camera, Frame, ObjectModel, PoseEstimator
from foundation_pose_ros.estimation.coarse_scene import CoarseScene
from foundation_pose_ros.estimation.object_prior import SizeColourPrior
from foundation_pose_ros.estimation.object_proposals import propose
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.se3 import transform_points
from foundation_pose_ros.synthetic.events import removed
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

OBJECTS = ("cracker_box", "soda_can", "mug", "bottle")


@pytest.fixture(scope="module")
def scene():
    return make_scene(
        SceneSettings(seed=4, frames=1, objects=list(OBJECTS), clutter=2, width=320, height=240, supersample=1)
    )


@pytest.fixture(scope="module")
def frame(scene):
    return scene.frame(scene.frame_ids[0])


def overlap(mask: np.ndarray, other: np.ndarray) -> float:
    return float((mask & other).sum() / (mask | other).sum())


@pytest.mark.slow
def test_objects_are_among_the_first_things(scene):
    """But for some that hang together with what is behind them, or whose colours others have as well."""
    first = []
    for one in (scene, *(make_scene(replace(scene._settings, seed=seed)) for seed in (5, 6))):
        (frame_id,) = one.frame_ids
        coarse = CoarseScene.of(one.frame(frame_id))
        for name in OBJECTS:
            things, mask = propose(coarse, SizeColourPrior(one.model(name))), one.mask(frame_id, name)
            first.append(max(overlap(thing.mask, mask) for thing in things[:3]) > 0.5)
    assert np.mean(first) >= 0.75


def test_the_table_is_no_thing(scene, frame):
    objects = np.any([scene.mask(scene.frame_ids[0], name) for name in OBJECTS], axis=0)
    for proposal in propose(CoarseScene.of(frame), SizeColourPrior(scene.model("soda_can"))):
        assert proposal.mask.mean() < 0.1
        assert proposal.planes.on_plane.mean() > 0.5
        assert not (proposal.planes.on_plane & objects[1::2, 1::2]).sum() > 0.2 * objects[1::2, 1::2].sum()


def test_things_stay_the_same_in_a_larger_image(scene, frame):
    camera = frame.camera
    larger = replace(
        camera, fx=3 * camera.fx, fy=3 * camera.fy, cx=3 * camera.cx + 1, cy=3 * camera.cy + 1, width=960, height=720
    )
    wide = Frame(*(np.repeat(np.repeat(image, 3, 0), 3, 1) for image in (frame.rgb, frame.depth_m)), larger)
    look = SizeColourPrior(scene.model("mug"))
    small, large = (propose(CoarseScene.of(one), look) for one in (frame, wide))
    assert abs(len(small) - len(large)) <= 1
    for thing in small[:3]:
        assert min(np.linalg.norm(thing.centre_m - other.centre_m) for other in large[:4]) < 0.01


def test_nothing_is_found_without_depth(scene, frame):
    dark = Frame(frame.rgb, np.zeros_like(frame.depth_m), frame.camera)
    assert propose(CoarseScene.of(dark), SizeColourPrior(scene.model("mug"))) == []


def test_what_a_table_hides_of_an_object_is_in_the_table(scene):
    first, model = scene.frame_ids[0], scene.model("cracker_box")
    planes = CoarseScene.of(removed(scene, "cracker_box", 0).frame(first)).support(SizeColourPrior(model).table_m)
    renderer, truth = EmbreeRenderer(model, 1), scene.truth(first, "cracker_box")
    assert planes.sunk_share(renderer, truth, 0.02) < 0.02
    deeper = truth.copy()
    deeper[:3, 3] *= 1.3
    assert planes.sunk_share(renderer, deeper, 0.02) > 0.2


def test_what_lies_beneath_a_table_top_is_in_the_table_whichever_face_is_seen(scene):
    first, model = scene.frame_ids[0], scene.model("cracker_box")
    planes = CoarseScene.of(removed(scene, "cracker_box", 0).frame(first)).support(SizeColourPrior(model).table_m)
    renderer, truth = EmbreeRenderer(model, 1), scene.truth(first, "cracker_box")
    body = transform_points(truth, model.surface_points(400))
    (table, *_) = planes.planes
    assert not planes.penetrated_by(renderer, truth, model)
    assert planes.buried_share(body, 0.02) < 0.02
    # Down into the table until its top is level with the table's: of that face alone no outline tells.
    down = (body @ table.normal + table.offset_m).max() * table.normal
    assert planes.buried_share(body - down, 0.02) > 0.5


def test_a_thing_is_registered_as_the_object(scene, frame):
    estimator = PoseEstimator([scene.model("cracker_box")], threads=1)
    best = max(
        (estimator.find(frame, proposal) for proposal in estimator.propose(frame)[:3]), key=lambda found: found.score
    )
    truth = scene.truth(scene.frame_ids[0], "cracker_box")
    nearest = scene.model("cracker_box").symmetries.nearest(best.T_cam_obj, truth)
    assert best.score > 0.8
    assert np.linalg.norm(nearest[:3, 3] - truth[:3, 3]) < 0.01


@pytest.mark.parametrize("size", [(1, 1), (640, 1), (640, 2), (1, 640), (2, 2), (5, 5)])
def test_tiny_and_narrow_images_show_nothing(scene, size):
    rng = np.random.default_rng(0)
    camera = Camera(50.0, 50.0, size[1] / 2, size[0] / 2, size[1], size[0])
    depth_m = rng.uniform(0.2, 2.0, size).astype(np.float32)
    frame = Frame(rng.integers(0, 255, (*size, 3), np.uint8), depth_m, camera, 1, "camera")
    assert propose(CoarseScene.of(frame), SizeColourPrior(scene.model("mug"))) == []


def test_what_is_long_has_a_table_too():
    """A rod of half a metre on a table of which hardly more is in view: by its length no plane was wide enough."""
    rod = trimesh.creation.box((0.5, 0.04, 0.04))
    u, v = np.meshgrid(np.arange(640), np.arange(480))
    on_it = (np.abs(u - 320) < 200) & (np.abs(v - 240) < 16)
    camera = Camera(600.0, 600.0, 319.5, 239.5, 640, 480)
    noise_m = np.random.default_rng(3).normal(0, 1e-3, (480, 640))
    depth_m = (np.where(on_it, 0.76, 0.8) + noise_m).astype(np.float32)
    table = CoarseScene.of(Frame(np.full((480, 640, 3), 128, np.uint8), depth_m, camera))
    (first, *_) = propose(table, SizeColourPrior(ObjectModel.from_mesh(rod, name="rod")))
    assert overlap(first.mask, on_it) > 0.8
