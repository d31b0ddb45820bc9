"""Object tasks: an object among clutter on a table, its support other views of it, as a robot sees it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import trimesh

from foundation_pose_ros.atomic_file import replacing
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.synthetic.meshes import DESIGNS, make_mesh
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

from .tasks import RecordedTask, read_tasks
from .things import meshes_of

SIZE = (160, 120)
TOGETHER = 3
RATE_HZ = 0.7  # so slow that each frame is another view
LEAST_PX = 60
LEAST_VISIBLE = 0.4
_TRIES = 8


@dataclass(frozen=True)
class RenderedObjects:
    """Which made-up objects are rendered how often.

    designs: kinds of made-up objects, files of meshes, or patterns of files; each group of three gets some,
    made-up ones as new instances.
    scenes: tables per group; frames: views of each.
    """

    designs: tuple[str, ...] = ("mug", "soda_can", "bottle", "sticker_cube", "book", "ball")
    groups: int = 8
    scenes: int = 4
    frames: int = 5
    clutter: int = 6
    seed: int = 0


def object_tasks(
    objects: RenderedObjects, folder: Path, say: Callable[[str], None] = lambda _line: None
) -> list[RecordedTask]:
    """Return tasks of each object, rendered into the folder where they aren't there yet."""
    for group in range(objects.groups):
        files = [folder / f"{objects.seed}_{group:03d}_{i}.npz" for i in range(TOGETHER)]
        if not all(file.is_file() for file in files):
            say(f"rendering objects, group {group + 1} of {objects.groups}")
            folder.mkdir(parents=True, exist_ok=True)
            for file, task in zip(files, _group(objects, group), strict=True):
                with replacing(file) as unfinished:
                    np.savez_compressed(unfinished, images=task.images, labels=task.labels)
    return read_tasks(sorted(folder.glob(f"{objects.seed}_*.npz")))


def _group(objects: RenderedObjects, group: int) -> Sequence[RecordedTask]:
    """Tasks of objects that can all be seen: some meshes are too small for that, or lie flat."""
    rng = np.random.default_rng([objects.seed, group])
    for _ in range(_TRIES):
        views = _views(objects, rng)
        if all(views.values()):
            return [
                RecordedTask(name, np.stack([v[0] for v in seen]), np.stack([v[1] for v in seen]).astype(np.uint8))
                for name, seen in views.items()
            ]
    raise InputRefused(
        "object_hidden", f"group {group}: objects of {objects.designs} are hardly ever in view on a table"
    )


def _views(objects: RenderedObjects, rng: np.random.Generator) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """Gray images and masks of each of three objects, by name, where it is seen well."""
    kinds = meshes_of(objects.designs)
    designs = rng.choice(kinds, TOGETHER, replace=len(kinds) < TOGETHER)
    names = [f"{Path(design).parent.name or design}_{i}" for i, design in enumerate(designs)]
    models = [
        ObjectModel.from_mesh(_mesh(str(design), int(rng.integers(1 << 30))), name=name)
        for design, name in zip(designs, names, strict=True)
    ]
    views: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in names}
    for _ in range(objects.scenes):
        scene = make_scene(
            SceneSettings(
                seed=int(rng.integers(1 << 30)),
                frames=objects.frames,
                objects=models,
                clutter=objects.clutter,
                width=SIZE[0],
                height=SIZE[1],
                rate_hz=RATE_HZ,
            )
        )
        for frame_id in scene.frame_ids:
            rendered = scene.rendered(frame_id)
            gray = cv2.cvtColor(rendered.frame.rgb, cv2.COLOR_RGB2GRAY)
            for name, mask in rendered.masks.items():
                if mask.sum() >= LEAST_PX and rendered.visible_fraction[name] >= LEAST_VISIBLE:
                    views[name].append((gray, mask))
    return views


def _mesh(design: str, seed: int) -> trimesh.Trimesh | Path:
    return make_mesh(design, seed) if design in DESIGNS else Path(design)
