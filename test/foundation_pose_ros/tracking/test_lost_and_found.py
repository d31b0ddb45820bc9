"""Whatever becomes of an object, a track doesn't go on as if nothing had happened, and goes on by itself afterwards."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import Frame, PoseEstimator
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.se3 import rotation_angle_rad
from foundation_pose_ros.synthetic.events import covered, jumped, looked_away, removed, swapped
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.tracking import ObjectTracker, TrackedObject, TrackState

pytestmark = pytest.mark.slow

NAME, PIECE, RATE_HZ = "cracker_box", 8, 15.0
RECOVERED_S = 1.0


@pytest.fixture(scope="module")
def scene():
    return make_scene(
        SceneSettings(
            seed=11, frames=PIECE, objects=[NAME], clutter=4, width=320, height=240, supersample=1, rate_hz=RATE_HZ
        )
    )


@pytest.fixture(scope="module")
def estimator(scene):
    return PoseEstimator([scene.model(NAME)], threads=1)


def in_order(*pieces: list[Frame]) -> list[Frame]:
    """Frames one after the other, stamped anew."""
    frames = [frame for piece in pieces for frame in piece]
    return [replace(frame, stamp_ns=round(k / RATE_HZ * 1e9)) for k, frame in enumerate(frames)]


def frames_of(scene) -> list[Frame]:
    return [scene.frame(frame_id) for frame_id in scene.frame_ids]


def to_and_fro(frames: list, count: int) -> list:
    """A piece played forwards and backwards, so that nothing jumps."""
    there_and_back = [*frames, *frames[-2:0:-1]]
    return [there_and_back[k % len(there_and_back)] for k in range(count)]


def truths(scene, count: int) -> list[np.ndarray]:
    """Of the frames of a scene played so."""
    return to_and_fro([scene.truth(frame_id, NAME) for frame_id in scene.frame_ids], count)


def played(estimator, name: str, frames: list[Frame], mask: np.ndarray) -> list[TrackedObject]:
    track = ObjectTracker(name, name, estimator)
    return [track.register(frames[0], mask), *(track.track(frame) for frame in frames[1:])]


def screen_in_view(scene):
    """The scene in which a body of the clutter is held so near to the camera that it hides the object."""
    for cover in scene.clutter_names:
        changed = covered(scene, NAME, cover, 0, 0.3)
        if changed.visible_fraction(changed.frame_ids[-1], NAME) < 0.05:
            return changed
    raise AssertionError("nothing in the scene is large enough to hide the object")


def other_in_its_place(scene):
    other = next(name for name in scene.clutter_names if scene.body_model(name).name != NAME)
    return swapped(scene, NAME, other, 0)


def dark(frame: Frame) -> Frame:
    """As a hand on the lens gives it."""
    near = np.random.default_rng(0).random(frame.depth_m.shape) < 0.05
    return replace(frame, rgb=(frame.rgb * 0.05).astype(np.uint8), depth_m=np.where(near, 0.12, 0).astype(np.float32))


EVENTS = {
    "is taken away": lambda scene: frames_of(removed(scene, NAME, 0)),
    "is covered": lambda scene: frames_of(screen_in_view(scene)),
    "is swapped": lambda scene: frames_of(other_in_its_place(scene)),
    "leaves the view": lambda scene: frames_of(looked_away(scene, 0)),
    "camera is covered": lambda scene: [dark(frame) for frame in frames_of(scene)],
    "depth drops out": lambda scene: [replace(f, depth_m=np.zeros_like(f.depth_m)) for f in frames_of(scene)],
}


@pytest.mark.parametrize("event", EVENTS)
def test_it_is_lost_while_it_is_gone_and_found_when_it_is_back(event, scene, estimator):
    usual = frames_of(scene)
    before, gone, after = to_and_fro(usual, 2 * PIECE - 1), to_and_fro(EVENTS[event](scene), 14), to_and_fro(usual, 20)
    objects = played(estimator, NAME, in_order(before, gone, after), scene.mask(scene.frame_ids[0], NAME))
    begins, returns = len(before), len(before) + len(gone)
    assert all(o.state is TrackState.TRACKING and o.result is not None for o in objects[:begins])
    lost = [o for o in objects[begins:returns] if o.state is TrackState.LOST]
    assert len(lost) >= len(gone) - round(0.5 * RATE_HZ)
    assert all(o.result is None and o.reason.startswith("lost:") for o in lost)
    assert objects[returns - 1].state is TrackState.LOST
    assert objects[returns - 1].since_seen_s > 0.5
    found = next(k for k, o in enumerate(objects[returns:]) if o.state is TrackState.TRACKING)
    assert found / RATE_HZ <= RECOVERED_S
    assert objects[-1].state is TrackState.TRACKING
    assert_near(objects[-1], truths(scene, len(after))[-1], scene.model(NAME))


def test_it_is_found_where_it_jumped_to(scene, estimator):
    usual = frames_of(scene)
    elsewhere = jumped(scene, NAME, 0, np.random.default_rng(3))
    frames = in_order(usual, to_and_fro(frames_of(elsewhere), 24))
    objects = played(estimator, NAME, frames, scene.mask(scene.frame_ids[0], NAME))
    model, after = scene.model(NAME), zip(objects[len(usual) :], truths(elsewhere, 24), strict=True)
    right = [o.result is not None and error(o, truth, model)[0] < 0.01 for o, truth in after]
    assert right.index(True) / RATE_HZ <= RECOVERED_S
    assert_near(objects[-1], truths(elsewhere, 24)[-1], scene.model(NAME), far_m=0.01)


def error(tracked: TrackedObject, truth: np.ndarray, model) -> tuple[float, float]:
    """Metres and degrees."""
    nearest = model.symmetries.nearest(tracked.result.T_cam_obj, truth)
    centre = [T[:3, :3] @ model.centre_m + T[:3, 3] for T in (nearest, truth)]
    off_m = float(np.linalg.norm(centre[0] - centre[1]))
    return off_m, float(np.rad2deg(rotation_angle_rad(nearest[:3, :3], truth[:3, :3])))


def assert_near(tracked: TrackedObject, truth: np.ndarray, model, far_m: float = 0.005, far_deg: float = 5.0) -> None:
    off_m, off_deg = error(tracked, truth, model)
    assert off_m < far_m and off_deg < far_deg


@pytest.mark.parametrize("name", ["cube", "dragon"])
def test_real_objects_are_found_after_another_scene_was_shown(name, data_folder):
    desk, other = (open_sequence(data_folder / "pose" / folder) for folder in ("visp_rbt_desk", "ycbv_0000"))
    ids = desk.frame_ids
    before, gone, after = (
        [sequence.frame(frame_id) for frame_id in chosen]
        for sequence, chosen in ((desk, ids[:8]), (other, other.frame_ids[:9]), (desk, ids[8:25]))
    )
    estimator = PoseEstimator([desk.model(name)], threads=1)
    objects = played(estimator, name, in_order(before, gone, after), desk.mask(ids[0], name))
    assert objects[len(before) + len(gone) - 1].state is TrackState.LOST
    assert objects[-1].state is TrackState.TRACKING
    assert_near(objects[-1], desk.truth(ids[24], name), desk.model(name))
