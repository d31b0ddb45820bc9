"""`python -m benchmarks.pose.published_training`: RefineNet's short run on a CPU, over varied objects at any rotation.

Trains what refine_net_short.yaml describes, going on where that was stopped; reads how its loss went, and what its
steps leave of errors on meshes held out and on recordings; then refines objects that it never saw. Writes
benchmarks/results/published_training.json, its tables and the figure.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer

from benchmarks.pose.painted_scenes import RECORDINGS
from benchmarks.pose.pushed_poses import off, pushed
from benchmarks.reporting.documents import publish
from benchmarks.reporting.log_chart import LogPanel, log_charts
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import ROOT, data_folder, origin
from foundation_pose_ros.atomic_file import write_text
from foundation_pose_ros.networks.weights_info import PUBLISHED_SETTINGS
from foundation_pose_ros.object_model.surface_distance import SurfaceDistance
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.mesh_library import MeshLibrary
from foundation_pose_ros.synthetic.surface_textures import TextureLibrary
from foundation_pose_ros.training import refine_net_task
from foundation_pose_ros.training.drawn_scenes import DrawnScenes, DrawnSceneSettings
from foundation_pose_ros.training.loop import Trainer
from foundation_pose_ros.training.published_inputs import PublishedInputs
from foundation_pose_ros.training.published_settings import RefineNetStage
from foundation_pose_ros.training.runs import trainer_of
from foundation_pose_ros.training.step_sets import crop_frame
from foundation_pose_ros.yaml_settings import read_settings

RUN = Path(refine_net_task.__file__).with_name("refine_net_short.yaml")
FIGURE = ROOT / "docs" / "images" / "published_training.svg"
SCENES, ITERATIONS = 96, 5
OFF_RAD, OFF_SHARE = float(np.deg2rad(10.0)), 0.1
# No scene of a run has this seed.
_SEED = 1 << 41
_JUDGED = ("left", "farther", "recorded_left", "recorded_farther")
_PLACES = {"held-out meshes": "left", "recordings": "recorded_left"}


def main(
    run: Annotated[Path, typer.Option(help="Folder of the run, to go on in.")] = Path("runs/refine_net_short"),
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Train as far as that isn't done, and write JSON, tables and figure."""
    data = data_folder()
    trainer = trainer_of(
        RUN,
        lambda line: print(line, flush=True),
        output=str(run),
        meshes=str(data / "meshes_train"),
        textures=str(data / "textures_train"),
        recordings=[str(data / "pose" / name) for name in RECORDINGS],
    )
    trainer.run()
    report = provenance(read_settings(RUN)) | {
        "command": "python -m benchmarks.pose.published_training",
        "scenes": SCENES,
        "size": _last(trainer).size,
        "course": course(run / "log.csv"),
        "medians_by_iteration": refined(trainer, trainer.held, trainer.textures),
    }
    publish(PART, report, output)
    if output is None:
        write_text(FIGURE, figure(report))
    print(PART.markdown(report))


