"""Views of objects in recordings, for networks to be judged on: nothing of them is ever trained on."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..datasets.open_sequence import open_sequence
from ..errors import InputRefused
from .pictured_scene import PicturedScene
from .posed_scene import KnownMesh

# Every so many frames are looked at.
_EVERY = 5
_SEED = 7


class RecordedScenes:
    """Views by their number, of the objects whose pose and mask are known; the same number gives the same view."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Look for them. Raises InputRefused where a folder is no sequence, or none of them shows such an object."""
        self._sequences = [open_sequence(folder) for folder in folders]
        self._views = [
            (k, frame_id, name)
            for k, sequence in enumerate(self._sequences)
            for frame_id in sequence.frame_ids[::_EVERY]
            for name in sequence.object_names
            if sequence.truth(frame_id, name) is not None and sequence.mask(frame_id, name) is not None
        ]
        if not self._views:
            named = ", ".join(str(folder) for folder in folders)
            raise InputRefused("no_truth", f"{named}: no object with pose and mask: name recordings that have both")
        self._mesh = lru_cache(maxsize=None)(lambda k, name: KnownMesh.of(self._sequences[k].model(name)))

    def __getitem__(self, number: int) -> PicturedScene:
        """Read one view."""
        rng = np.random.default_rng([_SEED, number, 5])
        k, frame_id, name = self._views[int(rng.integers(len(self._views)))]
        sequence, mesh = self._sequences[k], self._mesh(k, name)
        marked = sequence.truth(frame_id, name), sequence.mask(frame_id, name)
        plain = not mesh.renderer.model.has_colour
        return PicturedScene.of(rng, mesh, sequence.frame(frame_id), marked, plain, baked=0.0)


def recorded_scenes(folders: Sequence[str], say: Callable[[str], None]) -> RecordedScenes | None:
    """Return the views in those folders that are there, and say which aren't; None where none is."""
    there = [Path(folder) for folder in folders if Path(folder).is_dir()]
    if missing := [folder for folder in folders if not Path(folder).is_dir()]:
        say(f"no recordings in {', '.join(missing)}: judged without them")
    return RecordedScenes(there) if there else None
