"""Segmentation from a handful of examples: a support set says what to segment, no training. Imports no ROS."""

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError(f"universeg_ros needs PyTorch: pip install torch safetensors ({error})") from None

from .mask_result import LabelResult, MaskResult
from .network.model import UniverSeg
from .segmenter import Segmenter, SegmenterSettings
from .support.preparation import Preparation
from .support.support_set import SupportSet

__all__ = ["LabelResult", "MaskResult", "Preparation", "Segmenter", "SegmenterSettings", "SupportSet", "UniverSeg"]
