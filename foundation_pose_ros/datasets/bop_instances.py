"""Instances of objects in the images of a BOP scene, and how many of them the challenge asks for."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Pose, Poses
from ..errors import InputRefused
from .bop_json import read_entries, read_json
from .image_files import checked_pose

# The BOP challenge leaves instances out of its targets of which less than this share is visible.
MIN_VISIBLE_FRACTION = 0.1
TARGETS = "test_targets_bop19.json"


@dataclass(frozen=True, eq=False)
class BopInstance:
    """One object in one image.

    number: its place among the image's, which names its mask. T_cam_obj (4, 4): metres. visible_fraction: share of its
    silhouette that nothing hides, 0..1.
    """

    number: int
    object_id: int
    T_cam_obj: Pose
    visible_fraction: float

    @property
    def visible(self) -> bool:
        """Tell whether enough of it is seen to be looked for."""
        return self.visible_fraction >= MIN_VISIBLE_FRACTION


@dataclass(frozen=True, eq=False)
class BopTarget:
    """What is to be found of an object in an image.

    count: estimates that may be given. T_truths (n, 4, 4): true poses of the instances to be found, n = count unless
    the image has fewer.
    """

    frame_id: str
    object_id: int
    count: int
    T_truths: Poses

    @classmethod
    def of(
        cls, frame_id: str, object_id: int, instances: Iterable[BopInstance], count: int | None = None
    ) -> "BopTarget":
        """Ask for the `count` most visible of an object's instances in an image; None: for all."""
        # Of equally visible ones the first: sorting is stable.
        by_visibility = sorted(instances, key=lambda instance: -instance.visible_fraction)[:count]
        T_truths = np.array([instance.T_cam_obj for instance in by_visibility]).reshape(-1, 4, 4)
        return cls(frame_id, object_id, len(T_truths) if count is None else count, T_truths)


def label_of(object_id: int) -> str:
    """Return an object's name, which is that of its mesh."""
    return f"obj_{object_id:06d}"


def read_instances(scene: Path, frame_ids: list[str]) -> dict[str, dict[str, BopInstance]]:
    """Read scene_gt.json and scene_gt_info.json: instances per frame and name, hidden ones too.

    The nth instance of object 5 in an image is `obj_000005` (n = 1), then `obj_000005_2`, ... Without
    scene_gt_info.json all count as visible. Raises InputRefused, naming the instance.
    """
    truths, infos = (
        read_entries(path) if path.is_file() else {} for path in (scene / "scene_gt.json", scene / "scene_gt_info.json")
    )
    frames: dict[str, dict[str, BopInstance]] = {}
    for frame_id in frame_ids:
        key, counted, instances = str(int(frame_id)), Counter[int](), {}
        for number, entry in enumerate(truths.get(key, [])):
            source = f"{scene / 'scene_gt.json'}: frame {key}, instance {number}"
            try:
                object_id = int(entry["obj_id"])
                visible_fraction = float(infos[key][number].get("visib_fract", 1.0)) if key in infos else 1.0
            except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                raise InputRefused(
                    "bad_json",
                    f"{source} has no obj_id, or no entry in scene_gt_info.json ({error}): unpack them again",
                ) from None
            counted[object_id] += 1
            name = label_of(object_id) + (f"_{counted[object_id]}" if counted[object_id] > 1 else "")
            instances[name] = BopInstance(number, object_id, _pose(entry, source), visible_fraction)
        frames[frame_id] = instances
    return frames


def wanted_counts(path: Path, scene_id: int) -> dict[tuple[int, int], int]:
    """Read the challenge's file of targets: how many instances are asked for, by a scene's image and object number."""
    entries = read_json(path)
    try:
        return {
            (int(entry["im_id"]), int(entry["obj_id"])): int(entry["inst_count"])
            for entry in entries
            if int(entry["scene_id"]) == scene_id
        }
    except (ValueError, TypeError, KeyError) as error:
        raise InputRefused(
            "bad_json",
            f"{path} can't be read ({error}): its entries have scene_id, im_id, obj_id and inst_count; "
            "unpack it again, or remove it",
        ) from None


def _pose(entry: dict[str, Any], source: str) -> Pose:
    try:
        T = np.eye(4)
        T[:3, :3] = np.asarray(entry["cam_R_m2c"], np.float64).reshape(3, 3)
        T[:3, 3] = np.asarray(entry["cam_t_m2c"], np.float64) / 1000.0
    except (KeyError, ValueError, TypeError) as error:
        raise InputRefused(
            "bad_pose",
            f"{source} has no cam_R_m2c (9 numbers) and cam_t_m2c (3, millimetres) ({error}): unpack it again",
        ) from None
    return checked_pose(T, source)
