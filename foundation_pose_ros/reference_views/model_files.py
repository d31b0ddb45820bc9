"""A reconstructed model on the disk: the mesh, a picture of it beside its views, and a report."""

import json
from pathlib import Path

import cv2

from ..errors import InputRefused
from .picture import beside_views
from .reconstruction import Reconstruction

SUFFIXES = (".glb", ".ply", ".obj")


def write_model(result: Reconstruction, path: Path) -> None:
    """The mesh at `path` (.glb, .ply, .obj), and with other endings the picture (.png) and the report (.json).

    Each is written beside its place and put there whole, so that nobody reads half a file. Raises InputRefused where
    that can't be done.
    """
    report = json.dumps({"model": path.name, **result.report.as_json()}, indent=1)
    picture = cv2.cvtColor(beside_views(result), cv2.COLOR_RGB2BGR)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.stem}_unfinished{path.suffix}")
        result.mesh.export(unfinished)
        written = cv2.imwrite(str(path.with_suffix(".png")), picture)
        path.with_suffix(".json").write_text(report + "\n")
        unfinished.replace(path)
    except OSError as error:
        raise InputRefused("output", f"{path} can't be written ({error.strerror}): choose another place") from None
    if not written:
        raise InputRefused("output", f"{path.with_suffix('.png')} can't be written: choose another place")
