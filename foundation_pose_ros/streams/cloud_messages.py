"""PointCloud2 messages to points. Needs no ROS: messages are duck-typed."""

from typing import Any

import numpy as np

from ..arrays import Points
from ..errors import InputRefused
from ..input_limits.limits import LIMITS

# The numbers of sensor_msgs/PointField.
_TYPES = {7: "f4", 8: "f8"}


def to_points(message: Any) -> Points:
    """Return points (N, 3) float32, m, in the order of the cloud; organised clouds row by row.

    Points that weren't measured stay as they are sent, mostly NaN. Raises InputRefused (`bad_cloud`) for a cloud
    without x, y and z as floating point numbers, or with less data than it says.
    """
    width, height = int(message.width), int(message.height)
    order = ">" if message.is_bigendian else "<"
    fields = {field.name: field for field in message.fields}
    lacking = [name for name in "xyz" if name not in fields or fields[name].datatype not in _TYPES]
    if lacking:
        raise InputRefused(
            "bad_cloud",
            f"the cloud has no {', '.join(lacking)} as floating point numbers (fields: {', '.join(fields) or 'none'}): "
            "publish x, y and z in metres",
        )
    data, step, row_step = memoryview(message.data), int(message.point_step), int(message.row_step)
    ends = [int(fields[name].offset) + np.dtype(_TYPES[fields[name].datatype]).itemsize for name in "xyz"]
    if (
        not 0 < width * height <= LIMITS.image_pixels
        or max(ends) > step
        or row_step < width * step
        or len(data) < (height - 1) * row_step + width * step
    ):
        raise InputRefused(
            "bad_cloud",
            f"a cloud of {width}x{height} points, {step} bytes each, has {len(data)} bytes of data: its publisher "
            "fills width, height, point_step, row_step or data wrongly",
        )
    points = np.empty((height, width, 3), np.float32)
    for axis, name in enumerate("xyz"):
        kind = np.dtype(order + _TYPES[fields[name].datatype])
        points[..., axis] = np.ndarray(
            (height, width), kind, buffer=data, offset=int(fields[name].offset), strides=(row_step, step)
        )
    return points.reshape(-1, 3)
