"""What evaluate does: poses are estimated or read, judged, shown and written."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from ..datasets.bop_scene import BopScene
from ..datasets.sequence import Sequence as Recording
from ..errors import InputRefused
from ..estimator import PoseEstimator
from ..evaluation import bop_report, report
from ..evaluation.bop_coverage import remarks_on
from ..evaluation.bop_results import read_results, write_results
from ..evaluation.bop_score import BopScore
from ..evaluation.evaluate import JudgedEstimate, evaluate_all
from ..evaluation.html_report import write_html
from ..evaluation.runner import RunSettings
from .evaluation_options import ReportOptions, RunOptions
from .method_options import MethodOptions
from .options import MeshOptions, RunMode
from .overlay_writer import OverlayWriter
from .progress import with_progress


@dataclass(frozen=True)
class Evaluation:
    """An estimator's way through recordings with known poses, as the options ask for it.

    paths: of the recordings. objects: only these; None: all with known poses.
    """

    paths: list[Path]
    recordings: list[Recording]
    objects: list[str] | None
    how: RunOptions
    methods: MethodOptions
    meshes: MeshOptions

    def judged_rows(self, overlay: Path | None) -> list[JudgedEstimate]:
        """Estimate and judge every frame, and draw the poses into the folder `overlay`.

        Raises InputRefused where no frame could be judged.
        """
        settings = RunSettings(self.how.mode.value, self.how.init.value, self.how.masks.value)
        choice = self.methods.choice()
        judged = evaluate_all(
            self.recordings, lambda models: PoseEstimator(models, methods=choice.methods()), settings, self.objects
        )
        draw = OverlayWriter(overlay)
        rows: list[JudgedEstimate] = []
        total = sum(len(recording.frame_ids) for recording in self.recordings)
        for recording, frame, frame_rows in with_progress(judged, total, "evaluate", lines_on_stdout=False):
            draw(recording, frame, [row.estimate for row in frame_rows])
            rows += frame_rows
        if not any(row.counted for row in rows):
            raise InputRefused("nothing_counted", f"no frame of {self.paths[0]} could be judged: {_reason(rows)}")
        return rows

    def print_table(self, rows: list[JudgedEstimate]) -> None:
        """Print the figures per object and overall."""
        count, mode = len(self.recordings), self.how.mode.value
        Console().print(report.table(rows, f"{mode}, {count} recordings" if count > 1 else mode))

    def write_reports(self, rows: list[JudgedEstimate], scores: dict[str, BopScore], files: ReportOptions) -> None:
        """Write the files that were asked for; scores: the BOP challenge's, where there are any."""
        if files.bop_csv is not None:
            scenes = bop_scenes(self.recordings)
            write_results(files.bop_csv, [result for scene in scenes for result in bop_report.results_of(scene, rows)])
        if files.output is None and files.html is None:
            return
        found = report.as_json(rows, self._settings()) | ({"bop": bop_report.as_json(scores)} if scores else {})
        if files.output is not None:
            report.write(files.output, found)
        if files.html is not None:
            write_html(files.html, found, self.recordings, rows)

    def _settings(self) -> dict[str, Any]:
        how, methods, unit = self.how, self.methods, self.meshes.unit
        return {
            "sequences": [str(path) for path in self.paths],
            "objects": self.objects,
            "mode": how.mode.value,
            "init": how.init.value if how.mode is RunMode.TRACK else None,
            "masks": how.masks.value,
            "device": methods.device.value,
            "refiner": methods.refiner.value,
            "scorer": methods.scorer.value,
            "unit": unit.value if unit else None,
        }


def opened_once(paths: list[Path], meshes: MeshOptions) -> list[Recording]:
    """Open recordings; raise InputRefused where one is given twice, for it would count twice."""
    places = Counter(path.expanduser().resolve() for path in paths)
    for path, times in places.items():
        if times > 1:
            raise InputRefused("given_twice", f"{path} is given {times} times, and would count as often: give it once")
    return [meshes.opened(path) for path in paths]


def bop_scenes(recordings: Sequence[Recording], needed_for: Path | None = None) -> list[BopScene]:
    """Return those that are scenes of a BOP dataset.

    Raises InputRefused where a file needs all of them to be, and where two scenes can't be told apart.
    """
    scenes = [recording for recording in recordings if isinstance(recording, BopScene)]
    if needed_for is not None and len(scenes) < len(recordings):
        raise InputRefused(
            "not_bop",
            f"{needed_for} numbers scenes, images and objects as BOP datasets do: give scenes of a BOP dataset",
        )
    labels = Counter(scene.name if needed_for is None else f"scene {scene.scene_id}" for scene in scenes)
    for label, count in labels.items():
        if count > 1:
            raise InputRefused("same_scene", f"{count} folders are {label}: evaluate one dataset's scenes at a time")
    return scenes


def print_bop_scores(scenes: list[BopScene], rows: list[JudgedEstimate]) -> dict[str, BopScore]:
    """Score the rows as the BOP challenge does, and print the table where the recordings are of its datasets."""
    scores = bop_report.scores_of_rows(scenes, rows)
    if scores:
        Console().print(bop_report.table(scores))
    return scores


def judge_file(poses: Path, scenes: list[BopScene], paths: list[Path], output: Path | None) -> None:
    """Judge the poses of a file in the BOP challenge's format; paths: of the scenes. output: of the report, or None."""
    results = read_results(poses)
    for remark in remarks_on(scenes, results):
        print(f"foundation-pose: {remark}", file=sys.stderr)
    scores = bop_report.scores_of_results(scenes, results)
    Console().print(bop_report.table(scores))
    if output is not None:
        settings = {"sequences": [str(path) for path in paths], "poses": str(poses)}
        report.write(output, report.provenance(settings) | {"bop": bop_report.as_json(scores)})


def _reason(rows: list[JudgedEstimate]) -> str:
    messages = {row.estimate.message for row in rows if row.estimate.message}
    return next(iter(sorted(messages)), "the only known pose is the one that the track starts from")
