"""Dice of the shipped weights on rendered objects among clutter, in colour and in gray, from afar and closer by.

`python -m benchmarks.run --only segmentation_rendered`. The protocol is that of `universeg evaluate`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.reporting import segmentation_tables
from benchmarks.reporting.parts import Part, Report, Scope
from benchmarks.segmentation.accuracy import WEIGHTS, judged, shipped
from foundation_pose_ros import InputRefused
from foundation_pose_ros.runtime.provenance import provenance
from universeg_ros.evaluation.protocol import EvaluationSettings
from universeg_ros.evaluation.tasks import EvaluationTask
from universeg_ros.segmenter_settings import DEFAULTS
from universeg_ros.training.rendered import RenderedObjects, object_views

# How rendered objects are looked at: with so many examples, and how.
WAYS = {
    "colours": (16, DEFAULTS),
    "afar": (16, replace(DEFAULTS, zoom="never")),
    "gray": (16, replace(DEFAULTS, likeness=False)),
    "one": (1, DEFAULTS),
}
_IMAGES = 2  # of each
# Made-up designs that are nobody's target in training (some stand there as clutter).
UNSEEN_DESIGNS = ("cracker_box", "bracket", "bowl")
PICTURE = (640, 480)


def measure(scope: Scope, names: Sequence[str] = WEIGHTS) -> Report:
    """Judge those of these weights that are shipped; raises InputRefused where there are no meshes."""
    meshes = sorted((scope.data / "meshes").glob("*/*.obj"))
    if not meshes:
        raise InputRefused("no_data", f"{scope.data} holds no meshes/*/*.obj: set --data")
    quick = scope.quick
    tasks = {
        "made_up": made_up_objects(groups=1 if quick else 2),
        "scanned": scanned_objects(meshes[:3] if quick else meshes),
    }
    return provenance({"quick": quick}) | {"weights": judged_rendered(tasks, names, 1 if quick else _IMAGES)}


def judged_rendered(
    tasks: Mapping[str, Sequence[EvaluationTask]], names: Sequence[str], limit: int
) -> dict[str, dict[str, Any]]:
    """Return by weights, way of looking and kind of objects how right masks are; limit: images per object."""
    result: dict[str, dict[str, Any]] = {}
    for name, model, _ in shipped(names):
        result[name] = {}
        for way in WAYS if name == names[0] else ("colours",):
            support, base = WAYS[way]
            # What learns nothing across tasks is the same beside any weights, and any way that they look.
            baselines = name == names[0] and way == "colours"
            settings = EvaluationSettings(support_size=support, ensemble=5, baselines=baselines, limit=limit)
            result[name][way] = {
                kind: judged(model, of_kind, settings, f"{name}, {way}, {kind} objects", base)
                for kind, of_kind in tasks.items()
            }
    return result


def made_up_objects(groups: int) -> list[EvaluationTask]:
    """Return rendered objects of designs that training never had as targets."""
    return _rendered([RenderedObjects(UNSEEN_DESIGNS, groups=groups, size=PICTURE, seed=901)])


def scanned_objects(meshes: Sequence[Path]) -> list[EvaluationTask]:
    """Return rendered scans, three on a table."""
    threes = [tuple(map(str, meshes[i : i + 3])) for i in range(0, len(meshes), 3)]
    return _rendered([RenderedObjects(three, groups=1, size=PICTURE, seed=902 + i) for i, three in enumerate(threes)])


def _rendered(chosen: Sequence[RenderedObjects]) -> list[EvaluationTask]:
    groups = [(objects, group) for objects in chosen for group in range(objects.groups)]
    return [
        EvaluationTask(
            f"{objects.seed}_{group:03d}_{views.name}",
            np.stack(views.pictures),
            np.stack(views.masks),
            tuple(map(str, range(len(views.pictures)))),
        )
        for objects, group in track(groups, "rendering", console=Console(stderr=True))
        for views in object_views(objects, group)
        if len(views.pictures) >= 2
    ]


PART = Part(
    name="segmentation_rendered",
    about="Dice of the shipped weights on rendered objects, in colour and in gray",
    result="segmentation_rendered.json",
    tables={"segmentation_rendered": segmentation_tables.rendered},
    measure=measure,
)