def course(log: Path) -> list[dict[str, float]]:
    """Return a row for each time that a run was judged; its loss is the mean since the time before."""
    with log.open(encoding="utf-8", newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    kept, losses = [], []
    for row in rows:
        losses.append(row["loss"])
        if not np.isnan(row["left"]):
            known = {name: row[name] for name in _JUDGED}
            loss = round(float(np.mean(losses)), 4)
            kept.append(
                {"step": row["step"], "pairs": row["pairs"], "minutes": row["processor_s"] / 60, "loss": loss} | known
            )
            losses = []
    return kept


@torch.no_grad()
def refined(trainer: Trainer[Any], meshes: MeshLibrary, textures: TextureLibrary) -> list[dict[str, float]]:
    """Return medians of errors before refinement and after each iteration, of objects that training never saw."""
    stage = _last(trainer)
    inputs = PublishedInputs(PUBLISHED_SETTINGS["refine"], stage.size)
    scenes = DrawnScenes(meshes, textures, DrawnSceneSettings(defects=stage.drawn.defects), _SEED)
    errors = [list(_course(trainer.average.eval(), scenes, inputs, number)) for number in range(SCENES)]
    names = ("surface", "centre", "angle_deg")
    return [dict(zip(names, np.round(row, 4).tolist(), strict=True)) for row in np.median(np.array(errors), axis=0)]


def _last(trainer: Trainer[Any]) -> RefineNetStage:
    stage = trainer.settings.stages[-1]
    assert isinstance(stage, RefineNetStage)
    return stage


def _course(
    network: torch.nn.Module, scenes: DrawnScenes, inputs: PublishedInputs, number: int
) -> Iterator[tuple[float, float, float]]:
    scene = scenes[number]
    model, T_true = scene.shown.model, scene.T_true
    distance = SurfaceDistance(model.vertices, model.symmetries)
    T = pushed(np.random.default_rng([_SEED, number]), T_true, model, OFF_SHARE * model.diameter_m, OFF_RAD)
    yield off(T, T_true, model, distance)
    for _ in range(ITERATIONS):
        # Made anew from its number, so that each iteration looks at the same picture.
        crops = inputs(scenes[number], T[None].astype(np.float32))
        said = refine_net_task.said_motions(network, *map(torch.from_numpy, (crops.rendered, crops.observed)))
        T_crop_cam = crop_frame(crops.centre_cam[0], model.diameter_m)
        T = np.linalg.inv(T_crop_cam) @ said[0].numpy() @ T_crop_cam @ T
        yield off(T, T_true, model, distance)


def course_table(report: Report) -> str:
    """Return how the loss, and what a step leaves of errors, went."""
    lines = [
        "| steps | pairs | minutes | loss | a step leaves | end farther | on recordings it leaves | end farther |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['step']:.0f} | {row['pairs']:.0f} | {row['minutes']:.0f} | {row['loss']:.3f} | {row['left']:.2f} "
        f"| {row['farther']:.2f} | {row['recorded_left']:.2f} | {row['recorded_farther']:.2f} |"
        for row in report["course"]
    ]
    return "\n".join([*lines, "", origin(report)])


def refined_table(report: Report) -> str:
    """Return medians over objects never seen, by iteration, and the share of the errors that remains."""
    rows = report["medians_by_iteration"]
    last = len(rows) - 1
    lines = [f"| | start | after 1 | after {last} iterations | remains |", "|---|---|---|---|---|"]
    lines += [
        f"| {title} | {rows[0][key]:{form}} | {rows[1][key]:{form}} | {rows[last][key]:{form}} "
        f"| {100 * rows[last][key] / rows[0][key]:.0f} % |"
        for key, title, form in (
            ("surface", "surface, diameters", ".3f"),
            ("centre", "centre, diameters", ".3f"),
            ("angle_deg", "rotation, degrees", ".1f"),
        )
    ]
    size = report["size"]
    what = f"Medians over {report['scenes']} scenes of held-out meshes, at {size} x {size} pixels."
    return "\n".join([*lines, "", f"{what} {origin(report)}"])


def figure(report: Report) -> str:
    """Draw what a step leaves of errors against the pairs that were learned from; marked where these have doubled."""
    rows = report["course"]
    pairs = np.array([row["pairs"] for row in rows])
    marked = [k for k in range(len(rows)) if k == 0 or np.log2(pairs[k] / pairs[0]) % 1 == 0 or k == len(rows) - 1]
    panels = []
    for title, key in _PLACES.items():
        left = np.array([row[key] for row in rows])
        points = pairs[marked], left[marked], np.zeros(len(marked))
        panels.append(LogPanel(title, "pairs", *points, np.stack([pairs, left])))
    return log_charts(panels, "a step leaves")


PART = Part(
    "published_training",
    "RefineNet's short run on a CPU, over varied objects at any rotation",
    "published_training.json",
    {"published_training": course_table, "published_training_refined": refined_table},
)


if __name__ == "__main__":
    typer.run(main)
