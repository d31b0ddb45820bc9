"""The command evaluate: estimated beside known poses."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ..datasets.bop_scene import BopScene
from ..datasets.open_sequence import open_sequence
from ..datasets.sequence import Sequence
from ..errors import InputRefused
from ..estimator import PoseEstimator
from ..evaluation import bop_report, report
from ..evaluation.bop_results import read_results, write_results
from ..evaluation.evaluate import JudgedEstimate, evaluate_all
from ..evaluation.html_report import write_html
from ..evaluation.runner import RunSettings
from .method_options import (
    DEFAULT_WEIGHTS,
    DifferentiableOption,
    Hypotheses,
    HypothesesOption,
    Method,
    PolishOption,
    Precision,
    PrecisionOption,
    RefinerOption,
    ScorerOption,
    WeightsOption,
    method_choice,
)
from .options import Device, DeviceOption, Init, Masks, MasksOption, Mode, ModelsOption, OverlayOption, UnitOption
from .output import OverlayWriter, prepared, with_progress

EXAMPLES = (
    "**Examples**\n\n"
    "- `foundation-pose evaluate recordings/desk`\n"
    "- `foundation-pose evaluate recordings/* --mode track --output report.json --html report.html`\n"
    "- `foundation-pose evaluate ycbv/test/000048 --object obj_000014 --mask truth`\n"
    "- `foundation-pose evaluate ycbv/test/* --bop-csv ours_ycbv-test.csv`\n"
    "- `foundation-pose evaluate ycbv/test/* --poses theirs_ycbv-test.csv`\n"
)


def evaluate(
    sequences: Annotated[
        list[Path],
        typer.Argument(help="One or more recordings with known poses.", show_default=False),
    ],
    objects: Annotated[
        list[str] | None,
        typer.Option(
            "--object",
            metavar="NAME",
            help="Only this object; may be given again.",
            show_default="all with known poses",
        ),
    ] = None,
    mode: Annotated[
        Mode, typer.Option("--mode", help="Every frame alone, or a track through all frames.")
    ] = Mode.REGISTER,
    init: Annotated[
        Init,
        typer.Option("--init", help="A track's start: the first known pose, or a registration from the first mask."),
    ] = Init.GT,
    masks: MasksOption = Masks.FILE,
    refiner: RefinerOption = Method.GEOMETRIC,
    scorer: ScorerOption = None,
    weights: WeightsOption = DEFAULT_WEIGHTS,
    polish: PolishOption = True,
    differentiable: DifferentiableOption = False,
    hypotheses: HypothesesOption = Hypotheses.GRID,
    precision: PrecisionOption = Precision.AUTO,
    device: DeviceOption = Device.CPU,
    unit: UnitOption = None,
    models: ModelsOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="report.json", help="Also write a report with every frame.", show_default=False
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html", metavar="report.html", help="Also write a page with curves and worst cases.", show_default=False
        ),
    ] = None,
    bop_csv: Annotated[
        Path | None,
        typer.Option(
            "--bop-csv", metavar="FILE.csv", help="Also write the poses as the BOP challenge wants.", show_default=False
        ),
    ] = None,
    poses: Annotated[
        Path | None,
        typer.Option(
            "--poses",
            metavar="FILE.csv",
            help="Estimate nothing: judge the poses of this file in the BOP challenge's format.",
            show_default=False,
        ),
    ] = None,
    overlay: OverlayOption = None,
) -> None:
    """Compare estimated with known poses: recall, area under the curve, errors and time, per object and overall.

    A frame in which the object is known to be, but for which no pose came out, counts as a miss. Of scenes of a BOP
    dataset also the challenge's average recall.
    """
    opened = [open_sequence(path, models, unit) for path in sequences]
    scenes = _bop_scenes(opened, poses or bop_csv)
    for path in (output, html, bop_csv):
        if path is not None:
            prepared(path)
    if poses is not None:
        scores = bop_report.scores_of_results(scenes, read_results(poses))
        Console().print(bop_report.table(scores))
        if output is not None:
            judged_file = {"sequences": [str(path) for path in sequences], "poses": str(poses)}
            report.write(output, report.provenance(judged_file) | {"bop": bop_report.as_json(scores)})
        return
    settings = RunSettings(mode.value, init.value, masks.value)
    choice = method_choice(refiner, scorer, weights, device, polish, differentiable, hypotheses, precision)
    draw = OverlayWriter(overlay)
    rows: list[JudgedEstimate] = []
    judged = evaluate_all(opened, lambda found: PoseEstimator(found, methods=choice.methods()), settings, objects)
    total = sum(len(sequence.frame_ids) for sequence in opened)
    for sequence, frame, frame_rows in with_progress(judged, total, "evaluate", lines_on_stdout=False):
        draw(sequence, frame, [row.estimate for row in frame_rows])
        rows += frame_rows
    if not any(row.counted for row in rows):
        raise InputRefused("nothing_counted", f"no frame of {sequences[0]} could be judged: {_reasons(rows)}")
    Console().print(report.table(rows, f"{mode.value}, {len(opened)} recordings" if len(opened) > 1 else mode.value))
    scores = bop_report.scores_of_rows(scenes, rows)
    if scores:
        Console().print(bop_report.table(scores))
    if bop_csv is not None:
        write_results(bop_csv, [result for scene in scenes for result in bop_report.results_of(scene, rows)])
    if output is not None or html is not None:
        used: dict[str, Any] = {
            "sequences": [str(path) for path in sequences],
            "objects": objects,
            "mode": mode.value,
            "init": init.value if mode is Mode.TRACK else None,
            "masks": masks.value,
            "device": device.value,
            "refiner": refiner.value,
            "scorer": (scorer or refiner).value,
            "unit": unit.value if unit else None,
        }
        found = report.as_json(rows, used) | ({"bop": bop_report.as_json(scores)} if scores else {})
        if output is not None:
            report.write(output, found)
        if html is not None:
            write_html(html, found, opened, rows)


def _bop_scenes(opened: list[Sequence], needed_for: Path | None) -> list[BopScene]:
    scenes = [sequence for sequence in opened if isinstance(sequence, BopScene)]
    if needed_for is not None and len(scenes) < len(opened):
        raise InputRefused(
            "not_bop",
            f"{needed_for} numbers scenes, images and objects as BOP datasets do: give scenes of a BOP dataset",
        )
    return scenes


def _reasons(rows: list[JudgedEstimate]) -> str:
    messages = {row.estimate.message for row in rows if row.estimate.message}
    return next(iter(sorted(messages)), "the only known pose is the one that the track starts from")
