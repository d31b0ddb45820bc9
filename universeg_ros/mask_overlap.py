"""How far two masks agree."""

from foundation_pose_ros.arrays import Mask


def dice(found: Mask, truth: Mask) -> float:
    """Return twice the overlap over both areas, 0..1; two empty masks agree."""
    total = int(found.sum()) + int(truth.sum())
    return 2 * int((found & truth).sum()) / total if total else 1.0


def iou(found: Mask, truth: Mask) -> float:
    """Return overlap over union, 0..1; two empty masks agree."""
    union = int((found | truth).sum())
    return int((found & truth).sum()) / union if union else 1.0
