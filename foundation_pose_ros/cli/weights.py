"""The command weights: those that come with the package, where to get others, what is there, and other formats."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputRefused
from ..method_choice import WITH_TORCH
from ..runtime.extras import require

if TYPE_CHECKING:
    from rich.console import Console

    from ..networks.shipped_weights import ShippedNetwork
    from ..networks.weights_report import WeightsReport

EXAMPLES = (
    "**Examples**\n\n"
    "- `foundation-pose weights`\n"
    "- `foundation-pose weights downloads/weights --convert`\n"
    "- `foundation-pose weights downloads/weights --onnx engines`\n"
)


def weights(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Folder with files of RefineNet and ScoreNet, or with one folder for each.", show_default=False
        ),
    ] = None,
    convert: Annotated[
        bool, typer.Option("--convert", help="Also write what was found as .safetensors into the folder.")
    ] = False,
    onnx: Annotated[
        Path | None,
        typer.Option("--onnx", metavar="DIR", help="Also write what was found as .onnx there.", show_default=False),
    ] = None,
) -> None:
    """List the weights that come with the package, or check those of RefineNet and ScoreNet in a folder.

    Without a folder it says where weights of RefineNet and ScoreNet are published, too. With one each file is read,
    which network it holds is found out, and the network is run once; status 0 if both were found.
    """
    from rich.console import Console

    console = Console()
    if folder is None:
        if convert or onnx is not None:
            raise InputRefused("no_weights", "name the FOLDER whose weights are to be written in another format")
        _list(console)
        return
    if onnx is not None:
        require("writing .onnx", "onnx", "no_onnx")
    _check(console, folder, convert, onnx)


def _list(console: Console) -> None:
    from ..networks.shipped_weights import SHIPPED
    from ..networks.weights_sources import in_words

    console.print("With the package:")
    for network in SHIPPED:
        console.print(_listed(network), soft_wrap=True, highlight=False, markup=False)
    console.print("\nRefineNet and ScoreNet, for --refiner and --scorer learned, don't come with it.")
    console.print(in_words(), soft_wrap=True, highlight=False)


def _listed(network: ShippedNetwork) -> str:
    from ..networks.shipped_weights import FOLDER

    try:
        facts = network.facts()
        known = f"licence: {facts.licence}; {facts}; {facts.date}"
    except InputRefused as refused:
        known = str(refused)
    share = network.up_to_depth
    taken = "asked by default" + (f" where at most {share:.0%} of the object's pixels have depth" if share < 1 else "")
    if not share:
        taken = "not asked by default"
    return (
        f"{network.file} ({network.path.stat().st_size / 1e6:.1f} MB)\n"
        f"  {network.title}, {network.asked_by}: {network.does}\n"
        f"  {known}\n"
        f"  {taken}: {network.verdict} ({network.page}, {FOLDER / 'README.md'})"
    )


def _check(console: Console, folder: Path, convert: bool, onnx: Path | None) -> None:
    from ..networks.weights_sources import in_words

    try:
        from ..networks.weights_folder import weights_in
        from ..networks.weights_report import examined
    except ImportError:
        console.print(in_words(), soft_wrap=True, highlight=False)
        raise InputRefused("no_torch", WITH_TORCH) from None
    try:
        files = weights_in(folder)
    except InputRefused:
        console.print(in_words(), soft_wrap=True, highlight=False)
        raise
    found: dict[str, WeightsReport] = {}
    problems = []
    for file in files:
        try:
            report = _with_licence(examined(file.path))
        except InputRefused as refused:
            problems.append(str(refused))
            continue
        console.print(_described(report), soft_wrap=True, highlight=False)
        found.setdefault(report.network.info.kind, report)
    for problem in problems:
        console.print(f"unusable: {problem}", soft_wrap=True, highlight=False)
    for report in found.values():
        if convert:
            console.print(f"written: {_converted(report, folder)}", soft_wrap=True, highlight=False)
        if onnx is not None:
            console.print(f"written: {_exported(report, onnx)}", soft_wrap=True, highlight=False)
    missing = [name for kind, name in (("refine", "RefineNet"), ("score", "ScoreNet")) if kind not in found]
    if missing:
        console.print(in_words(), soft_wrap=True, highlight=False)
        raise InputRefused("no_weights", f"{folder} holds no usable {' and no '.join(missing)}: get it as shown above")


def _with_licence(report: WeightsReport) -> WeightsReport:
    """Return the report with the licence that files of its format are published under, where the file states none."""
    from ..networks.weights_sources import licence_of

    return replace(report, licence=report.licence or licence_of(report.form))


def _described(report: WeightsReport) -> str:
    settings = report.network.info.settings
    compared = "" if report.difference is None else f", {report.difference:.1e} from onnxruntime"
    return (
        f"{report.path}\n"
        f"  {report.name} ({report.form}, run by {report.runs}), {report.parameters / 1e6:.2f} M parameters\n"
        f"  sha256 {report.sha256}\n"
        f"  crop {settings.crop_ratio:g} diameters; licence: {report.licence or 'unknown'}\n"
        f"  trial run: outputs {report.spread[0]:.3g} to {report.spread[1]:.3g}{compared}"
    )


def _converted(report: WeightsReport, folder: Path) -> Path:
    from ..networks.checkpoints import save_checkpoint
    from ..networks.weights_report import exportable

    path = folder / f"{report.name.lower()}.safetensors"
    if path == report.path:
        return path
    date = datetime.now(timezone.utc).date().isoformat()
    info = replace(report.network.info, licence=report.licence, source_sha256=report.sha256, date=date)
    save_checkpoint(exportable(report), path, info)
    return path


def _exported(report: WeightsReport, folder: Path) -> Path:
    from ..networks.onnx_export import export_onnx
    from ..networks.weights_report import exportable

    path = folder / f"{report.name.lower()}.onnx"
    export_onnx(exportable(report), path, replace(report.network.info, licence=report.licence))
    return path
