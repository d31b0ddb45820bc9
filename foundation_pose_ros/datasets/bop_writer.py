"""A recording with known truth as one scene of a BOP dataset: rgb, depth, masks, cameras, poses (Hodan et al. 2018)."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from ..arrays import Depth, Mask, Pose, Poses, Rgb
from ..errors import InputRefused
from ..frame import Frame
from ..se3 import inverse
from .sequence import Sequence

_MM_PER_M = 1000.0
# Depth is stored in tenths of a millimetre: 6.5 m fit into 16 bits, and what a sensor says keeps its steps.
DEPTH_SCALE_MM = 0.1


class KnownScene(Sequence, Protocol):
    """A recording of which everything is known."""

    @property
    def T_world_cam(self) -> Poses: ...

    def silhouette(self, frame_id: str, object_name: str) -> Mask:
        """Return (H, W) bool of the object's pixels if nothing hid it."""
        ...

    def visible_fraction(self, frame_id: str, object_name: str) -> float:
        """Return the share of its silhouette that nothing hides."""
        ...


def write_bop_scene(scene: KnownScene, folder: Path, object_ids: Mapping[str, int]) -> Iterator[Rgb]:
    """Write a scene into an empty folder, image by image, and yield each image's colours (H, W, 3).

    object_ids: the dataset's number of each object's mesh, by its name. Its files of truth come last: a folder without
    scene_camera.json is unfinished. Raises InputRefused where the disk takes no more.
    """
    for room in ("rgb", "depth", "mask", "mask_visib"):
        (folder / room).mkdir(parents=True)
    cameras: dict[str, Any] = {}
    truths: dict[str, list[Any]] = {}
    infos: dict[str, list[Any]] = {}
    for index, frame_id in enumerate(scene.frame_ids):
        frame = scene.frame(frame_id)
        _write_png(folder / "rgb" / f"{index:06d}.png", cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR))
        _write_png(folder / "depth" / f"{index:06d}.png", stored_depth(frame.depth_m))
        cameras[str(index)] = _camera(frame, inverse(scene.T_world_cam[index]))
        truths[str(index)], infos[str(index)] = [], []
        for number, name in enumerate(scene.object_names):
            truth = scene.truth(frame_id, name)
            assert truth is not None
            whole, seen = scene.silhouette(frame_id, name), scene.mask(frame_id, name)
            seen = np.zeros_like(whole) if seen is None else seen
            for room, mask in (("mask", whole), ("mask_visib", seen)):
                _write_png(folder / room / f"{index:06d}_{number:06d}.png", mask.astype(np.uint8) * 255)
            truths[str(index)].append(_truth(truth, object_ids[name]))
            infos[str(index)].append(_info(frame, whole, seen, scene.visible_fraction(frame_id, name)))
        yield frame.rgb
    for name, content in (("scene_gt", truths), ("scene_gt_info", infos), ("scene_camera", cameras)):
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def stored_depth(depth_m: Depth) -> np.ndarray:
    """Return depth (H, W) uint16 in steps of DEPTH_SCALE_MM; what is too far for them isn't measured."""
    steps = np.round(depth_m * (_MM_PER_M / DEPTH_SCALE_MM))
    return np.where(steps <= np.iinfo(np.uint16).max, steps, 0).astype(np.uint16)


def _camera(frame: Frame, T_cam_world: Pose) -> dict[str, Any]:
    return {
        "cam_K": frame.camera.K.astype(float).ravel().tolist(),
        "depth_scale": DEPTH_SCALE_MM,
        "cam_R_w2c": T_cam_world[:3, :3].astype(float).ravel().tolist(),
        "cam_t_w2c": (_MM_PER_M * T_cam_world[:3, 3]).astype(float).tolist(),
    }


def _truth(T_cam_obj: Pose, object_id: int) -> dict[str, Any]:
    return {
        "cam_R_m2c": T_cam_obj[:3, :3].astype(float).ravel().tolist(),
        "cam_t_m2c": (_MM_PER_M * T_cam_obj[:3, 3].astype(float)).tolist(),
        "obj_id": object_id,
    }


def _info(frame: Frame, whole: Mask, seen: Mask, visible_fraction: float) -> dict[str, Any]:
    return {
        "bbox_obj": _box(whole),
        "bbox_visib": _box(seen),
        "px_count_all": int(whole.sum()),
        "px_count_valid": int((whole & (frame.depth_m > 0)).sum()),
        "px_count_visib": int(seen.sum()),
        "visib_fract": round(visible_fraction, 6),
    }


def _box(mask: Mask) -> list[int]:
    """Left, top, width and height; -1 where there is nothing, as BOP has it."""
    if not mask.any():
        return [-1, -1, -1, -1]
    return [int(value) for value in cv2.boundingRect(mask.astype(np.uint8))]


def _write_png(path: Path, image: np.ndarray) -> None:
    if not cv2.imwrite(str(path), image):
        raise InputRefused("output", f"{path} can't be written: is the disk full?")
