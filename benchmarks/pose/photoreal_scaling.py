"""`python -m benchmarks.pose.photoreal_scaling`: what the share of photoreal pictures brings the compact scorer.

Paints scenes of the meshes that are trained on, and of those held out, by Mitsuba; trains one run for each share at
equal steps; judges all on drawn and on painted pictures of meshes that none has seen, and on recordings. What was made
is read. Writes benchmarks/results/photoreal_scaling.json, its table and the figure.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.pose.compact_points import CompactRun
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import ROOT, data_folder, origin
from benchmarks.reporting.scaling_laws import against, figure, laws_table, point
from foundation_pose_ros.atomic_file import write_text
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.scenes.generation import Generation, RendererName, dataset_in
from foundation_pose_ros.scenes.libraries import Libraries
from foundation_pose_ros.scenes.procedural import ProceduralChoices, ProceduralComposer
from foundation_pose_ros.synthetic.mesh_library import MeshLibrary
from foundation_pose_ros.training.compact_settings import CompactScoreSettings, ScoreStage
from foundation_pose_ros.training.loop import Trainer
from foundation_pose_ros.training.mixed_scenes import Scenes
from foundation_pose_ros.training.pictured_scenes import PicturedScenes
from foundation_pose_ros.training.pose_sets import SetSettings
from foundation_pose_ros.training.recorded_scenes import RecordedScenes
from foundation_pose_ros.training.score_task import ScoreTask, ScoreValidation

FIGURE = ROOT / "docs" / "images" / "photoreal_scaling.svg"
SHARES_PERCENT = (0, 12, 25, 50, 100)
SETS, STEPS, VALIDATION_SETS, OTHER_SETS = 8, 400, 512, 256
RECORDINGS = ("visp_rbt_desk", "ycbv_0000", "jack_pushed", "pencilbox_handheld")
CHOICES = ProceduralChoices(objects=(3, 6), clutter=(1, 4), library_share=0.9, frames=2)
TITLES = {kind: f"% painted, judged on {kind} ones" for kind in ("drawn", "painted", "recorded")}
# No scene that is trained on has the seed of one that is judged on.
_HELD_OUT_SEED = 100_000
_SEED = 7


def main(
    runs: Annotated[Path, typer.Option(help="Folder of scenes and runs, to go on in.")] = Path("runs/photoreal"),
    scenes: Annotated[
        int, typer.Option(help="Painted to train on, of two pictures each; half as many to judge by.")
    ] = 48,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Paint and train what isn't there yet, and write JSON, table and the figure."""
    report = measure(runs, scenes) | {"command": f"python -m benchmarks.pose.photoreal_scaling --scenes {scenes}"}
    publish(PART, report, output)
    if output is None:
        write_text(FIGURE, figure(_rows_with_painted(report), TITLES, "loss"))
    print(PART.markdown(report))


