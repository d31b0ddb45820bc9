"""What defects do to a frame, a model and a mask, and what they leave as it was."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame, ObjectModel
from foundation_pose_ros.synthetic.imperfections import (
    CameraDefects,
    DefectiveSequence,
    damaged_mask,
    mask_elsewhere,
    random_direction,
    reprinted,
    scanned,
)
from foundation_pose_ros.synthetic.meshes import make_mesh

CAMERA = Camera(610.0, 610.0, 319.5, 239.5, 640, 480)
BOX = (slice(200, 280), slice(300, 360))
NONE = CameraDefects((0.0, 0.0), np.zeros((480, 640), np.float32), 1, 0, False)


@pytest.fixture(scope="module")
def frame() -> Frame:
    """A near box before a far wall, with a hole in the wall's depth."""
    depth_m = np.full((480, 640), 1.0, np.float32)
    depth_m[BOX] = 0.5
    depth_m[100:110, 100:110] = 0
    return Frame(np.full((480, 640, 3), 90, np.uint8), depth_m, CAMERA, 5, "camera")


@pytest.fixture(scope="module")
def model() -> ObjectModel:
    return ObjectModel.from_mesh(make_mesh("mug", 3), name="mug")


def test_a_camera_without_defects_changes_nothing(frame):
    np.testing.assert_array_equal(NONE.of(frame).depth_m, frame.depth_m)


def test_near_surfaces_grow_over_far_ones_by_as_many_pixels_as_said(frame):
    grown = CameraDefects((0.0, 0.0), NONE.warp_m, 1, 2, False).of(frame).depth_m
    near = np.zeros((480, 640), np.uint8)
    near[BOX] = 1
    np.testing.assert_array_equal(grown == 0.5, cv2.dilate(near, np.ones((5, 5))) > 0)
    assert (grown[100:110, 100:110] == 0).all()


def test_edges_are_blended_and_depth_is_shifted_and_warped(frame):
    blended = CameraDefects((0.0, 0.0), NONE.warp_m, 1, 0, True).of(frame).depth_m
    between = (blended > 0.51) & (blended < 0.99)
    assert 200 < between.sum() < 800 and (blended[100:110, 100:110] == 0).all()
    shifted = CameraDefects((3.0, 0.0), NONE.warp_m + 0.01, 1, 0, False).of(frame).depth_m
    np.testing.assert_allclose(shifted[BOX][:, 3:], 0.5 + 0.01 * 0.25, atol=1e-6)
    assert shifted[240, 302] > 0.9


def test_detail_smaller_than_the_window_goes_and_edges_stay(frame):
    rough_m = frame.depth_m.copy()
    rough_m[BOX][::2] += np.float32(0.002)
    even_m = CameraDefects((0.0, 0.0), NONE.warp_m, 5, 0, False).of(replace(frame, depth_m=rough_m)).depth_m
    within = even_m[BOX][3:-3, 3:-3]
    assert np.ptp(within) < 0.0006 and abs(within.mean() - 0.501) < 1e-4
    np.testing.assert_array_equal((even_m > 0.9), (frame.depth_m > 0.9))
    np.testing.assert_array_equal((even_m == 0), (frame.depth_m == 0))


@pytest.mark.slow
def test_what_is_drawn_follows_from_the_seed_and_is_as_large_as_real_cameras_have_it(frame):
    drawn = [CameraDefects.drawn(CAMERA, np.random.default_rng(seed)) for seed in (*range(30), 0)]
    np.testing.assert_array_equal(drawn[0].warp_m, drawn[-1].warp_m)
    warps_m = [defects.warp_m.std() for defects in drawn]
    assert 0.0005 < np.median(warps_m) < 0.003
    assert frame.rgb is drawn[0].of(frame).rgb


@pytest.mark.slow
def test_a_scan_is_a_little_off_and_keeps_its_frame(model):
    for seed in range(8):
        scan = scanned(model, np.random.default_rng(seed))
        off_m = np.linalg.norm(scan.vertices - model.vertices, axis=1)
        assert 0 < off_m.max() < 0.05 * model.diameter_m
        assert abs(scan.diameter_m / model.diameter_m - 1) < 0.05
        np.testing.assert_array_equal(scan.faces, model.faces)
    plain = sum(scanned(model, np.random.default_rng(seed)).appearance is None for seed in range(40))
    assert 4 <= plain <= 18


@pytest.mark.slow
def test_most_prints_still_look_like_the_object_and_some_like_another(model):
    faces, uv = np.arange(200) * 7, np.full((200, 2), 0.3, np.float32)
    own = model.appearance.sample(faces, uv, 0.001).ravel()
    prints = [reprinted(model.appearance, np.random.default_rng(seed)) for seed in range(30)]
    alike = [np.corrcoef(own, other.sample(faces, uv, 0.001).ravel())[0, 1] for other in prints]
    assert np.median(alike) > 0.65 and min(alike) < 0.5


def test_a_sequence_keeps_its_truth_and_shows_its_defects(frame, model):
    class Still:
        name, frame_ids, object_names = "still", ["0"], ["mug"]
        mask = staticmethod(lambda frame_id, name: np.zeros((480, 640), bool))
        truth = staticmethod(lambda frame_id, name: np.eye(4, dtype=np.float32))
        frame = staticmethod(lambda frame_id: frame)
        model = staticmethod(lambda name: model)

    scan = scanned(model, np.random.default_rng(0))
    seen = DefectiveSequence(Still(), CameraDefects((0.0, 0.0), NONE.warp_m, 1, 1, False), {"mug": scan})
    assert seen.model("mug") is scan and seen.visible_fraction("0", "mug") == 1
    np.testing.assert_array_equal(seen.truth("0", "mug"), np.eye(4))
    assert (seen.frame("0").depth_m == 0.5).sum() > (frame.depth_m == 0.5).sum()


def test_damaged_masks_are_too_wide_too_narrow_half_or_aside():
    mask = np.zeros((480, 640), bool)
    mask[BOX] = True
    kinds = set()
    for seed in range(40):
        damaged = damaged_mask(mask, np.random.default_rng(seed))
        assert damaged.shape == mask.shape and damaged.dtype == bool and 0.2 < damaged.sum() / mask.sum() < 2
        if (damaged & mask).sum() == mask.sum():
            kinds.add("wide")
        elif (damaged & ~mask).any():
            kinds.add("aside")
        else:
            kinds.add("half" if damaged.sum() < 0.65 * mask.sum() else "narrow")
    assert kinds == {"wide", "aside", "half", "narrow"}
    assert mask.sum() == mask[BOX].size


def test_a_mask_elsewhere_keeps_clear_of_the_object():
    avoid = np.zeros((480, 640), bool)
    avoid[BOX] = True
    for seed in range(20):
        mask = mask_elsewhere((480, 640), 80.0, avoid, np.random.default_rng(seed))
        assert 300 < mask.sum() < 6000 and not (mask & avoid).any()


def test_random_directions_have_length_1_and_go_everywhere(rng):
    directions = np.stack([random_direction(rng) for _ in range(400)])
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    assert np.abs(directions.mean(axis=0)).max() < 0.15
