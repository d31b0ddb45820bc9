"""What reconstruct does: views are read, made into a model, and written."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ..errors import InputRefused
from ..reconstruction.capture.calibration_board import Board
from ..reconstruction.capture.rosbag import read_bag_views
from ..reconstruction.capture.view_folder import read_views
from ..reconstruction.model_files import SUFFIXES, write_model
from ..reconstruction.reconstruct import STEPS, ReconstructionSettings, reconstruct
from ..reconstruction.reference_view import ReferenceView
from ..reconstruction.surface_choice import SurfaceMaker, better_surface, field_from
from ..reconstruction.texture.texture_atlas import require_xatlas
from ..runtime.extras import require
from ..streams.bag_topics import BagTopics
from ..streams.rosbag import is_bag
from .output import prepared

_MAKERS: dict[str, SurfaceMaker | None] = {
    "fusion": None,
    "field": field_from,
    "better": lambda views: better_surface(views).surface,
}
_WHAT = {"check": "checking views", "fuse": "fusing", "paint": "painting", "compare": "comparing"}


def check_output(path: Path) -> None:
    """Make the folder of the model's file; raise InputRefused where it can't be written, or is no mesh's."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputRefused("output", f"{path} is no mesh: give --output a name that ends in {', '.join(SUFFIXES)}")
    prepared(path)


def check_libraries(surface: str, texture_px: int) -> None:
    """Raise InputRefused where a library is missing that would be needed only after minutes of work."""
    if texture_px > 0:
        require_xatlas()
    if surface != "fusion":
        require("the neural object field", "learned")


def read_all_views(
    path: Path, object_name: str | None, board: str | None, topics: BagTopics
) -> tuple[ReferenceView, ...]:
    """Read the views from a folder, a BOP scene or a bag; board: as `Board.parse` reads it."""
    printed = Board.parse(board) if board is not None else None
    if is_bag(path):
        return read_bag_views(path, topics, printed)
    return read_views(path, object_name, printed)


def write_reconstruction(
    views: tuple[ReferenceView, ...], name: str, surface: str, settings: ReconstructionSettings, output: Path
) -> None:
    """Make the model, with a bar while it is made, write it, and print how good it is."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(STEPS))
        result = reconstruct(
            views,
            name,
            settings,
            make_surface=_MAKERS[surface],
            on_step=lambda step: bar.update(task, description=_WHAT[step], completed=STEPS.index(step)),
        )
    write_model(result, output)
    for line in result.report.lines():
        print(line)
