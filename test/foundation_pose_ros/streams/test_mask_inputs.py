"""Masks and boxes of a frame by object."""

import numpy as np
import pytest

from foundation_pose_ros.camera import Camera
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.frame import Frame
from foundation_pose_ros.streams.mask_inputs import DetectedBox, DetectedBoxes, LabelImage

FRAME = Frame(np.zeros((48, 64, 3), np.uint8), np.ones((48, 64), np.float32), Camera(50, 50, 31.5, 23.5, 64, 48))
OBJECTS = {"mug": "mug", "box": "box"}
IDS = tuple(OBJECTS)


def test_label_n_is_the_nth_object() -> None:
    labels = np.zeros((48, 64), np.uint16)
    labels[:10], labels[20:30] = 1, 2
    masks = LabelImage(0, labels).masks(FRAME, OBJECTS, IDS)
    assert {id: int(mask.sum()) for id, mask in masks} == {"mug": 640, "box": 640}


def test_a_mask_for_one_object_is_all_that_is_not_0() -> None:
    labels = np.zeros((48, 64), np.uint8)
    labels[:10], labels[20:30] = 3, 255
    (id, mask), *others = LabelImage(0, labels, only="box").masks(FRAME, OBJECTS, IDS)
    assert (id, int(mask.sum()), others) == ("box", 1280, [])


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(InputRefused, match="mask is 32x24 but its image is 64x48") as refused:
        LabelImage(0, np.ones((24, 32), np.uint8)).masks(FRAME, OBJECTS, IDS)
    assert refused.value.reason == "size_mismatch"


def test_the_best_box_of_an_object_comes_first_cut_to_the_image() -> None:
    boxes = DetectedBoxes(
        0,
        (
            DetectedBox("mug", 0, 0, 5, 5, 0.4),
            DetectedBox("mug", 60, 40, 80, 60, 0.9),
            DetectedBox("cat", 0, 0, 9, 9, 1.0),
        ),
    )
    masks = boxes.masks(FRAME, OBJECTS, IDS)
    (first, best), (second, _) = masks
    assert first == second == "mug"
    assert best.dtype == bool
    assert np.argwhere(best).min(axis=0).tolist() == [40, 60]
    assert int(best.sum()) == 8 * 4


@pytest.mark.parametrize(
    ("box", "reason"),
    [(DetectedBox("cat", 0, 0, 9, 9, 1.0), "unknown_object"), (DetectedBox("mug", 70, 0, 90, 9, 1.0), "empty_mask")],
)
def test_boxes_that_mean_nothing_are_refused(box: DetectedBox, reason: str) -> None:
    with pytest.raises(InputRefused) as refused:
        DetectedBoxes(0, (box,)).masks(FRAME, OBJECTS, IDS)
    assert refused.value.reason == reason


def test_an_image_of_instances_says_what_boxes_show() -> None:
    instances = np.zeros((48, 64), np.uint16)
    instances[5:9, 5:9] = 7
    boxes = (DetectedBox("mug", 0, 0, 20, 20, 0.4, label=7), DetectedBox("mug", 40, 0, 60, 20, 0.9, label=8))
    ((name, mask),) = DetectedBoxes(0, boxes, instances=instances).masks(FRAME, OBJECTS, IDS)
    assert name == "mug" and np.array_equal(mask, instances == 7)
    with pytest.raises(InputRefused, match="has the label 8 of a mug"):
        DetectedBoxes(0, boxes[1:], instances=instances).masks(FRAME, OBJECTS, IDS)


def test_a_plain_mask_of_two_instances_is_of_their_model() -> None:
    mask = np.zeros((48, 64), np.uint8)
    mask[:10] = 255
    mugs = {"mug_1": "mug", "mug_2": "mug"}
    ((name, _),) = LabelImage(0, mask).masks(FRAME, mugs, ("mug_1", "mug_2"))
    assert name == "mug"
    with pytest.raises(InputRefused, match="could be any of mug_1, mug_2, box"):
        LabelImage(0, mask).masks(FRAME, mugs | {"box": "box"}, ("mug_1", "box"))
