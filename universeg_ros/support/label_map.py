"""Masks as they come, made label maps: 0 for background, small whole numbers for what is to be segmented."""

import re

import numpy as np

from foundation_pose_ros.errors import InputRefused

MOST_LABELS = 32


def to_label_map(mask: np.ndarray, name: str = "the mask") -> np.ndarray:
    """Return (H, W) uint8 from a bool mask, one of 0 and 255, or labels 0 to 254.

    Raises InputRefused for what isn't a label map (colour, fractions, very many values, as JPEG leaves them) and for
    one that says nothing (all background, or all the same label).
    """
    mask = np.asarray(mask)
    if mask.ndim == 3 and mask.shape[2] == 1:
        mask = mask[..., 0]
    if mask.ndim != 2 or 0 in mask.shape:
        raise InputRefused("bad_mask", f"{name}: a mask is (H, W), one number per pixel, not {mask.shape}")
    values = np.unique(mask)
    if not np.isfinite(values.astype(np.float64)).all() or (values != np.round(values.astype(np.float64))).any():
        raise InputRefused("bad_mask", f"{name}: the mask holds fractions: give whole numbers, 0 for background")
    if values[0] < 0 or values[-1] > 255:
        raise InputRefused("bad_mask", f"{name}: the mask holds {values[0]} to {values[-1]}: give labels from 0 to 254")
    if len(values) > MOST_LABELS:
        raise InputRefused(
            "bad_mask", f"{name}: the mask holds {len(values)} different values: save label maps as PNG, not as JPEG"
        )
    if len(values) == 1:
        what = "empty" if values[0] == 0 else "full"
        raise InputRefused(f"{what}_mask", f"{name}: the mask is {what}: mark what to segment, leave the rest 0")
    if 255 in values:
        if len(values) > 2:
            raise InputRefused("bad_mask", f"{name}: the mask holds 255 among other labels: use 0 and 255, or 0 to 254")
        return (mask == 255).astype(np.uint8)
    return mask.astype(np.uint8)


def check_name(name: str) -> str:
    """Return the name of an example or a set, which becomes that of a file."""
    if not re.fullmatch(r"[\w-][\w.-]{0,99}", name):
        raise InputRefused("bad_name", f"{name!r} can't be a name: use letters, digits, _, - and . (not first)")
    return name
