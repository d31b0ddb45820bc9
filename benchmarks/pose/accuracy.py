"""Accuracy on rendered scenes and on recordings, by the same evaluation as `foundation-pose evaluate`."""

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from foundation_pose_ros import InputRefused, PoseEstimator
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.evaluation.evaluate import JudgedEstimate, evaluate, objects_to_judge
from foundation_pose_ros.evaluation.report import EvaluationSummary
from foundation_pose_ros.evaluation.runner import RunSettings
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.video_defects import VideoDefects

SETTINGS = {
    "register": RunSettings("register"),
    "register, mask from truth": RunSettings("register", masks="truth"),
    "track": RunSettings("track", init="gt"),
}
_RENDERED = (("mug", "soda_can"), ("cracker_box", "bracket"), ("sticker_cube", "bottle"), ("bowl", "book"))


def on_rendered_scenes(seeds: int) -> list[dict[str, Any]]:
    """Judge two made-up objects per scene among clutter, half of them blurred; an entry for each mode."""
    result = []
    scenes: list[Sequence] = [
        make_scene(
            SceneSettings(
                seed=20 + k,
                frames=20,
                objects=list(_RENDERED[k % len(_RENDERED)]),
                clutter=5,
                rate_hz=15.0,
                video=VideoDefects.sometimes(np.random.default_rng([k, 78])),
            )
        )
        for k in range(seeds)
    ]
    for mode in ("register", "track"):
        rows = [row for scene in scenes for row in _rows(scene, SETTINGS[mode], mode)]
        result.append(_entry("rendered scenes", mode, rows))
    return result


def on_recordings(folder: Path, quick: bool) -> list[dict[str, Any]]:
    """Return one entry per recording and mode; recordings without true poses are left out, and none is needed."""
    result = []
    for path in sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []:
        for mode, settings in SETTINGS.items():
            try:
                sequence = open_sequence(path)
                has_masks = any((path / "masks").glob("*/*"))
                if has_masks == (mode == "register, mask from truth"):
                    continue
                rows = _rows(sequence, settings, mode, frames=2 if quick else None)
            except InputRefused as refused:
                Console(stderr=True).print(f"{path.name}, {mode}: left out: {refused}")
                continue
            result.append(_entry(path.name, mode, rows))
    return result


def _rows(sequence: Sequence, settings: RunSettings, mode: str, frames: int | None = None) -> list[JudgedEstimate]:
    names = objects_to_judge(sequence, settings)
    estimator = PoseEstimator(list({sequence.model(n).name: sequence.model(n) for n in names}.values()))
    total = len(sequence.frame_ids[:frames])
    judged = islice(evaluate(sequence, estimator, names, settings), total)
    bar = track(judged, description=f"{sequence.name}, {mode}", total=total, console=Console(stderr=True))
    return [row for _, rows in bar for row in rows]


def _entry(name: str, mode: str, rows: list[JudgedEstimate]) -> dict[str, Any]:
    objects = sorted({row.class_name for row in rows})
    return {"sequence": name, "mode": mode, "objects": objects, **EvaluationSummary.of(rows).as_json()}
