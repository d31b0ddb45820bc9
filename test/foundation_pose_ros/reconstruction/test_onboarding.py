"""From frames that are shown to a model's file: masks, poses, refusals and progress; no ROS."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foundation_pose_ros import Camera, InputRefused, ObjectModel, se3
from foundation_pose_ros.reconstruction.capture.calibration_board import Board
from foundation_pose_ros.reconstruction.capture.view_recorder import RecordingSettings
from foundation_pose_ros.reconstruction.fusion.tsdf_fusion import FusionSettings
from foundation_pose_ros.reconstruction.onboarding import (
    Masks,
    Onboarding,
    OnboardingRequest,
    OnboardingSettings,
    OnboardingStatus,
    State,
)
from foundation_pose_ros.reconstruction.reconstruct import ReconstructionSettings
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.reconstruction.texture.texture_atlas import PaintSettings
from foundation_pose_ros.streams.mask_inputs import LabelImage
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, sphere_poses
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.trajectory import look_at

CAMERA = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)
QUICK = ReconstructionSettings(8, FusionSettings(voxels=60_000, faces=3000), PaintSettings(0))
# Where TF's fixed frame is in the object's: the model must not care.
T_OBJ_FIXED = se3.from_rotation_translation(np.eye(3), np.array([-2.0, 1.0, 0.5]))


class Stage:
    """An onboarding that is shown views whose poses TF knows as those of a fixed frame two metres away."""

    def __init__(self, folder: Path | None, views: tuple[ReferenceView, ...]) -> None:
        self.frames = {view.frame.stamp_ns: view.frame for view in views}
        self.poses = {view.frame.stamp_ns: view.pose @ T_OBJ_FIXED for view in views}
        self.views = views
        self.said: list[OnboardingStatus] = []
        self.handed_over: list[Path] = []
        self.faults: list[Exception] = []
        self.onboarding = Onboarding(
            lambda: OnboardingSettings(folder, RecordingSettings(), QUICK),
            self.frames.get,
            lambda fixed, camera, stamp_ns: self.poses.get(stamp_ns) if fixed == "table" else None,
            lambda request, file, result: self.handed_over.append(file),
            self.said.append,
            lambda what, error: self.faults.append(error),
        )

    def show(self, views: tuple[ReferenceView, ...] | None = None) -> None:
        """Frames with their masks, each taken up before the next."""
        for view in views or self.views:
            self.onboarding.frame(view.frame)
            assert self.onboarding.mask(LabelImage(view.frame.stamp_ns, 7 * view.mask.astype(np.uint8)))
            self.taken_up()

    def taken_up(self) -> None:
        """Wait until the worker is done with what it was given."""
        worker = self.onboarding._worker
        self.wait(lambda: not worker._slots)
        worker.call(lambda: None).result(10)

    def wait(self, condition: Callable[[], object]) -> None:
        deadline_s = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline_s and not self.faults, self.faults
            time.sleep(0.005)


@pytest.fixture(scope="module")
def views() -> tuple[ReferenceView, ...]:
    cube = ObjectModel.from_mesh(make_mesh("sticker_cube", 0), name="cube")
    rendered = render_views(cube, sphere_poses(cube, 8, seed=1), settings=StudioSettings(camera=CAMERA))
    return tuple(replace(v, frame=replace(v.frame, stamp_ns=(k + 1) * 10**9)) for k, v in enumerate(rendered))


@pytest.fixture
def stage(tmp_path: Path, views: tuple[ReferenceView, ...]) -> Iterator[Stage]:
    stage = Stage(tmp_path / "models", views)
    yield stage
    stage.onboarding.close()
    assert not stage.faults


def test_what_is_shown_becomes_a_model_in_the_folder(stage, tmp_path):
    stage.onboarding.start(OnboardingRequest("cube", fixed_frame="table", label=7))
    stage.show()
    assert stage.onboarding.status.views == len(stage.views)
    assert "8 views kept" in stage.onboarding.stop()
    stage.wait(lambda: stage.onboarding.status.state in (State.DONE, State.FAILED))
    status = stage.onboarding.status
    assert status.state is State.DONE, status.message
    assert stage.handed_over == [status.model] == [tmp_path / "models" / "cube.glb"]
    model = ObjectModel.from_mesh(status.model)
    # 60 mm along each side, and the origin in its middle though TF's frame was two metres away. A sixth of the surface
    # is at each end of an axis.
    low, high = np.quantile(model.surface_points(3000), (0.08, 0.92), axis=0)
    assert high - low == pytest.approx([0.06] * 3, abs=0.002)
    assert np.abs(high + low).max() / 2 < 0.003
    assert [s.step for s in stage.said if s.state is State.BUILDING and s.step] == ["check", "fuse", "paint", "compare"]
    with pytest.raises(InputRefused, match="set replace"):
        stage.onboarding.start(OnboardingRequest("cube"))
    stage.onboarding.start(OnboardingRequest("cube", replace=True))


@pytest.mark.slow
def test_what_stands_alone_on_a_table_needs_no_masks(tmp_path):
    scene = make_scene(
        SceneSettings(seed=4, frames=6, objects=["cracker_box"], clutter=0, width=320, height=240, supersample=1)
    )
    carton = scene.model("cracker_box")
    around = np.deg2rad(60) * np.arange(6)
    middle_m = scene.path("cracker_box")[0, :3, 3] + np.array([0, 0, 0.08])
    away = np.stack([0.55 * np.cos(around), 0.55 * np.sin(around), np.full(6, 0.4)], axis=1)
    scene = scene.with_paths({}, look_at(middle_m + away, middle_m))
    views = tuple(
        ReferenceView(scene.frame(f), scene.mask(f, "cracker_box"), se3.inverse(T), f)
        for f, T in zip(scene.frame_ids, scene.T_world_cam, strict=True)
    )
    stage = Stage(tmp_path, views)
    stage.onboarding.start(OnboardingRequest("carton", Masks.PLANE, fixed_frame="table"))
    for view in views:
        stage.onboarding.frame(view.frame)
        stage.taken_up()
    assert "6 views kept" in stage.onboarding.stop()
    stage.wait(lambda: stage.onboarding.status.state in (State.DONE, State.FAILED))
    stage.onboarding.close()
    assert stage.onboarding.status.state is State.DONE, stage.onboarding.status.message
    model = ObjectModel.from_mesh(stage.onboarding.status.model)
    # What was seen of it is as high as it is, to two voxels.
    seen_m = model.vertices[np.isfinite(model.sigma_m)]
    assert np.ptp(seen_m[:, 2]) == pytest.approx(np.ptp(carton.vertices[:, 2]), abs=0.007)


def test_a_mask_before_its_frame_waits_for_it(stage):
    stage.onboarding.start(OnboardingRequest("cube"))
    view = stage.views[0]
    known, stage.frames = dict(stage.frames), stage.frames
    stage.frames.clear()
    assert stage.onboarding.mask(LabelImage(view.frame.stamp_ns, view.mask.astype(np.uint8)))
    stage.frames.update(known)
    stage.onboarding.frame(view.frame)
    stage.wait(lambda: stage.onboarding.status.views == 1)


def test_too_few_views_are_said_with_what_was_left_out(stage):
    stage.onboarding.start(OnboardingRequest("cube"))
    stage.show(stage.views[:2])
    stage.show(stage.views[1:2])
    with pytest.raises(InputRefused, match=r"2 views kept; left out: 1 like a view.*Publish masks") as refusal:
        stage.onboarding.stop()
    assert refusal.value.reason == "too_few_views"
    assert stage.onboarding.status.state is State.FAILED


def test_views_that_fit_no_model_end_in_words(stage):
    stage.onboarding.start(OnboardingRequest("cube", fixed_frame="table"))
    for stamp_ns, T in stage.poses.items():  # the fixed frame isn't fixed
        stage.poses[stamp_ns] = T @ se3.from_rotation_translation(np.eye(3), np.array([3e-9 * stamp_ns, 0, 0]))
    stage.show()
    stage.onboarding.stop()
    stage.wait(lambda: stage.onboarding.status.state is State.FAILED)
    assert "the views don't overlap" in stage.onboarding.status.message
    assert not stage.handed_over


def test_views_without_transform_and_masks_of_another_size_are_counted(stage):
    stage.onboarding.start(OnboardingRequest("cube", fixed_frame="moon"))
    for _ in range(2):
        stage.show()
    with pytest.raises(InputRefused, match="no transform between moon and camera"):
        stage.onboarding.stop()
    stage.onboarding.start(OnboardingRequest("cube"))
    stage.onboarding.mask(LabelImage(stage.views[0].frame.stamp_ns, np.ones((2, 2), np.uint8)))
    stage.taken_up()
    with pytest.raises(InputRefused, match="give one value per pixel"):
        stage.onboarding.stop()


def test_discarding_and_what_is_not_recording(stage):
    for refused in (lambda: stage.onboarding.stop(), lambda: stage.onboarding.stop(discard=True)):
        with pytest.raises(InputRefused, match="start first"):
            refused()
    stage.onboarding.start(OnboardingRequest("cube"))
    with pytest.raises(InputRefused, match="cube is being onboarded"):
        stage.onboarding.start(OnboardingRequest("mug"))
    assert "discarded" in stage.onboarding.stop(discard=True)
    assert stage.onboarding.status.state is State.IDLE
    assert not stage.onboarding.mask(LabelImage(1, np.ones((2, 2), np.uint8)))


def test_requests_that_make_no_sense_are_refused(views):
    with pytest.raises(InputRefused, match="onboarding_directory"):
        Stage(None, views).onboarding.start(OnboardingRequest("cube"))
    for name in ("", "../cube", "a/b", ".cube", "cu be"):
        with pytest.raises(InputRefused, match="letters"):
            OnboardingRequest(name)
    with pytest.raises(InputRefused, match="say which"):
        OnboardingRequest("cube", Masks.BOARD)
    with pytest.raises(InputRefused, match="or from TF"):
        OnboardingRequest("cube", fixed_frame="map", board=Board.parse("charuco:7x5:30:22:5X5_100"))
