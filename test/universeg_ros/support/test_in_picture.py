"""An object pasted into a picture: where depth has room for it, behind what is nearer, the rest as it was."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import InputRefused, ObjectModel
from foundation_pose_ros.camera import Camera
from foundation_pose_ros.frame import Frame
from foundation_pose_ros.synthetic.meshes import make_mesh
from universeg_ros.support.in_picture import support_in_picture

CAMERA = Camera(150.0, 150.0, 79.5, 59.5, 160, 120)


@pytest.fixture(scope="module")
def cube() -> ObjectModel:
    return ObjectModel.from_mesh(make_mesh("sticker_cube", 0), name="sticker_cube")


def wall(distance_m: float) -> Frame:
    return Frame(np.full((120, 160, 3), 90, np.uint8), np.full((120, 160), distance_m, np.float32), CAMERA)


def test_the_object_is_where_the_mask_says(cube: ObjectModel) -> None:
    support = support_in_picture(cube, wall(0.6), examples=4)
    assert len(support) == 4 and support.label_name(1) == "sticker_cube"
    for example in support:
        marked = example.labels == 1
        assert 0.005 < marked.mean() < 0.1
        assert (example.image[~marked] == 90).all()
        assert np.ptp(example.image[marked].astype(float), axis=1).mean() > 20
    again = support_in_picture(cube, wall(0.6), examples=4)
    assert all(np.array_equal(a.image, b.image) for a, b in zip(support, again, strict=True))


def test_what_is_nearer_hides_it(cube: ObjectModel) -> None:
    frame = wall(0.6)
    depth_m = frame.depth_m.copy()
    depth_m[:, 70:90] = 0.2
    for example in support_in_picture(cube, replace(frame, depth_m=depth_m), examples=6):
        assert not example.labels[:, 71:89].any()


def test_no_place_is_refused(cube: ObjectModel) -> None:
    with pytest.raises(InputRefused) as refusal:
        support_in_picture(cube, wall(9.0), examples=2)
    assert refusal.value.reason == "no_place"


def test_a_model_without_colour_is_refused(cube: ObjectModel) -> None:
    with pytest.raises(InputRefused) as refusal:
        support_in_picture(replace(cube, appearance=None), wall(0.6))
    assert refusal.value.reason == "no_colour"
