"""`universeg support`: make, show and check sets of examples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foundation_pose_ros.cli.option_groups import with_option_groups
from foundation_pose_ros.cli.options import MeshOptions, ObjectOption, SequenceArgument
from foundation_pose_ros.cli.output import prepared
from foundation_pose_ros.cli.progress import with_progress
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.runtime.extras import require

from .options import AspectChoice, WeightsOption

if TYPE_CHECKING:
    from ..support.support_set import SupportSet

app = typer.Typer(
    help="Make, show and check sets of examples.", rich_markup_mode="markdown", pretty_exceptions_enable=False
)

OutputOption = Annotated[
    Path, typer.Option("--output", metavar="FOLDER|FILE.npz", help="The set to write.", show_default=False)
]
PathArgument = Annotated[Path, typer.Argument(metavar="FOLDER|FILE.npz", help="The support set.", show_default=False)]


@app.command(
    epilog="**Example**\n\n- `universeg support make --images photos --masks drawn --label 1=cell --output cells`\n"
)
def make(
    images: Annotated[Path, typer.Option("--images", help="Folder of images.", show_default=False)],
    masks: Annotated[Path, typer.Option("--masks", help="Folder of masks of the same names.", show_default=False)],
    output: OutputOption,
    size: Annotated[int, typer.Option("--size", help="Side of the square that the network sees, px.")] = 128,
    aspect: Annotated[
        AspectChoice, typer.Option("--aspect", help="Stretch images to the square, or keep and pad.")
    ] = AspectChoice.STRETCH,
    window: Annotated[
        tuple[float, float] | None,
        typer.Option(
            "--window", help="Values that become black and white, as for CT.", show_default="each image's own"
        ),
    ] = None,
    labels: Annotated[
        list[str] | None, typer.Option("--label", metavar="1=NAME", help="What a label is called.", show_default=False)
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="16UC1 or 32FC1 where images are depth.", show_default=False)
    ] = None,
) -> None:
    """Put images and masks together to a support set; refuses what would spoil it, and says why."""
    from ..image_files import read_image, read_mask
    from ..support.preparation import Preparation
    from ..support.support_set import SupportSet

    support = SupportSet(Preparation(size, aspect.value, window), dict(_label(text) for text in labels or []))
    drawn = {file.stem: file for file in _files(masks)}
    for file in _files(images):
        if file.stem not in drawn:
            raise InputRefused("bad_support", f"{file} has no mask of its name in {masks}")
        support.add(read_image(file), read_mask(drawn[file.stem]), file.stem, encoding)  # type: ignore[arg-type]
    support.save(output)
    print(f"{len(support)} examples of {', '.join(support.label_name(label) for label in support.labels)}: {output}")


@app.command()
def show(
    path: PathArgument,
    output: Annotated[Path, typer.Option("--output", metavar="picture.png", show_default=False)],
) -> None:
    """Draw all examples with their masks into one picture."""
    from ..image_files import write_picture
    from ..pictures import support_picture
    from ..support.support_set import SupportSet

    write_picture(prepared(output), support_picture(SupportSet.load(path)))
    print(output)


@app.command()
def check(path: PathArgument) -> None:
    """List the examples, and say what would make the set better; exit status 1 where it can't be used."""
    import numpy as np
    from rich.console import Console
    from rich.table import Table

    from ..support.advice import advice
    from ..support.support_set import SupportSet

    support = SupportSet.load(path)
    table = Table(title=f"{path}: {len(support)} examples", title_justify="left")
    for column in ("name", "image", "type", "labels", "marked"):
        table.add_column(column, justify="right" if column == "marked" else "left")
    for example in support:
        height, width = example.labels.shape
        names = ", ".join(support.label_name(label) for label in example.present)
        share = f"{100 * float(np.mean(example.labels > 0)):.1f} %"
        table.add_row(example.name, f"{width}x{height}", example.encoding or str(example.image.dtype), names, share)
    Console().print(table)
    for line in advice(support):
        print(line)


