"""Symmetries that were found once, kept on disk: the search takes a second, and a mesh seldom changes."""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from ..atomic_file import write_text
from .cache_folder import cache_folder
from .symmetry import Axis, Symmetries
from .symmetry_search import ColouredSurface

# Colours are told apart on so many points of the surface, averaged as widely as the search does.
_POINTS, _FOOTPRINT_SHARE = 2400, 0.04
_SEARCHED_BY = ("symmetry_search.py", "closest_points.py", "symmetry.py", "directions.py")


class SymmetryCache:
    """Keeps what is found of one model, by kind of search."""

    def __init__(self, model: ColouredSurface) -> None:
        folder = cache_folder()
        self._path = None if folder is None else folder / "symmetries" / f"{_digest(model)}.json"

    def get(self, kind: str, search: Callable[[], Symmetries]) -> Symmetries:
        """Return what was found by a kind of search before, or search and keep it."""
        kept = self._read()
        try:
            return _symmetries(kept[kind])
        except (KeyError, TypeError, ValueError, IndexError):
            found = search()
        self._write(kept | {kind: _as_json(found)})
        return found

    def _read(self) -> dict[str, object]:
        try:
            kept = {} if self._path is None else json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _write(self, kept: dict[str, object]) -> None:
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_text(self._path, json.dumps(kept))
        except OSError:
            self._path = None  # a full disk, or a folder of somebody else's


def _as_json(symmetries: Symmetries) -> dict[str, object]:
    return {
        "discrete": np.asarray(symmetries.discrete, float).tolist(),
        "axes": [[list(map(float, axis.direction)), list(map(float, axis.point_m))] for axis in symmetries.axes],
    }


def _symmetries(entry: object) -> Symmetries:
    """Read what `_as_json` made; raises KeyError, TypeError, ValueError or IndexError for anything else."""
    if not isinstance(entry, dict):
        raise TypeError("not an entry")
    discrete = np.array(entry["discrete"], float).reshape(-1, 4, 4)
    axes = tuple(Axis(_triple(direction), _triple(point)) for direction, point in entry["axes"])
    if not np.isfinite(discrete).all():
        raise ValueError("not finite")
    return Symmetries(discrete, axes)


def _triple(values: object) -> tuple[float, float, float]:
    x, y, z = np.array(values, float)
    return float(x), float(y), float(z)


def _digest(model: ColouredSurface) -> str:
    """Return a name for surface, colours and the very code that searches them."""
    digest = hashlib.sha256(_code())
    for array in (model.vertices, model.faces):
        digest.update(np.ascontiguousarray(array).tobytes())
    if model.appearance is not None:
        _, faces, uv = model.surface_samples(_POINTS)
        rgb = model.appearance.sample(faces, uv, footprint_m=_FOOTPRINT_SHARE * model.diameter_m)
        # Processors differ in the last bits.
        digest.update(np.round(255 * rgb).astype(np.uint8).tobytes())
    return digest.hexdigest()


@cache
def _code() -> bytes:
    here = Path(__file__).parent
    return b"".join((here / name).read_bytes() for name in _SEARCHED_BY)
