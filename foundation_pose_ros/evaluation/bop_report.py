"""From judged rows to the BOP challenge's results, and its average recalls as a table and as JSON."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from rich.table import Table

from ..datasets.bop_scene import BopScene
from .bop_results import BopResult
from .bop_score import BopJudge, BopScore
from .evaluate import JudgedEstimate


def results_of(scene: BopScene, rows: Iterable[JudgedEstimate]) -> list[BopResult]:
    """List a scene's estimates, without poses that were handed in. Times are summed over an image's objects."""
    estimated = [row.estimate for row in rows if row.sequence == scene.name and not row.estimate.given]
    time_s: dict[str, float] = defaultdict(float)
    for estimate in estimated:
        time_s[estimate.frame_id] += estimate.time_s
    return [
        BopResult(
            scene.scene_id,
            int(e.frame_id),
            scene.object_id(e.object_name),
            e.result.score,
            e.result.T_cam_obj,
            time_s[e.frame_id],
        )
        for e in estimated
        if e.result is not None
    ]


def scores_of_rows(scenes: list[BopScene], rows: list[JudgedEstimate]) -> dict[str, BopScore]:
    """Score, per object class, what was estimated and counted in the rows."""
    scores: dict[str, BopScore] = defaultdict(BopScore.none)
    for scene in scenes:
        counted = [row.estimate for row in rows if row.sequence == scene.name and row.counted]
        targets = scene.targets_of((estimate.frame_id, estimate.object_name) for estimate in counted)
        for object_id, score in BopJudge(scene).score(results_of(scene, rows), targets).items():
            scores[f"obj_{object_id:06d}"] += score
    return dict(sorted(scores.items()))


def scores_of_results(scenes: list[BopScene], results: list[BopResult]) -> dict[str, BopScore]:
    """Score, per object class, results from a file over the scenes' targets."""
    scores: dict[str, BopScore] = defaultdict(BopScore.none)
    for scene in scenes:
        for object_id, score in BopJudge(scene).score(results, scene.targets()).items():
            scores[f"obj_{object_id:06d}"] += score
    return dict(sorted(scores.items()))


def table(scores: dict[str, BopScore]) -> Table:
    """Make a rich table, one line per object and one for all."""
    result = Table(title="BOP", caption="average recall over the challenge's limits", box=None, pad_edge=False)
    result.add_column("object", overflow="fold", min_width=8)
    for heading in ("targets", "AR_VSD", "AR_MSSD", "AR_MSPD", "AR"):
        result.add_column(heading, justify="right", no_wrap=True)
    for name, score in [*scores.items(), ("overall", overall(scores))]:
        figures = [f"{value:.3f}" for value in score.average_recall().values()]
        result.add_row(name, str(score.targets), *figures, style="bold" if name == "overall" else None)
    return result


def as_json(scores: dict[str, BopScore]) -> dict[str, Any]:
    """Return average recalls per object and overall, with the number of targets."""

    def figures(score: BopScore) -> dict[str, float | int | None]:
        recalls = {name: round(value, 6) if score.targets else None for name, value in score.average_recall().items()}
        return {"targets": score.targets, **recalls}

    return {"objects": {name: figures(score) for name, score in scores.items()}, "overall": figures(overall(scores))}


def overall(scores: dict[str, BopScore]) -> BopScore:
    """Add up all targets, each with the same weight."""
    return sum(scores.values(), BopScore.none())
