"""Masks on real views from nothing but the object's mesh, and the poses that they lead to.

Support is rendered on made-up tables, or is one earlier picture in which the object was found by search. Images to be
segmented have no depth. `python -m benchmarks.run --only masks_from_models`.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.reporting import segmentation_tables
from benchmarks.reporting.parts import Part, Report, Scope
from foundation_pose_ros.arrays import Mask, Pose
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.estimator import PoseEstimator
from foundation_pose_ros.frame import Frame
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.object_model.surface_distance import RIGHT_SHARE, SurfaceDistance
from foundation_pose_ros.runtime.provenance import provenance
from universeg_ros.mask_overlap import iou
from universeg_ros.segmenter import Segmenter, object_mask
from universeg_ros.support.found_in_pictures import support_found
from universeg_ros.support.from_object_model import support_from_model
from universeg_ros.support.support_set import SupportSet

RECORDINGS = ("jack_pushed", "pencilbox_handheld", "visp_rbt_desk", "ycbv_0000")
VIEWS = 6
EXAMPLES = 16
# A mask that shares so much with the true one lets registration begin.
OVERLAPS = 0.25


@dataclass(frozen=True)
class _MaskedView:
    frame: Frame
    mask: Mask
    T_true: Pose


def measure(scope: Scope) -> Report:
    """Measure the overlap (IoU) of masks with the true ones, and whether the pose from a mask is right."""
    rows = []
    for recording in RECORDINGS[-1:] if scope.quick else RECORDINGS:
        for model, views in _objects(scope, recording, 2 if scope.quick else VIEWS):
            register = _Register(model)
            found = _first_found(model, [view.frame for view in views])
            rendered = None
            with suppress(InputRefused):  # no colours
                rendered = Segmenter().set_support(support_from_model(model, EXAMPLES))
            for k, view in enumerate(views):
                row: dict[str, Any] = {"recording": recording, "object": model.name}
                for name, segmenter, seen in (("tables", rendered, -1), ("found", *found)):
                    # Where it was found is no test of what is found by it.
                    if k > seen:
                        row[name] = _judged(segmenter, view, register)
                rows.append(row)
    return provenance({"quick": scope.quick}) | {"examples": EXAMPLES, "overlaps": OVERLAPS, "views": rows}


def _objects(scope: Scope, recording: str, count: int) -> Iterator[tuple[ObjectModel, list[_MaskedView]]]:
    """Each object of a recording, and some of its frames with true masks and poses, evenly spread."""
    sequence = open_sequence(scope.data / "pose" / recording)
    for name in sequence.object_names:
        marked = []
        for frame_id in sequence.frame_ids:
            mask, T_true = sequence.mask(frame_id, name), sequence.truth(frame_id, name)
            if mask is not None and mask.any() and T_true is not None:
                marked.append((frame_id, mask, T_true))
        chosen = sorted({int(i) for i in np.linspace(0, len(marked) - 1, count)}) if marked else []
        yield sequence.model(name), [_MaskedView(sequence.frame(marked[i][0]), *marked[i][1:]) for i in chosen]


def _first_found(model: ObjectModel, frames: list[Frame]) -> tuple[Segmenter | None, int]:
    """What learned the first picture in which a search finds the object, and its number; (None, -1): in none."""
    for k, frame in enumerate(frames):
        with suppress(InputRefused):
            support: SupportSet = support_found(model, [frame])
            return Segmenter().set_support(support), k
    return None, -1


class _Register:
    """Tells whether a registration from a mask is right, and keeps what that needs of an object."""

    def __init__(self, model: ObjectModel) -> None:
        self._estimator, self._model = PoseEstimator([model]), model
        self._distance = SurfaceDistance(model.vertices, model.symmetries)

    def right_from(self, mask: Mask, view: _MaskedView) -> bool:
        """Register; true where no point of the surface is off by a tenth of the diameter."""
        try:
            T_cam_obj = self._estimator.register(view.frame, mask).T_cam_obj
        except InputRefused:
            return False
        return bool(self._distance(T_cam_obj[None], view.T_true)[0] < RIGHT_SHARE * self._model.diameter_m)


def _judged(segmenter: Segmenter | None, view: _MaskedView, register: _Register) -> dict[str, Any]:
    try:
        mask = np.zeros_like(view.mask) if segmenter is None else object_mask(segmenter, view.frame.rgb)
    except InputRefused:
        mask = np.zeros_like(view.mask)
    return {"iou": round(iou(mask, view.mask), 3), "right": bool(mask.any()) and register.right_from(mask, view)}


PART = Part(
    name="masks_from_models",
    about="overlap of masks that a mesh alone gives on real views, and poses from them",
    result="masks_from_models.json",
    tables={"masks_from_models": segmentation_tables.from_models},
    measure=measure,
    in_bench=False,
)
