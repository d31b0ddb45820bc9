"""A reconstructed model on the disk: the mesh, a picture of it beside its views, and a report."""

import json
from pathlib import Path

import cv2
import numpy as np

from ..arrays import Rgb
from ..atomic_file import replacing, write_text
from ..errors import InputRefused
from ..overlay import contact_sheet
from ..rendering.embree import EmbreeRenderer
from .reconstruct import Reconstruction
from .reference_view import ReferenceView
from .view_selection import choose

SUFFIXES = (".glb", ".ply", ".obj")
_CELL_PX, _MOST_VIEWS, _GROUND = 240, 8, 40


def write_model(result: Reconstruction, path: Path) -> None:
    """Write the mesh at `path` (.glb, .ply, .obj), and with other endings the picture (.png) and the report (.json).

    The mesh comes last and is there whole or not at all. Raises InputRefused where that can't be done.
    """
    report = json.dumps({"model": path.name, **result.report.as_json()}, indent=1)
    picture = cv2.cvtColor(beside_views(result), cv2.COLOR_RGB2BGR)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as unfinished:
            result.mesh.export(unfinished)
            written = cv2.imwrite(str(path.with_suffix(".png")), picture)
            write_text(path.with_suffix(".json"), report + "\n")
    except OSError as error:
        raise InputRefused("output", f"{path} can't be written ({error.strerror}): choose another place") from None
    if not written:
        raise InputRefused("output", f"{path.with_suffix('.png')} can't be written: choose another place")


def beside_views(result: Reconstruction) -> Rgb:
    """Draw (H, W, 3) uint8 RGB: pairs of view and rendering at its pose and in its light, held-out ones first."""
    renderer = EmbreeRenderer(result.model)
    views = [*choose(result.held_out, _MOST_VIEWS // 2), *choose(result.used, _MOST_VIEWS)][:_MOST_VIEWS]
    cells, captions = [], []
    for view in views:
        camera = view.frame.camera
        rendering = renderer.render(view.pose[None], camera.K, (camera.height, camera.width), colour=True)
        shown = np.full_like(view.frame.rgb, _GROUND)
        hit = rendering.depth_m[0] > 0
        shown[hit] = 180 if rendering.rgb is None else result.lit.lit(rendering.rgb[0], view)[hit]
        window = _window(view)
        cells += [_cut(view.frame.rgb, window), _cut(shown, window)]
        captions += [f"{view.name}{'' if view in result.used else ' (held out)'}", "model"]
    return contact_sheet(cells, columns=4, captions=captions, cell_width_px=_CELL_PX)


def _window(view: ReferenceView) -> tuple[int, int, int]:
    """Left, top and side of a square around the mask."""
    left, top, width, height = cv2.boundingRect(view.mask.astype(np.uint8))
    side = round(1.25 * max(width, height))
    return left + (width - side) // 2, top + (height - side) // 2, side


def _cut(image: np.ndarray, window: tuple[int, int, int]) -> np.ndarray:
    left, top, side = window
    padded = cv2.copyMakeBorder(image, side, side, side, side, cv2.BORDER_CONSTANT, value=(_GROUND,) * 3)
    part = padded[top + side : top + 2 * side, left + side : left + 2 * side]
    return cv2.resize(part, (_CELL_PX, _CELL_PX), interpolation=cv2.INTER_AREA)
