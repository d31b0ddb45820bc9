"""Scenes that were painted for networks to learn from and to be judged on, and how losses with and without differ."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.reporting.parts import Report
from benchmarks.reporting.results import data_folder
from foundation_pose_ros.scenes.generation import Generation, RendererName, dataset_in
from foundation_pose_ros.scenes.libraries import Libraries
from foundation_pose_ros.scenes.procedural import ProceduralChoices, ProceduralComposer
from foundation_pose_ros.synthetic.mesh_library import MeshLibrary
from foundation_pose_ros.training.drawn_scenes import DrawnSceneSettings
from foundation_pose_ros.training.mixed_scenes import Scenes
from foundation_pose_ros.training.pictured_scenes import PicturedScenes
from foundation_pose_ros.training.recorded_scenes import RecordedScenes
from foundation_pose_ros.training.settings import TrainSettings

RECORDINGS = ("visp_rbt_desk", "ycbv_0000", "jack_pushed", "pencilbox_handheld")
CHOICES = ProceduralChoices(objects=(3, 6), clutter=(1, 4), library_share=0.9, frames=2)
# No scene that is trained on has the seed of one that is judged on.
_HELD_OUT_SEED = 100_000
_SEED = 7


@dataclass(frozen=True)
class PaintedScenes:
    """Scenes of two pictures each in a folder, made where they aren't there yet: `count` to train on, half as many of
    held-out meshes to judge by.
    """

    folder: Path
    count: int

    @cached_property
    def painted(self) -> Path:
        """Return the folder of scenes of meshes that are trained on, by Mitsuba."""
        return _made(self.folder / "painted", self._meshes[0], self.count, 0)

    @property
    def fast(self) -> Path:
        """Return the folder of the same scenes by the fast renderer."""
        return _made(self.folder / "fast", self._meshes[0], self.count, 0, "fast")

    @property
    def views(self) -> int:
        """Return how many views there are to train on."""
        return len(PicturedScenes(self.painted, self._meshes[0], DrawnSceneSettings(), 0))

    def others(self, drawn: DrawnSceneSettings) -> dict[str, Scenes]:
        """Return what networks are judged on beside drawn crops: painted scenes of held-out meshes, and recordings."""
        folder = _made(self.folder / "held_out", self._meshes[1], self.count // 2, _HELD_OUT_SEED)
        return {
            "painted": PicturedScenes(folder, self._meshes[1], drawn, _SEED),
            "recorded": RecordedScenes([data_folder() / "pose" / name for name in RECORDINGS]),
        }

    @cached_property
    def _meshes(self) -> tuple[MeshLibrary, MeshLibrary]:
        return MeshLibrary.from_folder(data_folder() / "meshes_train").parted(TrainSettings.held_out)


@dataclass(frozen=True)
class _SomeMeshes(Libraries):
    """Libraries of which a composer may take these meshes alone."""

    names: tuple[str, ...] = ()

    @property
    def mesh_names(self) -> list[str]:
        return list(self.names)


def _made(folder: Path, meshes: MeshLibrary, scenes: int, first_seed: int, renderer: RendererName = "mitsuba") -> Path:
    """Have scenes of these meshes made, where they aren't yet; return the folder."""
    data = data_folder()
    names = tuple(mesh.name for mesh in meshes.meshes)
    libraries = _SomeMeshes(data / "meshes_train", data / "textures_train", names)
    composer = ProceduralComposer(CHOICES, libraries)
    run = Generation(dataset_in(folder), composer, scenes, first_seed, renderer=renderer, libraries=libraries)
    for outcome in track(run.run(run.open()), description=folder.name, console=Console(stderr=True)):
        if outcome.error:
            print(f"{folder.name}, scene {outcome.number}: {outcome.error}")
    return folder


def less(one: dict[str, np.ndarray], none: dict[str, np.ndarray], kind: str) -> list[float]:
    """Return by how much one run's loss is less than another's on a kind of picture: limits of 95 %, over sets."""
    apart = none[f"{kind}_loss"] - one[f"{kind}_loss"]
    drawn = np.random.default_rng(0).integers(len(apart), size=(2000, len(apart)))
    return [round(float(limit), 4) for limit in np.percentile(apart[drawn].mean(axis=1), (2.5, 97.5))]


def span(limits: list[float]) -> str:
    """Return limits in words; nothing where there is no difference."""
    return f"{limits[0]:+.3f} to {limits[1]:+.3f}" if any(limits) else ""


def with_painted(report: Report) -> Report:
    """Return the report without the points that no logarithm has a place for."""
    kept = {kind: one | {"points": one["points"][1:]} for kind, one in report["against"].items()}
    return report | {"against": kept}
