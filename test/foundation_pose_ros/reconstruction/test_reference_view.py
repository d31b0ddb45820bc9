"""A reference view keeps image, mask and pose together, and refuses those that don't belong together."""

import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame, InputRefused, se3
from foundation_pose_ros.reconstruction.reference_view import ReferenceView

CAMERA = Camera(50.0, 50.0, 3.5, 2.5, 8, 6)


def frame() -> Frame:
    depth_m = np.full((6, 8), 0.5, np.float32)
    depth_m[2, 3] = 0
    return Frame(np.zeros((6, 8, 3), np.uint8), depth_m, CAMERA)


def test_points_are_those_of_the_mask_with_depth():
    mask = np.zeros((6, 8), np.uint8)
    mask[2:4, 3:5] = 255
    view = ReferenceView(frame(), mask, name="a")
    assert view.seen.sum() == 3
    assert CAMERA.project(view.points_cam()) == pytest.approx(np.array([[4, 2], [3, 3], [4, 3]]), abs=1e-5)
    assert CAMERA.project(view.points_cam(2)) == pytest.approx(np.array([[4, 2]]), abs=1e-5)
    assert view.points_cam()[:, 2] == pytest.approx(0.5)


def test_the_cameras_centre_is_in_the_objects_frame():
    R = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1.0]])
    T = se3.from_rotation_translation(R, np.array([0.1, 0.2, 0.5]))
    view = ReferenceView(frame(), np.ones((6, 8), bool), T)
    assert se3.transform_points(T, view.centre_obj[None])[0] == pytest.approx(np.zeros(3), abs=1e-6)


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(InputRefused, match="one value per pixel") as refusal:
        ReferenceView(frame(), np.ones((6, 9), bool), name="a")
    assert refusal.value.reason == "size_mismatch"


@pytest.mark.parametrize("pose", [np.eye(3), np.full((4, 4), np.nan)])
def test_a_pose_that_is_none_is_refused(pose):
    with pytest.raises(InputRefused, match="view a") as refusal:
        ReferenceView(frame(), np.ones((6, 8), bool), pose, "a")
    assert refusal.value.reason == "bad_pose"


def test_a_missing_pose_is_refused_when_asked_for():
    with pytest.raises(InputRefused, match="let poses be estimated") as refusal:
        _ = ReferenceView(frame(), np.ones((6, 8), bool)).pose
    assert refusal.value.reason == "no_pose"
