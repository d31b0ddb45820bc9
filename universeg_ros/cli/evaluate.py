"""`universeg evaluate`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from foundation_pose_ros.cli.option_groups import with_option_groups
from foundation_pose_ros.cli.output import prepared
from foundation_pose_ros.runtime.extras import require

from .options import SegmenterOptions, SupportSizeOption


@dataclass(frozen=True)
class ProtocolOptions:
    """How the weights are measured."""

    support_size: SupportSizeOption = 16
    ensemble: Annotated[int, typer.Option("--ensemble", min=1, help="Draws of the support to average.")] = 5
    baselines: Annotated[bool, typer.Option(help="Also the mean of the masks, and a random forest per task.")] = True
    patients_apart: Annotated[
        bool, typer.Option("--patients-apart", help="No patient both in support and test (array source).")
    ] = False
    limit: Annotated[int, typer.Option("--limit", min=0, help="Test images per task; 0: all.")] = 0
    seed: Annotated[int, typer.Option("--seed", help="Of the draws.")] = 0


@with_option_groups
def evaluate(
    tasks: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE.npz...",
            help="Tasks: arrays images, (N, H, W) or (N, H, W, 3), and labels.",
            show_default=False,
        ),
    ],
    network: SegmenterOptions,
    protocol: ProtocolOptions,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="report.json", help="Also a report.", show_default=False)
    ] = None,
) -> None:
    """Measure the weights on tasks with known masks, beside two methods that learn nothing across tasks.

    Each task's images are split once, 70 % to draw the support from and the rest to be segmented; sets of 5 or fewer
    are judged one image against the others. Prints the mean Dice per task and over tasks.
    """
    require("segmentation", "segmentation")
    if protocol.baselines:
        require("the random forest", "segmentation-evaluation", "no_sklearn", "or --no-baselines")
    from rich.console import Console

    from foundation_pose_ros.cli.progress import with_progress

    from ..evaluation import report
    from ..evaluation.protocol import EvaluationSettings, Score
    from ..evaluation.protocol import evaluate as evaluated
    from ..evaluation.tasks import image_sources, read_task
    from ..network.checkpoints import load_checkpoint
    from ..segmenter_settings import SegmenterSettings

    read = [read_task(path) for path in tasks]
    if output is not None:
        prepared(output)
    settings = EvaluationSettings(**vars(protocol))
    base = SegmenterSettings(
        flips=network.flips, zoom=network.zoom.value, likeness=network.likeness, precision=network.precision.value
    )
    model, info = load_checkpoint(network.weights)
    scores: list[Score] = []
    done = ((task, list(evaluated(model, task, settings, network.device.value, base))) for task in read)
    for _, found in with_progress(done, len(read), "evaluate", lines_on_stdout=False):
        scores += found
    used = {
        "tasks": [str(path) for path in tasks],
        "weights": network.weights,
        "weights_info": vars(info),
        "support_size": protocol.support_size,
        "ensemble": protocol.ensemble,
        "flips": network.flips,
        "zoom": network.zoom.value,
        "likeness": network.likeness,
        "patients_apart": protocol.patients_apart,
        "limit": protocol.limit,
        "seed": protocol.seed,
        "device": network.device.value,
        "precision": network.precision.value,
    }
    made = report.as_json(scores, image_sources(read), used)
    Console().print(report.table(made, f"support of {protocol.support_size}, ensemble of {protocol.ensemble}"))
    if output is not None:
        report.write(output, made)