def measure(runs: Path, scenes: int) -> Report:
    """Return losses on each kind of picture against the share of painted ones that was trained on."""
    data = data_folder()
    trained, held = MeshLibrary.from_folder(data / "meshes_train").parted(CompactScoreSettings.held_out)
    painted = _made(runs / "painted", trained, scenes, 0)
    drawn = SetSettings(pictured=1.0)
    others: dict[str, Scenes] = {
        "painted": PicturedScenes(_made(runs / "held_out", held, scenes // 2, _HELD_OUT_SEED), held, drawn, _SEED),
        "recorded": RecordedScenes([data / "pose" / name for name in RECORDINGS]),
    }
    judged_too = partial(_judged_too, others=others)

    def run(name: str, percent: int, seed: int = 0, pictures: Path = painted) -> dict[str, np.ndarray]:
        settings = partial(_settings, str(pictures), percent / 100, seed)
        return CompactRun(runs / name, ScoreTask, settings, partial(_named, "drawn"), judged_too).at(STEPS)

    found = [run(f"share_{percent}", percent) for percent in SHARES_PERCENT]
    none, every = (run(f"share_{percent}_seed_1", percent, seed=1) for percent in (0, 100))
    # Whether it is the painter or the scenes: the same ones by the fast renderer.
    fast = run("share_100_fast", 100, pictures=_made(runs / "fast", trained, scenes, 0, "fast"))
    return provenance({"sets": SETS, "steps": STEPS, "scenes": scenes}) | {
        "views": len(PicturedScenes(painted, trained, drawn, 0)),
        "against": {kind: _against(kind, found) for kind in TITLES},
        "other_seed": {kind: [_mean(none, kind), _mean(every, kind), *_paired(kind, every, none)] for kind in TITLES},
        "fast": {kind: [_mean(fast, kind), *_paired(kind, fast, found[0])] for kind in TITLES},
    }


@dataclass(frozen=True)
class _SomeMeshes(Libraries):
    """Libraries of which a composer may take these meshes alone."""

    names: tuple[str, ...] = ()

    @property
    def mesh_names(self) -> list[str]:
        return list(self.names)


def _made(folder: Path, meshes: MeshLibrary, scenes: int, first_seed: int, renderer: RendererName = "mitsuba") -> Path:
    """Have scenes of these meshes made, where they aren't yet; return the folder."""
    data = data_folder()
    names = tuple(mesh.name for mesh in meshes.meshes)
    libraries = _SomeMeshes(data / "meshes_train", data / "textures_train", names)
    composer = ProceduralComposer(CHOICES, libraries)
    run = Generation(dataset_in(folder), composer, scenes, first_seed, renderer=renderer, libraries=libraries)
    for outcome in track(run.run(run.open()), description=folder.name, console=Console(stderr=True)):
        if outcome.error:
            print(f"{folder.name}, scene {outcome.number}: {outcome.error}")
    return folder


def _settings(pictures: str, pictured: float, seed: int, **folders: Any) -> CompactScoreSettings:
    return CompactScoreSettings(
        network="compact_score",
        stages=(ScoreStage(STEPS, SETS, drawn=SetSettings(pictured=pictured)),),
        pictures=pictures,
        seed=seed,
        validate_every=STEPS,
        validation_sets=VALIDATION_SETS,
        **folders,
    )


def _judged_too(trainer: Trainer[ScoreValidation], others: dict[str, Scenes]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, one in others.items():
        kept |= _named(name, trainer.judged_on(one, OTHER_SETS))
    return kept


def _named(kind: str, found: ScoreValidation) -> dict[str, Any]:
    return {f"{kind}_loss": found.loss, f"{kind}_right_first": found.right_first[0]}


def _against(kind: str, found: list[dict[str, np.ndarray]]) -> dict[str, Any]:
    """Return points, those without any painted picture first, and the law through the others."""
    losses = np.stack([one[f"{kind}_loss"] for one in found])
    made = against(SHARES_PERCENT[1:], losses[1:], SHARES_PERCENT[-1])
    points = [
        point(percent, loss)
        | {"right_first": round(float(one[f"{kind}_right_first"]), 4), "less_95": _paired(kind, one, found[0])}
        for percent, loss, one in zip(SHARES_PERCENT, losses, found, strict=True)
    ]
    return made | {"points": points}


def _mean(found: dict[str, np.ndarray], kind: str) -> float:
    return round(float(found[f"{kind}_loss"].mean()), 4)


def _paired(kind: str, one: dict[str, np.ndarray], none: dict[str, np.ndarray]) -> list[float]:
    """Return how much less one run's loss is than that without painted pictures: least and most, 95 %, over sets."""
    less = none[f"{kind}_loss"] - one[f"{kind}_loss"]
    drawn = np.random.default_rng(0).integers(len(less), size=(2000, len(less)))
    return [round(float(limit), 4) for limit in np.percentile(less[drawn].mean(axis=1), (2.5, 97.5))]


def points_table(report: Report) -> str:
    """Return losses and shares on each kind of picture."""
    kinds = list(report["against"])
    lines = [
        "| painted, % of sets | " + " | ".join(f"{kind}: loss | less, 95 % | right first" for kind in kinds) + " |",
        "|---" * (1 + 3 * len(kinds)) + "|",
    ]
    for row in zip(*(report["against"][kind]["points"] for kind in kinds), strict=True):
        cells = [f"{one['loss']:.3f} | {_span(one['less_95'])} | {one['right_first']:.3f}" for one in row]
        lines.append(f"| {row[0]['n']} | " + " | ".join(cells) + " |")
    others = [
        f"{kind} {none:.3f} and {every:.3f} ({_span(less)} less)"
        for kind, (none, every, *less) in report["other_seed"].items()
    ]
    seeds = f"Another seed, with no painted pictures and with nothing else: {', '.join(others)}."
    drawn_so = [f"{kind} {loss:.3f} ({_span(less)} less)" for kind, (loss, *less) in report["fast"].items()]
    fast = f"The same scenes by the fast renderer, and nothing else: {', '.join(drawn_so)}."
    settings = report["settings"]
    views = f"{report['views']} painted views of {settings['scenes']} scenes, {settings['steps']} steps."
    return "\n".join([*lines, "", f"{views} {seeds} {fast} {origin(report)}"])


def _span(limits: list[float]) -> str:
    return f"{limits[0]:+.3f} to {limits[1]:+.3f}" if any(limits) else ""


def _rows_with_painted(report: Report) -> Report:
    """Return the report without the points that no logarithm has a place for."""
    kept = {kind: one | {"points": one["points"][1:]} for kind, one in report["against"].items()}
    return report | {"against": kept}


PART = Part(
    "photoreal_scaling",
    "what the share of photoreal pictures brings the compact scorer",
    "photoreal_scaling.json",
    {"photoreal_scaling": points_table, "photoreal_scaling_laws": lambda report: laws_table(report, TITLES)},
)


if __name__ == "__main__":
    typer.run(main)
