"""Messages to arrays and back, for segmentation."""

from typing import Any

import numpy as np
from foundation_perception.msg import SegmentedLabel, SupportSetInfo
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.streams.image_messages import fill_image, to_array, to_labels

from ..mask_result import MaskResult
from ..support.preparation import Encoding
from ..support.support_set import SupportSet
from .support_sets import Limits

# OpenCV's names for what the others call by its meaning.
_SAME_AS: dict[str, Encoding] = {"8UC1": "mono8", "8UC3": "bgr8"}


def to_image(message: Any, limits: Limits) -> tuple[np.ndarray, Encoding]:
    """Return pixels and encoding; a copy, since examples outlive their message. Raises InputRefused."""
    limits.check_image(message.width, message.height)
    pixels = to_array(message)
    return np.array(pixels), _SAME_AS.get(message.encoding, message.encoding)


def to_mask(message: Any, limits: Limits) -> np.ndarray:
    """Return labels (H, W) of unsigned integers."""
    limits.check_image(message.width, message.height)
    return to_labels(message)


def region_of(roi: Any) -> tuple[int, int, int, int] | None:
    """Return x, y, width, height in pixels; None where all of the image is meant."""
    if not roi.width or not roi.height:
        return None
    return int(roi.x_offset), int(roi.y_offset), int(roi.width), int(roi.height)


def mask_message(result: MaskResult, header: Header) -> Image:
    """Make a mono8 image of the labels, with a single one 255, which pose_node takes as the mask of any object."""
    mask = result.mask if len(result.labels) > 1 else (result.mask > 0).astype(np.uint8) * np.uint8(255)
    return fill_image(Image(header=header), mask, "mono8")


def map_message(values: np.ndarray, header: Header) -> Image:
    """Make an image message of the encoding 32FC1."""
    return fill_image(Image(header=header), values.astype(np.float32), "32FC1")


def label_messages(result: MaskResult) -> list[SegmentedLabel]:
    """Make one message per label of the support set."""
    return [
        SegmentedLabel(label=r.label, name=r.name, confidence=float(r.confidence), area_px=r.area_px)
        for r in result.labels
    ]


def info_message(name: str, support: SupportSet, live: bool) -> SupportSetInfo:
    """Say what there is in a set."""
    return SupportSetInfo(
        name=name,
        examples=support.names,
        labels=list(support.labels),
        label_names=[support.label_name(label) for label in support.labels],
        live=live,
    )


def check_header(message: Any) -> Header:
    """Return the header that answers carry: that of the image."""
    if message.height == 0 or message.width == 0:
        raise InputRefused("bad_image", "the request holds no image: fill image")
    return message.header
