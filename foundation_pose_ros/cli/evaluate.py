"""The command evaluate: estimated beside known poses."""

from pathlib import Path
from typing import Annotated

import typer

from .evaluation_options import ReportOptions, RunOptions
from .method_options import MethodOptions
from .option_groups import changed_options, with_option_groups
from .options import MeshOptions, OverlayOption

EXAMPLES = (
    "**Examples**\n\n"
    "- `foundation-pose evaluate recordings/desk`\n"
    "- `foundation-pose evaluate recordings/* --mode track --output report.json --html report.html`\n"
    "- `foundation-pose evaluate ycbv/test/000048 --object obj_000014 --mask truth`\n"
    "- `foundation-pose evaluate ycbv/test/* --bop-csv ours_ycbv-test.csv`\n"
    "- `foundation-pose evaluate ycbv/test/* --poses theirs_ycbv-test.csv`\n"
)


@with_option_groups
def evaluate(
    sequences: Annotated[
        list[Path],
        typer.Argument(help="One or more recordings with known poses.", show_default=False),
    ],
    *,
    objects: Annotated[
        list[str] | None,
        typer.Option(
            "--object",
            metavar="NAME",
            help="Only this object; may be given again.",
            show_default="all with known poses",
        ),
    ] = None,
    how: RunOptions,
    methods: MethodOptions,
    meshes: MeshOptions,
    reports: ReportOptions,
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
    from .evaluation import Evaluation, bop_scenes, judge_file, opened_once, print_bop_scores

    if poses is not None:
        useless = [*changed_options(how), *changed_options(methods), *changed_options(reports)]
        useless += ["--object"] * bool(objects) + ["--overlay"] * (overlay is not None)
        _refuse_beside_poses([name for name in useless if name != "--output"])
    recordings = opened_once(sequences, meshes)
    scenes = bop_scenes(recordings, needed_for=poses or reports.bop_csv)
    reports.prepare()
    if poses is not None:
        judge_file(poses, scenes, sequences, reports.output)
        return
    evaluation = Evaluation(sequences, recordings, objects, how, methods, meshes)
    rows = evaluation.judged_rows(overlay)
    evaluation.print_table(rows)
    scores = print_bop_scores(scenes, rows)
    evaluation.write_reports(rows, scores, reports)


def _refuse_beside_poses(options: list[str]) -> None:
    if options:
        raise typer.BadParameter(
            f"--poses judges a file and estimates nothing, so it has no use for {', '.join(options)}: leave that out"
        )
