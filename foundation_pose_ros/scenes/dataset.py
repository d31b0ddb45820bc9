"""A data set of described scenes on disk: what was asked for, which scenes are done, and how one is made.

generation.json          what the run was asked for; another one goes elsewhere
specs/000003.json        scene 3 as it was composed
train/000003/            scene 3 in BOP format, with spec.json, every body in its place
models/obj_000301.ply    its objects' meshes: 100 times the scene's number, and the object's
shards/000003.tar        the same pictures as a WebDataset
previews/000003.jpg      what a contact sheet shows of it
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..arrays import Rgb
from ..atomic_file import replacing, write_text
from ..datasets.bop_instances import label_of
from ..datasets.bop_writer import write_bop_scene
from ..datasets.image_files import read_rgb
from ..datasets.ply_file import write_ply
from ..datasets.webdataset import write_shard
from ..errors import InputRefused
from ..overlay import contact_sheet
from ..synthetic.scene import SyntheticScene
from .body_spec import LibraryMesh
from .described import parsed
from .libraries import Libraries
from .scene_spec import SceneSpec
from .spec_scene import placed

MOST_SCENES = 10_000
_IDS_PER_SCENE = 100
_PREVIEW_PX = 320
_SHEET_CELLS, _SHEET_COLUMNS = 48, 6
Renderer = Callable[[SceneSpec, Libraries], SyntheticScene]


@dataclass(frozen=True)
class DatasetFolder:
    """The folder of one run."""

    root: Path

    def opened(self, asked: dict[str, Any]) -> None:
        """Make the folder for what is asked, or go on with it; raises InputRefused where another run has it."""
        stated = self.root / "generation.json"
        try:
            for room in ("specs", "train", "models", "shards", "previews"):
                (self.root / room).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputRefused(
                "output", f"{self.root} can't be written ({error.strerror}): give another --output"
            ) from None
        text = json.dumps(asked, indent=1, sort_keys=True)
        if not stated.is_file():
            write_text(stated, text)
        elif stated.read_text(encoding="utf-8") != text:
            raise InputRefused(
                "output", f"{self.root} holds scenes of another call, see {stated.name} there: give another --output"
            )

    def spec_path(self, number: int) -> Path:
        """Return where a composed scene lies."""
        return self.root / "specs" / f"{number:06d}.json"

    def keep(self, number: int, spec: SceneSpec) -> None:
        """Write a composed scene."""
        write_text(self.spec_path(number), spec.model_dump_json(indent=1))

    def is_done(self, number: int) -> bool:
        """Tell whether all of a scene is there; its BOP folder comes last."""
        return self.scene(number).is_dir()

    def done(self) -> list[int]:
        """List the numbers of all scenes that are there."""
        return sorted(int(path.name) for path in (self.root / "train").glob("[0-9]*") if path.name.isdigit())

    def scene(self, number: int) -> Path:
        """Return where a scene lies in BOP format."""
        return self.root / "train" / f"{number:06d}"

    def library_meshes(self, number: int) -> dict[str, str]:
        """Return which of a scene's objects are meshes of a library: the mesh's name by the object's."""
        spec = _read_spec(self.scene(number) / "spec.json")
        bodies = {label_of(_object_id(number, k)): body.what for k, body in enumerate(spec.objects)}
        return {name: what.name for name, what in bodies.items() if isinstance(what, LibraryMesh)}

    def make(self, number: int, render: Renderer, libraries: Libraries) -> None:
        """Render a scene and write all of it; does nothing where it is done.

        Two who make the same scene at once don't disturb each other, and leave it once. Raises InputRefused where it
        can't be made.
        """
        if self.is_done(number):
            return
        spec = _read_spec(self.spec_path(number))
        unfinished = self.root / "train" / f".{number:06d}.{os.uname().nodename}.{os.getpid()}"
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            self._write(number, spec, render(spec, libraries), unfinished)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def contact_sheet(self) -> Path:
        """Lay the scenes' previews, evenly chosen, out in contact_sheet.jpg; return its path."""
        previews = sorted((self.root / "previews").glob("*.jpg"))
        chosen = [previews[k] for k in np.unique(np.linspace(0, len(previews) - 1, _SHEET_CELLS).astype(int))]
        images = [read_rgb(path) for path in chosen]
        sheet = contact_sheet(images, _SHEET_COLUMNS, [path.stem for path in chosen], _PREVIEW_PX)
        path = self.root / "contact_sheet.jpg"
        _write_jpg(path, sheet)
        return path

    def _write(self, number: int, spec: SceneSpec, scene: SyntheticScene, unfinished: Path) -> None:
        ids = {name: _object_id(number, k) for k, name in enumerate(scene.object_names)}
        for name, object_id in ids.items():
            write_ply(scene.model(name), self.root / "models" / f"obj_{object_id:06d}.ply")
        pictures = list(write_bop_scene(scene, unfinished, ids))
        (unfinished / "spec.json").write_text(placed(spec, scene).model_dump_json(indent=1), encoding="utf-8")
        write_shard(unfinished, number, self.root / "shards" / f"{number:06d}.tar")
        _write_jpg(self.root / "previews" / f"{number:06d}.jpg", pictures[len(pictures) // 2], _PREVIEW_PX)
        try:
            unfinished.rename(self.scene(number))
        except OSError:
            # Another has just finished it.
            if not self.is_done(number):
                raise


def _read_spec(path: Path) -> SceneSpec:
    return parsed(SceneSpec, path.read_bytes(), str(path))


def _object_id(number: int, k: int) -> int:
    """Number the k-th object of a scene."""
    return _IDS_PER_SCENE * number + k + 1


def _write_jpg(path: Path, rgb: Rgb, width_px: int | None = None) -> None:
    if width_px is not None and rgb.shape[1] != width_px:
        size = (width_px, round(width_px * rgb.shape[0] / rgb.shape[1]))
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    with replacing(path) as unfinished:
        if not cv2.imwrite(str(unfinished), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88]):
            raise InputRefused("output", f"{path} can't be written: is the disk full?")