@app.command(epilog="**Example**\n\n- `universeg support gray cells`\n")
def gray(path: PathArgument, weights: WeightsOption = "default") -> None:
    """Find out what the network should be shown of gray pictures, and keep that in the set: nobody chooses it anew.

    The map of what looks like what is marked, the picture itself, or both, whichever does best on examples that are
    held out. Take it back by `gray: null` in support.yaml.
    """
    require("segmentation", "segmentation")
    from dataclasses import replace

    from ..segmenter import Segmenter
    from ..support.support_set import SupportSet

    support = SupportSet.load(path)
    support.preparation = replace(support.preparation, gray=Segmenter(weights).set_support(support).gray_look())
    support.save(path)
    print(f"{path}: gray pictures are shown as {support.preparation.gray}")


@app.command(epilog="**Example**\n\n- `universeg support from-mesh mug.obj --output mug_support`\n")
def from_mesh(
    mesh: Annotated[Path, typer.Argument(metavar="MESH", help="OBJ, PLY or GLB with colours.", show_default=False)],
    output: OutputOption,
    examples: Annotated[int, typer.Option("--examples", min=1, help="How many pictures.")] = 16,
    unit: Annotated[str, typer.Option("--unit", help="Of the mesh: m, dm, cm, mm, in or auto.")] = "m",
    seed: Annotated[int, typer.Option("--seed", help="Other pictures for another number.")] = 0,
) -> None:
    """Render an object on made-up tables, from many sides: so that its mask needs no detector and no drawing."""
    from foundation_pose_ros.object_model.model import ObjectModel

    from ..support.from_object_model import support_from_model

    _write(support_from_model(ObjectModel.from_mesh(mesh, unit=unit), examples, seed=seed), output)


@app.command()
def from_views(
    views: Annotated[
        Path,
        typer.Argument(metavar="VIEWS", help="As `foundation-pose reconstruct` takes them.", show_default=False),
    ],
    output: OutputOption,
    object_name: Annotated[
        str | None, typer.Option("--object", help="Which, where there are several.", show_default=False)
    ] = None,
) -> None:
    """Take an object's reference views with their masks as they are."""
    from foundation_pose_ros.reconstruction.capture.view_folder import read_views

    from ..support.from_object_model import support_from_views

    _write(support_from_views(read_views(views, object_name), object_name or views.name), output)


@app.command(epilog="**Example**\n\n- `universeg support found recordings/desk --object mug --output mug_support`\n")
@with_option_groups
def found(
    sequence: SequenceArgument,
    *,
    output: OutputOption,
    object_name: ObjectOption = None,
    examples: Annotated[int, typer.Option("--examples", min=1, help="How many pictures.")] = 16,
    meshes: MeshOptions,
) -> None:
    """Search for an object in an RGB-D recording by its mesh, and take pictures in which it is surely found."""
    import numpy as np

    from foundation_pose_ros.cli.pose_lines import the_object

    from ..support.found_in_pictures import support_found

    recording = meshes.opened(sequence)
    model = recording.model(the_object(object_name, recording))
    ids = recording.frame_ids
    # Far apart, so that they differ; more than are asked for, since in some it may not be found.
    chosen = [ids[k] for k in np.unique(np.linspace(0, len(ids) - 1, 2 * examples).astype(int))]
    frames = (recording.frame(k) for k in with_progress(chosen, len(chosen), "search", lines_on_stdout=False))
    _write(support_found(model, frames, examples), output)


def _write(support: SupportSet, output: Path) -> None:
    support.save(output)
    print(f"{len(support)} examples of {support.label_name(1)}: {output}")


def _files(folder: Path) -> list[Path]:
    from ..image_files import IMAGE_SUFFIXES

    files = sorted(f for f in folder.glob("*") if f.suffix.lower() in IMAGE_SUFFIXES)
    if not files:
        raise InputRefused("no_image", f"{folder} holds no images: give a folder of PNG, JPEG, BMP or TIFF files")
    return files


def _label(text: str) -> tuple[int, str]:
    number, _, name = text.partition("=")
    if not number.isdigit() or not name:
        raise InputRefused("bad_label", f"--label {text}: give a number and a name, such as 1=cell")
    return int(number), name
