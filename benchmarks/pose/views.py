"""Views in which first poses are judged: of recordings and of rendered tables, and of scenes that may be fitted to."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.calibration.scenes import mesh_models
from foundation_pose_ros import InputRefused, ObjectModel
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.synthetic.mesh_library import MeshLibrary
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.sensor import KINECT_V1, REALSENSE_D435

# Every so many-th frame: neighbours look alike.
RECORDINGS = {"visp_rbt_desk": 8, "ycbv_0000": 3, "jack_pushed": 12, "pencilbox_handheld": 12, "tyol_basket": 1}
# Rendered scenes of each kind, and views of each.
SCENES, _VIEWS = 6, 2
# Objects of a scene, and other bodies among them: of each kind of scenes, by its name.
KINDS = {"rendered": (4, 4), "crowded": (5, 9)}
# Scenes to fit constants on have other seeds, and other objects, of this size; so many are printed, so many are known
# without colours.
_HELD_OUT, _TO_FIT, _FIT_DIAMETER_M, _PRINTED, _GREY = 7000, 9000, (0.06, 0.35), 12, 6
# An object that is hidden by more isn't asked for. Of those that aren't there, so many are.
_VISIBLE, _ABSENT = 0.5, 2


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
        at, count = _ABSENT * self.frame_ids.index(frame_id), len(self.absent)
        return [self.absent[(at + k) % count].name for k in range(_ABSENT)] if count else []


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
    smallest_m, largest_m = _FIT_DIAMETER_M
    meshes = MeshLibrary.from_folder(data / "meshes_train").meshes
    meshes = tuple(mesh for mesh in meshes if smallest_m < mesh.diameter_m < largest_m)
    rng = np.random.default_rng(_TO_FIT)
    printed = rng.permutation([k for k, mesh in enumerate(meshes) if mesh.textured])[:_PRINTED]
    grey = rng.permutation([k for k, mesh in enumerate(meshes) if not mesh.textured])[:_GREY]
    models = [meshes[k].model() for k in printed] + [meshes[k].model().repainted(None) for k in grey]
    for seed in track(range(scenes), description="to fit", console=Console(stderr=True)):
        yield of_scene(_TO_FIT + seed, "crowded", models)


def of_scene(seed: int, kind: str, meshes: list[ObjectModel]) -> Views:
    """Render a table with objects, and choose some that aren't on it."""
    rng = np.random.default_rng([seed, 19])
    chosen = rng.permutation(len(meshes))
    objects, clutter = KINDS[kind]
    scene = make_scene(
        SceneSettings(
            seed=seed,
            frames=_VIEWS,
            objects=[meshes[k] for k in chosen[:objects]],
            clutter=clutter,
            rate_hz=0.5,
            depth_sensor=KINECT_V1 if seed % 2 else REALSENSE_D435,
            supersample=1,
        )
    )
    absent = [meshes[k] for k in chosen[objects : objects + _ABSENT]]
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
    if isinstance(sequence, SyntheticScene) and sequence.visible_fraction(frame_id, name) < _VISIBLE:
        return False
    return sequence.truth(frame_id, name) is not None
