"""The command evaluate: estimated beside known poses."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..errors import InputRefused
from ..estimator import PoseEstimator
from ..evaluation import report
from ..evaluation.evaluate import Row, evaluate_all
from ..evaluation.run import RunSettings
from ..evaluation.sequence import open_sequence
from .options import Device, DeviceOption, Init, Masks, MasksOption, Mode, ModelsOption, OverlayOption, UnitOption
from .output import OverlayWriter, prepared, with_progress

EXAMPLES = (
    "**Examples**\n\n"
    "- `foundation-pose evaluate recordings/desk`\n"
    "- `foundation-pose evaluate recordings/* --mode track --output report.json`\n"
    "- `foundation-pose evaluate ycbv/test/000048 --object obj_000014 --mask truth`\n"
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
    device: DeviceOption = Device.CPU,
    unit: UnitOption = None,
    models: ModelsOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="report.json", help="Also write a report with every frame.", show_default=False
        ),
    ] = None,
    overlay: OverlayOption = None,
) -> None:
    """Compare estimated with known poses: recall, area under the curve, errors and time, per object and overall.

    A frame in which the object is known to be, but for which no pose came out, counts as a miss.
    """
    opened = [open_sequence(path, models, unit) for path in sequences]
    if output is not None:
        prepared(output)
    settings = RunSettings(mode.value, init.value, masks.value)
    draw = OverlayWriter(overlay)
    rows: list[Row] = []
    judged = evaluate_all(opened, lambda found: PoseEstimator(found, device=device.value), settings, objects)
    total = sum(len(sequence.frame_ids) for sequence in opened)
    for sequence, frame, frame_rows in with_progress(judged, total, "evaluate", lines_on_stdout=False):
        draw(sequence, frame, [row.estimate for row in frame_rows])
        rows += frame_rows
    if not any(row.counted for row in rows):
        raise InputRefused("nothing_counted", f"no frame of {sequences[0]} could be judged: {_reasons(rows)}")
    Console().print(report.table(rows, f"{mode.value}, {len(opened)} recordings" if len(opened) > 1 else mode.value))
    if output is not None:
        used = {
            "sequences": [str(path) for path in sequences],
            "objects": objects,
            "mode": mode.value,
            "init": init.value if mode is Mode.TRACK else None,
            "masks": masks.value,
            "device": device.value,
            "unit": unit.value if unit else None,
        }
        report.write(output, report.as_json(rows, used))


def _reasons(rows: list[Row]) -> str:
    messages = {row.estimate.message for row in rows if row.estimate.message}
    return next(iter(sorted(messages)), "the only known pose is the one that the track starts from")
