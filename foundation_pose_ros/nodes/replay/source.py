"""What replay_node plays, and the mesh files that pose_node needs for it. Needs no ROS."""

import os
from dataclasses import dataclass
from pathlib import Path

from ...atomic_file import replacing
from ...datasets.open_sequence import open_sequence
from ...datasets.sequence import Sequence, known_object
from ...synthetic.meshes import DESIGNS, make_mesh
from ...synthetic.scene import make_scene
from ...synthetic.scene_settings import SceneSettings

SYNTHETIC = "synthetic"


@dataclass(frozen=True)
class MeshFile:
    """A mesh for pose_node's parameters `<object>.mesh` and `<object>.unit`."""

    path: Path
    unit: str


@dataclass(frozen=True)
class ReplaySource:
    """A recording, and which of its objects are meant; is_rendered: a synthetic scene, whose frames cost time."""

    sequence: Sequence
    object_names: tuple[str, ...]
    is_rendered: bool = False


def open_source(
    sequence: str, objects: list[str], frames: int = 90, seed: int = 0, meshes: str | None = None
) -> ReplaySource:
    """Open a sequence folder, BOP scene or rosbag2, or make the scene `synthetic` (also: an empty name).

    objects: those meant; empty: all there are, in a synthetic scene a mug. meshes: folder with a mesh in a folder for
    each object, where they don't lie beside the images. Raises InputRefused for what isn't there.
    """
    if sequence in ("", SYNTHETIC):
        scene = make_scene(SceneSettings(seed=seed, frames=frames, objects=objects or 1))
        return ReplaySource(scene, tuple(scene.object_names), is_rendered=True)
    opened = open_sequence(sequence, meshes or None)
    names = tuple(known_object(name, opened.object_names, sequence) for name in objects) or tuple(opened.object_names)
    return ReplaySource(opened, names)


def mesh_files(source: ReplaySource, seed: int = 0, folder: Path | None = None) -> dict[str, MeshFile]:
    """Return the mesh file of each object; those of synthetic scenes are written, by default to the user's cache."""
    files = {}
    for name in source.object_names:
        if hasattr(source.sequence, "mesh_file"):
            path, unit = source.sequence.mesh_file(name)
            files[name] = MeshFile(path.resolve(), unit)
        else:
            files[name] = MeshFile(
                _written(source.sequence.model(name).name, seed, folder or default_mesh_folder()), "m"
            )
    return files


def default_mesh_folder() -> Path:
    """Return where meshes of synthetic scenes are kept."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "foundation_perception" / "meshes"


def _written(design: str, seed: int, folder: Path) -> Path:
    if design not in DESIGNS:
        raise KeyError(f"{design} is no design of synthetic.meshes")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{design}_{seed}.glb"
    # Another process may be reading it.
    with replacing(path) as unfinished:
        make_mesh(design, seed).export(unfinished)
    return path.resolve()
