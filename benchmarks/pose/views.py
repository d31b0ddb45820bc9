"""Views in which first poses are judged: of recordings and of rendered tables, and of scenes that may be fitted to."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.calibration.scenes import mesh_models
from benchmarks.calibration.searched import ABSENT, KINDS, VISIBLE, models_to_fit, table
from foundation_pose_ros import InputRefused, ObjectModel
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.synthetic.scene import SyntheticScene

# Every so many-th frame: neighbours look alike.
RECORDINGS = {"visp_rbt_desk": 8, "ycbv_0000": 3, "jack_pushed": 12, "pencilbox_handheld": 12, "tyol_basket": 1}
# Rendered scenes of each kind.
SCENES = 6
# Scenes to fit constants on have other seeds, and other objects.
_HELD_OUT, _TO_FIT = 7000, 9000


@dataclass(frozen=True, eq=False)
class Views:
    """Frames of a recording or a rendered scene, listed as its source, with objects that aren't in them."""

    source: str
    sequence: Sequence
    frame_ids: list[str]
    absent: list[ObjectModel]

    def shown(self, frame_id: str) -> list[str]:
        """List the objects that are asked for in a frame."""
        return [name for name in self.sequence.object_names if _visible(self.sequence, frame_id, name)]

    def missing(self, frame_id: str) -> list[str]:
        """List those that are asked for and aren't there: others in each frame."""
        at, count = ABSENT * self.frame_ids.index(frame_id), len(self.absent)
        return [self.absent[(at + k) % count].name for k in range(ABSENT)] if count else []


def held_out(data: Path, scenes: int = SCENES, only: list[str] | None = None) -> Iterator[Views]:
    """Yield recordings, and so many rendered scenes of each kind. only: names of recordings and kinds; None: all."""
    for name, step in RECORDINGS.items():
        if not only or name in only:
            yield from _of_recording(data / "pose" / name, step, mesh_models(data / "meshes"))
    for kind in KINDS:
        if not only or kind in only:
            meshes = mesh_models(data / "meshes")
            for seed in track(range(scenes), description=kind, console=Console(stderr=True)):
                yield of_scene(_HELD_OUT + seed, kind, meshes)


def to_fit(data: Path, scenes: int) -> Iterator[Views]:
    """Yield crowded scenes of other seeds with other objects; raises InputRefused without meshes."""
    models = models_to_fit(data / "meshes_train")
    for seed in track(range(scenes), description="to fit", console=Console(stderr=True)):
        yield of_scene(_TO_FIT + seed, "crowded", models)


def of_scene(seed: int, kind: str, meshes: list[ObjectModel]) -> Views:
    """Render a table with objects, and choose some that aren't on it."""
    scene, absent = table(seed, kind, meshes)
    return Views(f"{kind} {scene.name}", scene, scene.frame_ids, absent)


def _of_recording(path: Path, step: int, meshes: list[ObjectModel]) -> Iterator[Views]:
    try:
        sequence = open_sequence(path)
        for name in sequence.object_names:
            sequence.model(name)
    except InputRefused as refused:
        Console(stderr=True).print(f"{path.name}: left out: {refused}")
        return
    shown = {word for name in sequence.object_names for word in name.lower().split("_")}
    absent = [mesh for mesh in meshes if not shown & set(mesh.name.split("_"))]
    yield Views(sequence.name, sequence, sequence.frame_ids[::step], absent)


def _visible(sequence: Sequence, frame_id: str, name: str) -> bool:
    if isinstance(sequence, SyntheticScene) and sequence.visible_fraction(frame_id, name) < VISIBLE:
        return False
    return sequence.truth(frame_id, name) is not None
