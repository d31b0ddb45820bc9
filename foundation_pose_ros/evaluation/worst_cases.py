"""The estimates that were most wrong, drawn beside the truth."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from ..arrays import Rgb
from ..camera import Camera
from ..datasets.sequence import Sequence
from ..errors import InputRefused
from ..overlay import OverlayPose, draw_overlay
from .evaluate import JudgedEstimate

_ESTIMATE, _TRUTH = (255, 110, 60), (64, 224, 160)
_SIDE_PX = 300
# A truth turned by a symmetry is no error to look at: what has none of these is right.
_WRONG_SHARE = 0.02


@dataclass(frozen=True, eq=False)
class WorstCase:
    """A judged estimate, and its picture (H, W, 3) uint8 RGB: truth in green, estimate in orange."""

    row: JudgedEstimate
    picture: Rgb


def worst_cases(sequences: Iterable[Sequence], rows: Iterable[JudgedEstimate], count: int = 12) -> list[WorstCase]:
    """Draw at most `count` of the counted rows, the largest ADD over the diameter first, then those without a pose.

    Right ones are none: from 2 % of the diameter on. Frames that can't be read are left out.
    """
    by_name = {sequence.name: sequence for sequence in sequences}
    wrong = [row for row in rows if row.counted and not row.add_m < _WRONG_SHARE * row.diameter_m]
    wrong.sort(key=lambda row: (not np.isfinite(row.add_m), -row.add_m / row.diameter_m))
    cases: list[WorstCase] = []
    for row in wrong:
        if len(cases) == count:
            break
        try:
            cases.append(WorstCase(row, _picture(by_name[row.sequence], row)))
        except InputRefused:
            continue
    return cases


def _picture(sequence: Sequence, row: JudgedEstimate) -> np.ndarray:
    estimate = row.estimate
    frame, T_truth = sequence.frame(estimate.frame_id), sequence.truth(estimate.frame_id, estimate.object_name)
    model = sequence.model(estimate.object_name)
    assert T_truth is not None, "counted rows have a truth"
    poses = [OverlayPose(model, T_truth, "", _TRUTH)]
    if estimate.result is not None:
        poses.append(OverlayPose(model, estimate.result.T_cam_obj, "", _ESTIMATE))
    drawn = draw_overlay(frame.rgb, frame.camera, poses, tint=0.0, axes=True)
    return _cut_out(drawn, frame.camera, [pose.T_cam_obj for pose in poses], model.centre_m, model.diameter_m)


def _cut_out(
    image: np.ndarray, camera: Camera, poses: list[np.ndarray], centre_m: np.ndarray, diameter_m: float
) -> np.ndarray:
    """Cut out the square around the truth, and the estimate as far as it is near, at one size."""
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for k, T in enumerate(poses):
        centre_cam = T[:3, :3] @ centre_m + T[:3, 3]
        if centre_cam[2] <= 0.02:
            continue
        radius_px = 0.65 * camera.fx * diameter_m / centre_cam[2]
        middle = camera.project(centre_cam[None].astype(float))[0]
        if k == 0 or np.linalg.norm(middle - (low + high) / 2) < 4 * radius_px:
            low, high = np.minimum(low, middle - radius_px), np.maximum(high, middle + radius_px)
    if not np.isfinite(low).all():
        return image
    side = float((high - low).max())
    scale = _SIDE_PX / side
    left, top = (low + high - side) / 2
    M = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    return cv2.warpAffine(image, M, (_SIDE_PX, _SIDE_PX), flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
