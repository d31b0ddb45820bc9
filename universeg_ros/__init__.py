"""Segmentation from a handful of examples: a support set says what to segment, no training. Imports no ROS."""

from .model import UniverSeg

__all__ = ["UniverSeg"]
