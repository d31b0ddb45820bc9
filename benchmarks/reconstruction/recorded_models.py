"""Models made from half of a recording, tracked through the other half; the mesh beside them."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from foundation_pose_ros import ObjectModel, PoseEstimator
from foundation_pose_ros.arrays import Pose, Poses
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.reconstruction.reconstruct import reconstruct
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.reconstruction.view_poses.pose_graph import with_estimated_poses
from foundation_pose_ros.se3 import from_rotation_translation, inverse

OBJECTS = ("cube", "dragon")
_VIEWS, _END = 20, 40


def recorded_models(path: Path) -> list[dict[str, Any]]:
    """Measure median and largest errors of each model's track, which begins with the true pose."""
    sequence = open_sequence(path)
    rows = []
    for name in OBJECTS:
        posed = tuple(
            ReferenceView(sequence.frame(f), _mask(sequence, f, name), _truth(sequence, f, name), f)
            for f in sequence.frame_ids[:_VIEWS]
        )
        estimated = with_estimated_poses([ReferenceView(v.frame, v.mask, None, v.name) for v in posed])
        T_model_obj = _mean_pose(
            np.stack([inverse(own.pose) @ true.pose for own, true in zip(estimated, posed, strict=True)])
        )
        here = np.eye(4, dtype=np.float32)
        for label, model, offset in (
            ("mesh", sequence.model(name), here),
            ("given poses", reconstruct(posed, name).model, here),
            ("estimated poses", reconstruct(estimated, name).model, T_model_obj),
        ):
            rows.append({"object": name, "model": label, **_tracked(sequence, name, model, offset)})
    return rows


def _tracked(sequence: Sequence, name: str, model: ObjectModel, T_model_obj: Pose) -> dict[str, Any]:
    estimator = PoseEstimator([model])
    first, *others = sequence.frame_ids[_VIEWS:_END]
    middle = np.eye(4)
    middle[:3, 3] = sequence.model(name).centre_m
    result = estimator.assess(sequence.frame(first), _truth(sequence, first, name) @ inverse(T_model_obj), model.name)
    errors = []
    for frame_id in others:
        result = estimator.track(sequence.frame(frame_id), result)
        found = result.T_cam_obj @ T_model_obj
        # Where the object's middle comes to lie: a mesh's origin may be far away.
        errors.append(pose_error(found @ middle, _truth(sequence, frame_id, name) @ middle, np.eye(4)[None]))
    off_mm, turned_deg = 1000 * np.array([e[0] for e in errors]), np.array([e[1] for e in errors])
    return {
        "frames": len(errors),
        "median_mm": float(np.median(off_mm)),
        "largest_mm": float(off_mm.max()),
        "median_deg": float(np.median(turned_deg)),
        "largest_deg": float(turned_deg.max()),
        "turned_deg": [round(float(deg), 2) for deg in turned_deg],
    }


def _mean_pose(poses: Poses) -> Pose:
    """(4, 4) of poses (N, 4, 4) near each other."""
    R = Rotation.from_matrix(poses[:, :3, :3]).mean().as_matrix()
    return from_rotation_translation(R, poses[:, :3, 3].mean(axis=0)).astype(np.float32)


def _mask(sequence: Sequence, frame_id: str, name: str) -> np.ndarray:
    mask = sequence.mask(frame_id, name)
    assert mask is not None
    return mask


def _truth(sequence: Sequence, frame_id: str, name: str) -> np.ndarray:
    T_cam_obj = sequence.truth(frame_id, name)
    assert T_cam_obj is not None
    return T_cam_obj
