"""Masks on real views from nothing but the object's mesh: support from made-up tables, or pasted into the very picture.

`python -m benchmarks.run --only masks_from_models`.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.reporting import segmentation_tables
from benchmarks.reporting.parts import Part, Report, Scope
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.frame import Frame
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.provenance import provenance
from universeg_ros.segmenter import Segmenter, SegmenterSettings, object_mask
from universeg_ros.support.from_object_model import support_from_model
from universeg_ros.support.in_picture import support_in_picture

RECORDINGS = ("jack_pushed", "pencilbox_handheld", "visp_rbt_desk", "ycbv_0000")
VIEWS = 3
EXAMPLES = 16
FROM_AFAR, CLOSER = (SegmenterSettings(support_size=EXAMPLES, zoom=zoom) for zoom in ("never", "always"))
# A mask that shares so much with the true one lets registration begin.
OVERLAPS = 0.25


def measure(scope: Scope) -> Report:
    """Measure the overlap (IoU) of masks by either support, from afar and closer by, on views with true masks."""
    rows = []
    views = 1 if scope.quick else VIEWS
    for recording in RECORDINGS[-1:] if scope.quick else RECORDINGS:
        for model, seen in _views(scope, recording, views):
            try:
                tables = support_from_model(model, EXAMPLES)
            except InputRefused:  # no colours: neither way is for it
                continue
            for frame, true_mask in seen:
                row: dict[str, Any] = {"recording": recording, "object": model.name}
                for name, support in (("tables", tables), ("picture", support_in_picture(model, frame, EXAMPLES))):
                    for key, settings in ((name, FROM_AFAR), (f"{name}_closer", CLOSER)):
                        segmenter = Segmenter(settings=settings).set_support(support)
                        row[key] = _iou(segmenter, frame, true_mask)
                rows.append(row)
    return provenance({"quick": scope.quick}) | {"examples": EXAMPLES, "overlaps": OVERLAPS, "views": rows}


def _views(scope: Scope, recording: str, count: int) -> Iterator[tuple[ObjectModel, list[tuple[Frame, np.ndarray]]]]:
    """Each object of a recording, and some of its frames with true masks, evenly spread."""
    sequence = open_sequence(scope.data / "pose" / recording)
    for name in sequence.object_names:
        marked = [
            (frame_id, mask) for frame_id in sequence.frame_ids if (mask := sequence.mask(frame_id, name)) is not None
        ]
        marked = [(frame_id, mask) for frame_id, mask in marked if mask.any()]
        chosen = {int(i) for i in np.linspace(0, len(marked) - 1, count)} if marked else set()
        yield sequence.model(name), [(sequence.frame(marked[i][0]), marked[i][1]) for i in sorted(chosen)]


def _iou(segmenter: Segmenter, frame: Frame, true_mask: np.ndarray) -> float:
    try:
        mask = object_mask(segmenter, frame.rgb)
    except InputRefused:
        return 0.0
    return float((mask & true_mask).sum() / (mask | true_mask).sum())


PART = Part(
    name="masks_from_models",
    about="overlap of masks that a mesh alone gives on real views",
    result="masks_from_models.json",
    tables={"masks_from_models": segmentation_tables.from_models},
    measure=measure,
    in_bench=False,
)
