"""Clouds to points, whatever their layout; those that can't be read are refused in words."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.streams.cloud_messages import to_points

POINTS = np.arange(18, dtype=np.float32).reshape(2, 3, 3) / 7


def cloud(kind: str = "<f4", padding: int = 0, names: str = "xyz", datatype: int | None = None) -> Any:
    """An organised cloud of 3x2 points, each with a colour behind it, and rows that end in padding."""
    size = np.dtype(kind).itemsize
    record = np.dtype([(name, kind) for name in names] + [("rgb", "<u4")])
    points = np.zeros((2, 3), record)
    for axis, name in enumerate(names):
        points[name] = POINTS[..., axis]
    rows = [row.tobytes() + b"\xff" * padding for row in points]
    numbered = {4: 7, 8: 8}[size] if datatype is None else datatype
    fields = [SimpleNamespace(name=n, offset=size * i, datatype=numbered, count=1) for i, n in enumerate(names)]
    return SimpleNamespace(
        height=2,
        width=3,
        fields=fields,
        is_bigendian=kind.startswith(">"),
        point_step=record.itemsize,
        row_step=3 * record.itemsize + padding,
        data=b"".join(rows),
    )


@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8"])
@pytest.mark.parametrize("padding", [0, 5])
def test_points_come_in_order_whatever_the_layout(kind: str, padding: int) -> None:
    assert to_points(cloud(kind, padding)) == pytest.approx(POINTS.reshape(-1, 3), abs=1e-6)


def test_a_cloud_without_order_is_one_row() -> None:
    sent = cloud()
    sent.width, sent.height, sent.row_step = 6, 1, 6 * sent.point_step
    assert to_points(sent) == pytest.approx(POINTS.reshape(-1, 3))


def test_clouds_that_can_not_be_read_are_refused() -> None:
    short = cloud()
    short.data = short.data[:-1]
    for bad, words in ((cloud(names="xy"), "no z"), (cloud(datatype=2), "no x, y, z"), (short, "filled?|fills")):
        with pytest.raises(InputRefused, match=words) as refused:
            to_points(bad)
        assert refused.value.reason == "bad_cloud"
