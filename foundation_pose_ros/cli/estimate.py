"""The commands register and track: poses of a recording, one line a frame."""

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from ..datasets.open_sequence import open_sequence
from ..datasets.sequence import Sequence, known_object, position_of
from ..errors import InputRefused
from ..estimator import PoseEstimator
from ..evaluation.runner import RunSettings, run
from ..method_choice import MethodChoice
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
from .options import (
    Device,
    DeviceOption,
    Init,
    Masks,
    MasksOption,
    ModelsOption,
    ObjectOption,
    OutputOption,
    OverlayOption,
    SequenceArgument,
    UnitOption,
)
from .output import OverlayWriter, line_writer, with_progress

REGISTER_EXAMPLES = (
    "**Examples**\n\n"
    "- `foundation-pose register recordings/desk --object mug`\n"
    "- `foundation-pose register recordings/desk --object mug --frame 000001 --overlay pictures`\n"
    "- `foundation-pose register ycbv/test/000048 --object obj_000014 --output poses.jsonl`\n"
)


def register(
    sequence: SequenceArgument,
    object_name: ObjectOption = None,
    frame: Annotated[
        str | None,
        typer.Option("--frame", metavar="F", help="Only this frame, such as 000001 or 1.", show_default="every frame"),
    ] = None,
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
    output: OutputOption = None,
    overlay: OverlayOption = None,
) -> None:
    """Find the object in each frame alone, from its mask in that frame.

    Prints one JSON line per frame with T_cam_obj (object to camera, 4x4, metres), a score in 0..1 and the time. A frame
    without the object has "T_cam_obj": null and the reason.
    """
    choice = method_choice(refiner, scorer, weights, device, polish, differentiable, hypotheses, precision)
    opened = open_sequence(sequence, models, unit)
    frame_ids = opened.frame_ids if frame is None else [_frame_id(frame, opened, sequence)]
    _run(opened, object_name, RunSettings("register", masks=masks.value), frame_ids, choice, output, overlay)


TRACK_EXAMPLES = (
    "**Examples**\n\n"
    "- `foundation-pose track recordings/desk --object mug --output poses.jsonl`\n"
    "- `foundation-pose track recordings/desk --object mug --init gt --overlay pictures`\n"
)


def track(
    sequence: SequenceArgument,
    object_name: ObjectOption = None,
    init: Annotated[
        Init, typer.Option("--init", help="Start from the first mask, or from the first known pose (gt/).")
    ] = Init.MASK,
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
    output: OutputOption = None,
    overlay: OverlayOption = None,
) -> None:
    """Follow the object through all frames from its first mask or known pose.

    Prints one JSON line per frame as register does; "state" is SEARCHING before the start, then TRACKING or LOST.
    """
    opened = open_sequence(sequence, models, unit)
    settings = RunSettings("track", init.value, masks.value)
    choice = method_choice(refiner, scorer, weights, device, polish, differentiable, hypotheses, precision)
    _run(opened, object_name, settings, opened.frame_ids, choice, output, overlay)


def _run(
    sequence: Sequence,
    object_name: str | None,
    settings: RunSettings,
    frame_ids: list[str],
    choice: MethodChoice,
    output: Path | None,
    overlay: Path | None,
) -> None:
    name = _the_object(object_name, sequence)
    estimator = PoseEstimator([sequence.model(name)], methods=choice.methods())
    draw = OverlayWriter(overlay)
    without: Counter[str] = Counter()
    message = ""
    with line_writer(output) as write:
        results = run(sequence, estimator, [name], settings, frame_ids)
        for frame, estimates in with_progress(results, len(frame_ids), settings.mode, lines_on_stdout=output is None):
            for estimate in estimates:
                write(estimate.as_json())
                if estimate.result is None:
                    without[estimate.reason] += 1
                    message = message or estimate.message
            draw(sequence, frame, estimates)
    if without.total() == len(frame_ids):
        raise InputRefused("no_pose", f"no pose of {name} in {sequence.name}: {message}")
    if without:
        listed = ", ".join(f"{count} {reason}" for reason, count in without.most_common())
        print(f"foundation-pose: no pose in {without.total()} of {len(frame_ids)} frames ({listed})", file=sys.stderr)


def _the_object(name: str | None, sequence: Sequence) -> str:
    if name is not None:
        return known_object(name, sequence.object_names, sequence.name)
    if len(sequence.object_names) == 1:
        return sequence.object_names[0]
    if not sequence.object_names:
        raise InputRefused("no_object", f"{sequence.name} has no object: put its mesh in mesh/OBJECT/")
    raise InputRefused(
        "which_object",
        f"{sequence.name} has several objects: choose with --object {' or '.join(sequence.object_names)}",
    )


def _frame_id(text: str, sequence: Sequence, path: Path) -> str:
    """The frame named so, or the one with that number whatever its leading zeros."""
    if text not in sequence.frame_ids and text.isdigit():
        same = [f for f in sequence.frame_ids if f.isdigit() and int(f) == int(text)]
        text = same[0] if same else text
    return sequence.frame_ids[position_of(text, sequence.frame_ids, path)]
