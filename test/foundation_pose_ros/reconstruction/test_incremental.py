"""A model of one side grows while its object turns before the camera: less is unseen, and poses stay right."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import Camera, InputRefused, ObjectModel, PoseEstimator, se3
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.reconstruction.fusion.tsdf_fusion import FusionSettings
from foundation_pose_ros.reconstruction.incremental import GrowingModel, GrowthSettings
from foundation_pose_ros.reconstruction.reconstruct import ReconstructionSettings, reconstruct
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.reconstruction.texture.texture_atlas import PaintSettings
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, turn_poses

CAMERA = Camera(400.0, 400.0, 209.5, 159.5, 420, 320)
QUICK = ReconstructionSettings(24, FusionSettings(voxels=80_000, faces=4000), PaintSettings(0))
# Of 26 views over two thirds of a turn every second of the first ones makes the model.
KNOWN = 7


@pytest.fixture(scope="module")
def carton() -> ObjectModel:
    return ObjectModel.from_mesh(make_mesh("cracker_box", 0), name="carton")


@pytest.fixture(scope="module")
def turn(carton) -> tuple[ReferenceView, ...]:
    views = render_views(
        carton, turn_poses(carton, 26, turn_deg=208), settings=StudioSettings(camera=CAMERA, light_turns=True)
    )
    return tuple(
        replace(view, frame=replace(view.frame, stamp_ns=10**9 + k * 33_000_000)) for k, view in enumerate(views)
    )


@pytest.fixture
def growing(turn) -> GrowingModel:
    known = turn[:KNOWN:2]
    return GrowingModel(reconstruct(known, "carton", QUICK).model, known, GrowthSettings(reconstruction=QUICK))


def at_truth(view: ReferenceView, score: float = 0.95) -> PoseResult:
    return PoseResult("carton", view.pose, score, np.eye(6), stamp_ns=view.frame.stamp_ns)


def off(T_cam_obj: np.ndarray, view: ReferenceView, carton: ObjectModel) -> tuple[float, float]:
    """How far a pose is from a view's true one: of the carton's centre in mm, and in degrees."""
    centres = se3.transform_points(np.stack([T_cam_obj, view.pose]), carton.centre_m[None])[:, 0]
    return (
        1000 * float(np.linalg.norm(centres[0] - centres[1])),
        float(np.rad2deg(se3.rotation_angle_rad(T_cam_obj[:3, :3], view.pose[:3, :3]))),
    )


@pytest.mark.slow
def test_it_grows_while_it_is_tracked_and_poses_stay_right(growing, turn, carton):
    estimator = PoseEstimator([growing.model])
    before = growing.seen_share
    result = estimator.assess(turn[KNOWN - 1].frame, turn[KNOWN - 1].pose)
    shares, tracked = [before], []
    for view in turn[KNOWN:]:
        result = estimator.track(view.frame, result)
        tracked.append(off(result.T_cam_obj, view, carton))
        growing.add_frame(view.frame, result)
        if growing.ready:
            # Towards the end views may show nothing more.
            with suppress(InputRefused):
                estimator.models["carton"] = growing.rebuild().model
                shares.append(growing.seen_share)
    assert len(shares) >= 3 and np.all(np.diff(shares) > 0)
    assert shares[-1] > before + 0.1, shares
    # Errors of views add up along the turn: 0.5 mm and 0.3 degrees in the mean, 1.4 mm and 1.1 degrees for the worst
    # over processors and numbers of threads; with another scene 0.8 and 0.3, and one view of 4.1 mm.
    taken = {view.frame.stamp_ns: view for view in turn}
    views = [off(view.pose, taken[view.frame.stamp_ns], carton) for view in growing.views[len(turn[:KNOWN:2]) :]]
    assert len(views) >= 6
    assert (np.mean(views, axis=0) < (1.2, 0.8)).all() and (np.quantile(views, 0.8, axis=0) < (2, 1.5)).all(), views
    assert (np.max(views, axis=0) < (6, 3)).all(), views
    # One frame alone says little, 8 degrees from the last on a model half of which is unknown: with the true mesh in
    # its place the last frame is off by 0.9 degrees as well, and the next one may be exact.
    assert (np.quantile(tracked, 0.9, axis=0) < (4, 2)).all() and (np.max(tracked, axis=0) < (8, 4)).all(), tracked
    assert (np.mean(tracked[-4:], axis=0) < (1.5, 1)).all(), tracked
    # What grew is the carton: the ends of its axes that were seen are where they were.
    high, true_high = (np.quantile(model.surface_points(3000), 0.95, axis=0) for model in (growing.model, carton))
    assert np.abs(high - true_high).max() < 0.003


@pytest.mark.slow
def test_frames_that_are_unsure_seen_before_or_hidden_are_no_views(growing, turn):
    new = turn[15]
    assert not growing.add_frame(new.frame, at_truth(new, score=0.7))
    assert not growing.add_frame(turn[2].frame, at_truth(turn[2]))
    hidden = new.frame.depth_m.copy()
    columns = np.nonzero(new.mask.any(axis=0))[0]
    hidden[:, columns[0] : int(np.median(columns))] = 0.2
    assert not growing.add_frame(replace(new.frame, depth_m=hidden), at_truth(new))
    elsewhere = replace(at_truth(new), T_cam_obj=se3.apply_twist(new.pose, np.array([0.2, 0, 0, 0, 0, 0])))
    assert not growing.add_frame(new.frame, elsewhere)
    assert growing.add_frame(new.frame, at_truth(new))
    assert not growing.add_frame(new.frame, at_truth(new))
    assert len(growing.views) == 5 and not growing.ready


@pytest.mark.slow
def test_views_that_show_nothing_more_are_forgotten(growing, turn):
    growing.settings = replace(growing.settings, least_gain=0.9)
    before = growing.model
    assert growing.add_frame(turn[15].frame, at_truth(turn[15]))
    with pytest.raises(InputRefused) as refusal:
        growing.rebuild()
    assert refusal.value.reason == "nothing_gained"
    assert growing.model is before and len(growing.views) == 4
