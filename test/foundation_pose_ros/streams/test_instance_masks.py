"""Boxes and the label image that says what they show, joined by stamp."""

import numpy as np

from foundation_pose_ros.streams.instance_masks import InstanceMasks
from foundation_pose_ros.streams.mask_inputs import DetectedBox, DetectedBoxes, LabelImage
from foundation_pose_ros.streams.refusals import RefusalCounter

BOX = DetectedBox("mug", 0, 0, 5, 5, 0.9, label=2)


def boxes(stamp_ns: int) -> DetectedBoxes:
    return DetectedBoxes(stamp_ns, (BOX,))


def labels(stamp_ns: int) -> LabelImage:
    return LabelImage(stamp_ns, np.full((4, 6), 2, np.uint16))


def test_whichever_comes_first_waits() -> None:
    joined = InstanceMasks(RefusalCounter())
    assert joined.boxes(boxes(1)) is None
    found = joined.labels(labels(1))
    assert found is not None and found.stamp_ns == 1 and found.instances is not None
    assert joined.labels(labels(2)) is None
    found = joined.boxes(boxes(2))
    assert found is not None and found.stamp_ns == 2


def test_other_stamps_do_not_match_and_are_counted() -> None:
    refusals = RefusalCounter()
    joined = InstanceMasks(refusals)
    assert joined.boxes(boxes(1)) is None
    assert joined.labels(labels(2)) is None
    assert joined.boxes(boxes(3)) is None
    assert refusals["no_instances"] == 1
    assert joined.labels(labels(3)) is not None
