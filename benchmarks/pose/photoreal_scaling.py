"""`python -m benchmarks.pose.photoreal_scaling`: what the share of photoreal pictures brings the compact networks.

Paints scenes of the meshes that are trained on, and of those held out, by Mitsuba; trains one run for each share at
equal steps; judges all on drawn and on painted pictures of meshes that none has seen, and on recordings. What was made
is read. Writes benchmarks/results/photoreal_scaling.json, or photoreal_refiner.json, tables and the figure.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer

from benchmarks.pose.compact_points import CompactRun
from benchmarks.pose.painted_scenes import PaintedScenes, less, span, with_painted
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import ROOT, origin
from benchmarks.reporting.scaling_laws import against, figure, laws_table, point
from foundation_pose_ros.atomic_file import write_text
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.training.compact_settings import (
    CompactRefineSettings,
    CompactScoreSettings,
    RefineStage,
    ScoreStage,
)
from foundation_pose_ros.training.drawn_scenes import DrawnSceneSettings
from foundation_pose_ros.training.loop import Trainer
from foundation_pose_ros.training.mixed_scenes import Scenes
from foundation_pose_ros.training.network_task import NetworkTask
from foundation_pose_ros.training.pose_sets import SetSettings
from foundation_pose_ros.training.refine_task import RefineTask, StepValidation
from foundation_pose_ros.training.score_task import ScoreTask
from foundation_pose_ros.training.settings import RunStage, TrainSettings
from foundation_pose_ros.training.step_sets import StepSettings

SHARES_PERCENT = (0, 12, 25, 50, 100)
TITLES = {kind: f"% painted, judged on {kind} ones" for kind in ("drawn", "painted", "recorded")}


@dataclass(frozen=True)
class JudgedNetwork:
    """A network whose runs are compared.

    name: of its settings. task, settings: of a run. stage: its only one, of sets as they are drawn. steps, sets: of
    that. validation, others: how many sets it is judged on, drawn ones and others. loss: (N,) of what was judged;
    figure: another figure of that, with its key in the JSON and its column's title.
    """

    name: str
    task: Callable[[Any], NetworkTask[Any]]
    settings: Callable[..., TrainSettings]
    stage: Callable[..., RunStage]
    drawn: DrawnSceneSettings
    steps: int
    sets: int
    validation: int
    others: int
    loss: Callable[[Any], np.ndarray]
    figure: Callable[[Any], float]
    key: str
    title: str
    changes: dict[str, Any]


def _left(found: StepValidation) -> np.ndarray:
    """What a step leaves of the error of each set's poses together, (N,)."""
    before, after = (errors.reshape(-1, StepSettings.starts).mean(axis=1) for errors in (found.before, found.after))
    return np.asarray(after / before)


SCORER = JudgedNetwork(
    "compact_score", ScoreTask, CompactScoreSettings, ScoreStage, SetSettings(), steps=400, sets=8, validation=512,
    others=256, loss=lambda found: found.loss, figure=lambda found: found.right_first[0], key="right_first",
    title="right first", changes={},
)  # fmt: skip
REFINER = JudgedNetwork(
    "compact_refine", RefineTask, CompactRefineSettings, RefineStage, StepSettings(), steps=200, sets=4, validation=128,
    others=128, loss=_left, figure=lambda found: found.logged[0], key="median", title="median of pairs",
    changes={"learning_rate": 2e-3},
)  # fmt: skip


