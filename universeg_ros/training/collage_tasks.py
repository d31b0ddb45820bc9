"""Tasks from collages: one of several things thrown together is wanted, in pictures from all sides."""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from foundation_pose_ros.atomic_file import replacing

from ..npz_file import read_npz
from .collage import Collage
from .tasks import Examples, RecordedTask
from .things import Things

LEAST_PX = 40
LEAST_VISIBLE = 0.4
LEAST_VIEWS = 4
_KEPT_GROUPS = 2000
# Pictures in a row of the same scene, from other sides: all the same, as in a recording, or all different.
_PICTURES_OF_A_SCENE = (2, 4, 6, 20)
# How large things are in the pictures of a group, as a share of their side: as after a closer look, or as at the first.
_EXTENTS = ((0.35, 0.7), (0.12, 0.4))


@dataclass(frozen=True)
class Collages:
    """What collages are made of.

    meshes: files, patterns of files, or names of made-up designs; textures: pictures, or patterns of them, for tables,
    backgrounds and prints. groups: how many, each of some `together` things in `views` pictures.
    """

    meshes: tuple[str, ...] = ()
    textures: tuple[str, ...] = ()
    groups: int = 1000
    together: int = 6
    views: int = 16
    seed: int = 0


class CollageTasks:
    """Draws a group, then one of its things. A group is rendered when it is first drawn, and kept in the folder."""

    def __init__(self, collages: Collages, folder: Path) -> None:
        self.collages = collages
        self.folder = folder
        self.things = Things(collages.meshes, collages.textures)
        self._kept: OrderedDict[int, list[RecordedTask]] = OrderedDict()

    def draw(self, rng: np.random.Generator, count: int, size: int) -> Examples:
        """Return examples (count, size, size) of one thing."""
        tasks: list[RecordedTask] = []
        while not tasks:
            tasks = self.group(int(rng.integers(self.collages.groups)))
        return tasks[int(rng.integers(len(tasks)))].draw(rng, count, size)

    def group(self, number: int) -> list[RecordedTask]:
        """Return the tasks of one group: its things that are seen well in enough pictures."""
        if number not in self._kept:
            self._kept[number] = _tasks(self._arrays(number))
            if len(self._kept) > _KEPT_GROUPS:
                self._kept.popitem(last=False)
        return self._kept[number]

    def _arrays(self, number: int) -> dict[str, np.ndarray]:
        file = self.folder / f"{self.collages.seed}_{number:05d}.npz"
        if not file.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            with replacing(file) as unfinished:
                np.savez(unfinished, allow_pickle=False, **render_group(self.collages, self.things, number))
        return read_npz(file, "bad_task", "a collage")


def render_group(collages: Collages, source: Things, number: int) -> dict[str, np.ndarray]:
    """Return rgb (V, 128, 128, 3), depth_mm and ids (V, 128, 128), and visible (V, things)."""
    rng = np.random.default_rng([collages.seed, number])
    things = [source.draw(rng) for _ in range(int(rng.integers(3, collages.together + 3)))]
    row = int(rng.choice(_PICTURES_OF_A_SCENE))
    extents = _EXTENTS[int(rng.integers(len(_EXTENTS)))]
    pictures = []
    for k in range(collages.views):
        if k % row == 0:
            collage = Collage.drawn(rng, things, source, extents)
        pictures.append(collage.seen(rng))
    return {
        name: np.stack([getattr(picture, name) for picture in pictures])
        for name in ("rgb", "depth_mm", "ids", "visible")
    }


def _tasks(group: dict[str, np.ndarray]) -> list[RecordedTask]:
    grays = np.stack([cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) for rgb in group["rgb"]])
    tasks = []
    for i in range(group["visible"].shape[1]):
        masks = group["ids"] == i + 1
        good = (group["visible"][:, i] >= LEAST_VISIBLE) & (masks.sum(axis=(1, 2)) >= LEAST_PX)
        if np.count_nonzero(good) >= LEAST_VIEWS:
            tasks.append(RecordedTask(f"thing {i}", grays[good], masks[good].astype(np.uint8)))
    return tasks
