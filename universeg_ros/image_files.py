"""Image files as arrays: colour as RGB, gray and depth with their own bits, label maps with their indices."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from foundation_pose_ros.atomic_file import replacing
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.input_limits.image_size import checked_pixels

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
_TO_BGR = {"rgb8": cv2.COLOR_RGB2BGR, "rgba8": cv2.COLOR_RGBA2BGR, "bgra8": cv2.COLOR_BGRA2BGR}


def read_image(path: Path) -> np.ndarray:
    """Read (H, W) uint8, uint16 or float32, or (H, W, 3) RGB; raises InputRefused naming the file."""
    known = path.is_file() and checked_pixels(path, path)
    image = cv2.imread(str(path), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR) if known else None
    if image is None:
        raise InputRefused("no_image", f"{path} can't be read as an image: give a PNG, JPEG, BMP or TIFF")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if image.ndim == 3 else image


def read_mask(path: Path) -> np.ndarray:
    """Read labels (H, W): gray values, or indices of a palette; colour where all channels agree."""
    try:
        checked_pixels(path, path)
        with Image.open(path) as image:
            mask = np.array(image)
    except (OSError, UnidentifiedImageError):
        raise InputRefused("no_image", f"{path} can't be read as a mask: give a PNG") from None
    if mask.ndim == 3 and (mask[..., :1] == mask[..., :3]).all():
        mask = mask[..., 0]
    if mask.ndim != 2:
        raise InputRefused("bad_mask", f"{path} is in colour: save masks in gray or with a palette")
    return mask


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write (H, W) or BGR (H, W, 3) to a file named in full; raises InputRefused where that can't be."""
    refused = InputRefused("output", f"{path} can't be written: give a name that ends in .png, in a folder of yours")
    try:
        with replacing(path) as unfinished:
            if not cv2.imwrite(str(unfinished), picture):
                raise refused
    except (cv2.error, OSError):
        raise refused from None


def write_image(folder: Path, name: str, image: np.ndarray, encoding: str | None = None) -> Path:
    """Write NAME.png (floating point: NAME.tiff) into the folder; returns its path.

    encoding: None takes colour as RGB.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if image.ndim == 3 and encoding != "bgr8":
        image = cv2.cvtColor(image, _TO_BGR[encoding or ("rgba8" if image.shape[2] == 4 else "rgb8")])
    if image.dtype == bool:
        image = image.astype(np.uint8)
    path = folder / f"{name}{'.png' if image.dtype in (np.uint8, np.uint16) else '.tiff'}"
    write_picture(path, image.astype(np.float32) if image.dtype == np.float64 else image)
    return path
