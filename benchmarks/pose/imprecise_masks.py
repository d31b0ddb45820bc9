"""Masks made worse: what detectors, networks and people give in place of an exact one."""

import cv2
import numpy as np

from foundation_pose_ros.arrays import Mask


def imprecise_masks(mask: Mask) -> dict[str, np.ndarray]:
    """Return a mask (H, W) bool as it is and made worse, by kind."""
    image = mask.astype(np.uint8)
    rows, columns = np.nonzero(mask)
    box, half = np.zeros_like(mask), mask.copy()
    if len(rows):
        box[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
        half[:, int(np.median(columns)) :] = False
    return {
        "precise": mask,
        "eroded 5 px": cv2.erode(image, _disk(5)) > 0,
        "eroded 10 px": cv2.erode(image, _disk(10)) > 0,
        "dilated 10 px": cv2.dilate(image, _disk(10)) > 0,
        "box": box,
        "half": half,
    }


def _disk(radius_px: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1, 2 * radius_px + 1))
