"""`universeg support from-mesh` and `from-views`: sets that an object's model, or its reference views, make."""

from pathlib import Path
from typing import Annotated

import typer

from foundation_pose_ros.object_model import ObjectModel
from foundation_pose_ros.reference_views.reading import read_views

from ..object_support import support_from_model, support_from_views
from ..support_set import SupportSet

OutputOption = Annotated[
    Path, typer.Option("--output", metavar="FOLDER|FILE.npz", help="The set to write.", show_default=False)
]


def from_mesh(
    mesh: Annotated[Path, typer.Argument(metavar="MESH", help="OBJ, PLY or GLB with colours.", show_default=False)],
    output: OutputOption,
    examples: Annotated[int, typer.Option("--examples", min=1, help="How many pictures.")] = 16,
    unit: Annotated[str, typer.Option("--unit", help="Of the mesh: m, dm, cm, mm, in or auto.")] = "m",
    seed: Annotated[int, typer.Option("--seed", help="Other pictures for another number.")] = 0,
) -> None:
    """Render an object on made-up tables, from many sides: so that its mask needs no detector and no drawing."""
    _write(support_from_model(ObjectModel.from_mesh(mesh, unit=unit), examples, seed=seed), output)


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
    _write(support_from_views(read_views(views, object_name), object_name or views.name), output)


def _write(support: SupportSet, output: Path) -> None:
    support.save(output)
    print(f"{len(support)} examples of {support.label_name(1)}: {output}")
