"""Image files of recordings as arrays: colour, depth in metres, masks, poses."""

from pathlib import Path

import cv2
import numpy as np

from ..arrays import Depth, Mask, Pose, Rgb
from ..errors import InputRefused
from ..input_limits.image_size import checked_pixels

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")


def images_by_stem(folder: Path) -> dict[str, Path]:
    """Return image files of a folder by name without suffix, sorted; empty where the folder is missing."""
    if not folder.is_dir():
        return {}
    files = (p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith("."))
    return {p.stem: p for p in sorted(files)}


def _read(path: Path, flags: int) -> np.ndarray:
    if not path.is_file():
        raise InputRefused("file_missing", f"{path} is missing: copy it there, or remove the frame")
    image = cv2.imdecode(np.fromfile(path, np.uint8), flags) if checked_pixels(path, path) else None
    if image is None:
        raise InputRefused("unreadable_image", f"{path} is not an image that OpenCV can read: save it again as PNG")
    return image


def read_rgb(path: Path) -> Rgb:
    """Read (H, W, 3) uint8 RGB; grey images are repeated in all three channels."""
    # EXIF orientation would turn colour but not depth.
    bgr = _read(path, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def read_depth_m(path: Path, metres_per_unit: float = 0.001) -> Depth:
    """Read (H, W) float32 metres, 0 = invalid, from a 16-bit image of `metres_per_unit` (1 mm unless told)."""
    depth = _read(path, cv2.IMREAD_UNCHANGED)
    if depth.ndim != 2 or depth.dtype != np.uint16:
        raise InputRefused(
            "bad_encoding",
            f"{path} is {depth.dtype} of shape {depth.shape}: save depth as one channel of 16 bits, in millimetres",
        )
    return depth.astype(np.float32) * np.float32(metres_per_unit)


def read_mask(path: Path) -> Mask:
    """Read (H, W) bool, true where any channel is above 0."""
    mask = _read(path, cv2.IMREAD_UNCHANGED)
    if mask.ndim == 3:
        mask = mask[..., :3].max(axis=2)
    return mask > 0


def read_matrix(path: Path, shape: tuple[int, int], meaning: str) -> np.ndarray:
    """Read a float64 matrix of `shape` from a text file of numbers; `meaning` names it in the refusal."""
    fix = f"write {meaning}, {shape[0]} rows of {shape[1]} numbers"
    if not path.is_file():
        raise InputRefused("file_missing", f"{path} is missing: {fix}")
    try:
        text = path.read_text()
        delimiter = "," if "," in text else None
        matrix = (
            np.loadtxt(text.splitlines(), np.float64, delimiter=delimiter, ndmin=2) if text.strip() else np.empty(0)
        )
    except ValueError as error:
        raise InputRefused("bad_matrix", f"{path} holds something other than numbers ({error}): {fix}") from None
    if matrix.size != shape[0] * shape[1] or not np.isfinite(matrix).all():
        raise InputRefused("bad_matrix", f"{path} has shape {matrix.shape} or is not finite: {fix}")
    return matrix.reshape(shape)


def checked_pose(T: Pose, source: object) -> Pose:
    """Return `T` (4, 4) as float32 if it is a rigid transform; refused under the name of its source otherwise."""
    R = T[:3, :3]
    rigid = np.allclose(R @ R.T, np.eye(3), atol=1e-2) and np.linalg.det(R) > 0
    if not rigid or not np.allclose(T[3], [0, 0, 0, 1], atol=1e-6):
        raise InputRefused(
            "bad_pose",
            f"{source} is not a rigid transform: give the 4x4 object-to-camera pose in metres, "
            "a rotation (no scale) and a last row of 0 0 0 1",
        )
    return T.astype(np.float32)
