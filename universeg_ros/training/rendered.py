"""Object tasks: an object among clutter on a table, its support other views of it, as a robot sees it."""

from collections.abc import Callable
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

TOGETHER = 3
RATE_HZ = 0.7  # so slow that each frame is another view
LEAST_SHARE = 1 / 320  # of the picture
LEAST_VISIBLE = 0.4
_TRIES = 8


@dataclass(frozen=True)
class RenderedObjects:
    """Which made-up objects are rendered how often.

    designs: kinds of made-up objects, files of meshes, or patterns of files; each group of three gets some,
    made-up ones as new instances.
    scenes: tables per group; frames: views of each. size: width and height in pixels.
    """

    designs: tuple[str, ...] = ("mug", "soda_can", "bottle", "sticker_cube", "book", "ball")
    groups: int = 8
    scenes: int = 4
    frames: int = 5
    clutter: int = 6
    size: tuple[int, int] = (160, 120)
    seed: int = 0


@dataclass(frozen=True)
class ObjectViews:
    """Pictures (H, W, 3) uint8 of an object, and where it is seen in each (H, W) bool."""

    name: str
    pictures: list[np.ndarray]
    masks: list[np.ndarray]


def object_tasks(
    objects: RenderedObjects, folder: Path, say: Callable[[str], None] = lambda _line: None
) -> list[RecordedTask]:
    """Return tasks of each object, in gray, rendered into the folder where they aren't there yet."""
    for group in range(objects.groups):
        files = [folder / f"{objects.seed}_{group:03d}_{i}.npz" for i in range(TOGETHER)]
        if not all(file.is_file() for file in files):
            say(f"rendering objects, group {group + 1} of {objects.groups}")
            folder.mkdir(parents=True, exist_ok=True)
            for file, views in zip(files, object_views(objects, group), strict=True):
                grays = [cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) for rgb in views.pictures]
                with replacing(file) as unfinished:
                    np.savez_compressed(
                        unfinished, images=np.stack(grays), labels=np.stack(views.masks).astype(np.uint8)
                    )
    return read_tasks(sorted(folder.glob(f"{objects.seed}_*.npz")))


def object_views(objects: RenderedObjects, group: int) -> list[ObjectViews]:
    """Return the three objects of a group, ones that can all be seen: some meshes are too small for that, or lie flat.

    Raises InputRefused where hardly any can.
    """
    rng = np.random.default_rng([objects.seed, group])
    for _ in range(_TRIES):
        views = _views(objects, rng)
        if all(own.pictures for own in views):
            return views
    raise InputRefused(
        "object_hidden", f"group {group}: objects of {objects.designs} are hardly ever in view on a table"
    )


def _views(objects: RenderedObjects, rng: np.random.Generator) -> list[ObjectViews]:
    """Pictures and masks of each of three objects where it is seen well."""
    kinds = meshes_of(objects.designs)
    designs = rng.choice(kinds, TOGETHER, replace=len(kinds) < TOGETHER)
    names = [f"{Path(design).parent.name or design}_{i}" for i, design in enumerate(designs)]
    models = [
        ObjectModel.from_mesh(_mesh(str(design), int(rng.integers(1 << 30))), name=name)
        for design, name in zip(designs, names, strict=True)
    ]
    views = {name: ObjectViews(name, [], []) for name in names}
    smallest_px = LEAST_SHARE * objects.size[0] * objects.size[1]
    for _ in range(objects.scenes):
        scene = make_scene(
            SceneSettings(
                seed=int(rng.integers(1 << 30)),
                frames=objects.frames,
                objects=models,
                clutter=objects.clutter,
                width=objects.size[0],
                height=objects.size[1],
                rate_hz=RATE_HZ,
            )
        )
        for frame_id in scene.frame_ids:
            rendered = scene.rendered(frame_id)
            for name, mask in rendered.masks.items():
                if mask.sum() >= smallest_px and rendered.visible_fraction[name] >= LEAST_VISIBLE:
                    views[name].pictures.append(rendered.frame.rgb)
                    views[name].masks.append(mask)
    return list(views.values())


def _mesh(design: str, seed: int) -> trimesh.Trimesh | Path:
    return make_mesh(design, seed) if design in DESIGNS else Path(design)
