"""Tracked frames reach growing models in a worker; what grows is written and replaced, what is forgotten isn't."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foundation_pose_ros import Camera, ObjectModel
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.reconstruction.fusion.tsdf_fusion import FusionSettings
from foundation_pose_ros.reconstruction.incremental import GrowingModel, GrowthSettings
from foundation_pose_ros.reconstruction.reconstruct import ReconstructionSettings, reconstruct
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.reconstruction.texture.texture_atlas import PaintSettings
from foundation_pose_ros.streams.refusals import RefusalCounter
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, turn_poses
from foundation_pose_ros.tracking import TrackedObject, TrackState
from foundation_pose_ros.tracking.model_growth import Growth

pytestmark = pytest.mark.slow

CAMERA = Camera(400.0, 400.0, 209.5, 159.5, 420, 320)
QUICK = ReconstructionSettings(16, FusionSettings(voxels=60_000, faces=3000), PaintSettings(0))
KNOWN = 4


@pytest.fixture(scope="module")
def views() -> tuple[ReferenceView, ...]:
    carton = ObjectModel.from_mesh(make_mesh("cracker_box", 0), name="carton")
    return render_views(carton, turn_poses(carton, 8, turn_deg=160), settings=StudioSettings(camera=CAMERA))


@pytest.fixture
def growing(views: tuple[ReferenceView, ...]) -> GrowingModel:
    known = views[:KNOWN]
    settings = GrowthSettings(batch=2, reconstruction=QUICK)
    return GrowingModel(reconstruct(known, "carton", QUICK).model, known, settings)


class Stage:
    """A running growth that notes what it replaced."""

    def __init__(self) -> None:
        self.replaced: list[tuple[ObjectModel, Path]] = []
        self.faults: list[Exception] = []
        self.refusals = RefusalCounter()
        self.growth = Growth(
            lambda model, file: self.replaced.append((model, file)),
            self.refusals,
            lambda what, error: self.faults.append(error),
        )

    def show(self, view: ReferenceView, state: TrackState = TrackState.TRACKING) -> None:
        """The object tracked where it is, and the worker done with that."""
        result = PoseResult("carton", view.pose, 0.95, np.eye(6), stamp_ns=view.frame.stamp_ns)
        tracked = TrackedObject("carton", "carton", state, result, 0.0, 0.0, "")
        self.growth.tracked(view.frame, [tracked, replace(tracked, id="other")])
        worker = self.growth._worker
        self.wait(lambda: not worker._slots)
        if worker.running:
            worker.call(lambda: None).result(60)

    def wait(self, condition: Callable[[], object]) -> None:
        deadline_s = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline_s and not self.faults, self.faults
            time.sleep(0.005)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.growth.close()
    assert not stage.faults


def test_new_sides_make_a_new_model_and_file(stage, growing, views, tmp_path):
    before, file = growing.seen_share, tmp_path / "carton.glb"
    stage.growth.add(growing, file)
    for view in views[KNOWN : KNOWN + 2]:
        stage.show(view, TrackState.LOST)
    assert not stage.replaced
    for view in views[KNOWN : KNOWN + 2]:
        stage.show(view)
    ((model, written),) = stage.replaced
    assert written == file and ObjectModel.from_mesh(file).vertices == pytest.approx(model.vertices, abs=1e-5)
    assert stage.growth.seen_shares()["carton"] > before + growing.settings.least_gain


def test_what_is_forgotten_or_gains_nothing_stays_as_it_is(stage, growing, views, tmp_path):
    growing.settings = replace(growing.settings, least_gain=0.9)
    stage.growth.add(growing, tmp_path / "carton.glb")
    for view in views[KNOWN : KNOWN + 2]:
        stage.show(view)
    assert stage.refusals["nothing_gained"] == 1
    stage.growth.forget("carton")
    stage.growth.forget("carton")
    stage.show(views[-1])
    assert not stage.replaced and not stage.growth.seen_shares()
