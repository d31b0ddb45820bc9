"""Segmentation from a handful of examples: a support set says what to segment, no training. Imports no ROS."""

from typing import TYPE_CHECKING

from foundation_pose_ros.runtime.extras import needed
from foundation_pose_ros.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from .mask_result import LabelResult, MaskResult
    from .network.model import UniverSeg
    from .segmenter import Segmenter
    from .segmenter_settings import SegmenterSettings
    from .support.preparation import Preparation
    from .support.support_set import SupportSet
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "LabelResult": ".mask_result",
            "MaskResult": ".mask_result",
            "Preparation": ".support.preparation",
            "Segmenter": ".segmenter",
            "SegmenterSettings": ".segmenter_settings",
            "SupportSet": ".support.support_set",
            "UniverSeg": ".network.model",
        },
        without=needed("segmentation", "segmentation"),
    )

__all__ = ["LabelResult", "MaskResult", "Preparation", "Segmenter", "SegmenterSettings", "SupportSet", "UniverSeg"]