def main(
    network: Annotated[Literal["score", "refine"], typer.Option(help="Which compact network.")] = "score",
    runs: Annotated[Path, typer.Option(help="Folder of scenes and runs, to go on in.")] = Path("runs/photoreal"),
    scenes: Annotated[
        int, typer.Option(help="Painted to train on, of two pictures each; half as many to judge by.")
    ] = 48,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Paint and train what isn't there yet, and write JSON, tables and the figure."""
    part, judged = (PART, SCORER) if network == "score" else (REFINER_PART, REFINER)
    command = f"python -m benchmarks.pose.photoreal_scaling --network {network} --scenes {scenes}"
    report = measure(runs, scenes, judged) | {"command": command}
    publish(part, report, output)
    if output is None:
        write_text(ROOT / "docs" / "images" / f"{part.name}.svg", figure(with_painted(report), TITLES, "loss"))
    print(part.markdown(report))


def measure(runs: Path, scenes: int, network: JudgedNetwork = SCORER) -> Report:
    """Return losses on each kind of picture against the share of painted ones that was trained on."""
    made = PaintedScenes(runs, scenes)
    judged_too = partial(_judged_too, network, made.others(network.drawn))

    def run(name: str, percent: int, seed: int = 0, pictures: Path = made.painted) -> dict[str, np.ndarray]:
        settings = partial(_settings, network, str(pictures), percent / 100, seed)
        kept = partial(_named, network, "drawn")
        return CompactRun(runs / network.name / name, network.task, settings, kept, judged_too).at(network.steps)

    found = [run(f"share_{percent}", percent) for percent in SHARES_PERCENT]
    none, every = (run(f"share_{percent}_seed_1", percent, seed=1) for percent in (0, 100))
    # Whether it is the painter or the scenes: the same ones by the fast renderer.
    fast = run("share_100_fast", 100, pictures=made.fast)
    return provenance({"sets": network.sets, "steps": network.steps, "scenes": scenes}) | {
        "views": made.views,
        "against": {kind: _against(network, kind, found) for kind in TITLES},
        "other_seed": {kind: [_mean(none, kind), _mean(every, kind), *less(every, none, kind)] for kind in TITLES},
        "fast": {kind: [_mean(fast, kind), *less(fast, found[0], kind)] for kind in TITLES},
    }


def _settings(network: JudgedNetwork, pictures: str, pictured: float, seed: int, **folders: Any) -> TrainSettings:
    drawn = replace(network.drawn, pictured=pictured)
    return network.settings(
        network=network.name,
        stages=(network.stage(network.steps, network.sets, drawn=drawn),),
        pictures=pictures,
        seed=seed,
        validate_every=network.steps,
        validation_sets=network.validation,
        **folders,
        **network.changes,
    )


def _judged_too(network: JudgedNetwork, others: dict[str, Scenes], trainer: Trainer[Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, one in others.items():
        kept |= _named(network, name, trainer.judged_on(one, network.others))
    return kept


def _named(network: JudgedNetwork, kind: str, found: Any) -> dict[str, Any]:
    return {f"{kind}_loss": network.loss(found), f"{kind}_{network.key}": network.figure(found)}


def _against(network: JudgedNetwork, kind: str, found: list[dict[str, np.ndarray]]) -> dict[str, Any]:
    """Return points, those without any painted picture first, and the law through the others."""
    losses = np.stack([one[f"{kind}_loss"] for one in found])
    made = against(SHARES_PERCENT[1:], losses[1:], SHARES_PERCENT[-1])
    points = [
        point(percent, loss)
        | {network.key: round(float(one[f"{kind}_{network.key}"]), 4), "less_95": less(one, found[0], kind)}
        for percent, loss, one in zip(SHARES_PERCENT, losses, found, strict=True)
    ]
    return made | {"points": points}


def _mean(found: dict[str, np.ndarray], kind: str) -> float:
    return round(float(found[f"{kind}_loss"].mean()), 4)


def points_table(network: JudgedNetwork, report: Report) -> str:
    """Return losses and the other figure on each kind of picture."""
    kinds = list(report["against"])
    lines = [
        "| painted, % of sets | " + " | ".join(f"{kind}: loss | less, 95 % | {network.title}" for kind in kinds) + " |",
        "|---" * (1 + 3 * len(kinds)) + "|",
    ]
    for row in zip(*(report["against"][kind]["points"] for kind in kinds), strict=True):
        cells = [f"{one['loss']:.3f} | {span(one['less_95'])} | {one[network.key]:.3f}" for one in row]
        lines.append(f"| {row[0]['n']} | " + " | ".join(cells) + " |")
    others = [
        f"{kind} {none:.3f} and {every:.3f} ({span(fewer)} less)"
        for kind, (none, every, *fewer) in report["other_seed"].items()
    ]
    seeds = f"Another seed, with no painted pictures and with nothing else: {', '.join(others)}."
    drawn_so = [f"{kind} {loss:.3f} ({span(fewer)} less)" for kind, (loss, *fewer) in report["fast"].items()]
    fast = f"The same scenes by the fast renderer, and nothing else: {', '.join(drawn_so)}."
    settings = report["settings"]
    views = f"{report['views']} painted views of {settings['scenes']} scenes, {settings['steps']} steps."
    return "\n".join([*lines, "", f"{views} {seeds} {fast} {origin(report)}"])


def _part(name: str, network: JudgedNetwork) -> Part:
    return Part(
        name,
        f"what the share of photoreal pictures brings the {network.task.title}",  # type: ignore[attr-defined]
        f"{name}.json",
        {name: partial(points_table, network), f"{name}_laws": lambda report: laws_table(report, TITLES)},
    )


PART, REFINER_PART = _part("photoreal_scaling", SCORER), _part("photoreal_refiner", REFINER)


if __name__ == "__main__":
    typer.run(main)
