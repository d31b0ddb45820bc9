"""Segmentation from a handful of examples: a support set says what to segment, no training. Imports no ROS."""

from .model import UniverSeg
from .preparation import Preparation
from .support_set import SupportSet

__all__ = ["Preparation", "SupportSet", "UniverSeg"]
