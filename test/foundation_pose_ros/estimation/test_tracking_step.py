"""Tracking steps: from where the object was to where it is, along flat faces too, and out of the image in words."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import InputRefused, se3
from foundation_pose_ros.estimation.render_and_compare import RenderAndCompare
from foundation_pose_ros.estimation.tracking_step import TrackStep, TrackStepSettings
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.observation.keyframe import Keyframe
from foundation_pose_ros.observation.track_memory import TrackMemory
from foundation_pose_ros.refinement.geometric import GeometricRefiner

NOTHING_OFF = np.zeros((6, 6))


@pytest.fixture(scope="module")
def compare(cube):
    return RenderAndCompare.on_cpu(cube, threads=2)


@pytest.fixture(scope="module")
def step(compare):
    return TrackStep(compare)


@pytest.mark.parametrize("motion", [((0, 0, 0), (0, 0, 0)), ((8, -6, 5), (4, -5, 6)), ((-12, 0, 8), (0, 8, 0))])
def test_a_step_finds_the_object_again(motion, see, step, cube_pose, moved, error_mm_deg):
    T = moved(cube_pose, *motion)
    found = step(see(T).frame, cube_pose[None])
    mm, deg = error_mm_deg(found.refined.T_cam_obj[0], T)
    assert mm < 0.5 and deg < 0.6
    assert found.evidence.agreement[0] > 0.85


def test_colours_are_learned_from_the_rendering_that_was_weighed(see, step, compare, cube_pose):
    found = step(see(cube_pose).frame, cube_pose[None])
    seen, T_cam_obj = found.observation, found.refined.T_cam_obj
    anew_m = compare.renderer.render(T_cam_obj, seen.K, (seen.size, seen.size)).depth_m
    np.testing.assert_array_equal(found.rendered_m, anew_m)
    learned, without = step.colours(found), step.colours(replace(found, rendered_m=None))
    assert learned is not None and without is not None
    np.testing.assert_array_equal(learned.foreground, without.foreground)


def test_points_hold_what_depth_leaves_open(see, cube, cube_renderer, step, moved, error_mm_deg):
    """A face straight on, moved along itself: depth sees nothing of it but the rim."""
    T = se3.from_rotation_translation(np.diag([1.0, -1.0, -1.0]), np.array([0, 0, 0.45]))
    T[:3, 3] -= T[:3, :3] @ cube.centre_m
    view = see(T)
    keyframe = Keyframe.of(Crop.around_pose(view.frame, cube, T, 1.15), T, cube_renderer, 0.1, NOTHING_OFF)
    after = moved(T, (5, 3, 0), (0, 0, 6))
    with_points = step(see(after).frame, T[None], TrackMemory(keyframe)).refined.T_cam_obj[0]
    mm, deg = error_mm_deg(with_points, after)
    assert mm < 0.5 and deg < 0.5
    without, _ = error_mm_deg(step(see(after).frame, T[None]).refined.T_cam_obj[0], after)
    assert without > 4 * mm


@pytest.mark.parametrize("way_mm, poses", [(0.5, [(48, 1)]), (4.0, [(32, 1), (48, 1)]), (12.0, [(32, 2), (48, 1)])])
def test_the_nearer_points_see_it_to_where_it_was_the_less_is_refined(
    way_mm, poses, see, compare, cube_pose, moved, error_mm_deg
):
    """In the end a step without points asks whether depth agrees with them."""
    cube, taken = compare.model, list[tuple[int, int]]()

    class Noting(GeometricRefiner):
        def refine(self, observation, T_cam_obj, *arguments):
            taken.append((observation.size, len(T_cam_obj)))
            return super().refine(observation, T_cam_obj, *arguments)

    crop = Crop.around_pose(see(cube_pose).frame, cube, cube_pose, 1.15)
    keyframe = Keyframe.of(crop, cube_pose, compare.renderer, cube.diameter_m, NOTHING_OFF)
    T = moved(cube_pose, (way_mm, 0, 0), (0, 0.5, 0))
    step = TrackStep(replace(compare, refiner=Noting(cube, compare.renderer)))
    found = step(see(T).frame, np.stack([moved(T, (0, 0.4, 0), (0, 0, 0)), cube_pose]), TrackMemory(keyframe))
    mm, deg = error_mm_deg(found.refined.T_cam_obj[0], T)
    assert taken == [*poses, (48, 1)] and mm < 0.3 and deg < 0.3


def test_the_better_of_several_starts_wins(see, step, cube_pose, moved, error_mm_deg):
    far = moved(cube_pose, (40, 0, 60), (0, 40, 0))
    found = step(see(cube_pose).frame, np.stack([moved(cube_pose, (3, 0, 0), (0, 0, 0)), far]))
    assert error_mm_deg(found.refined.T_cam_obj[0], cube_pose)[0] < 0.5


def test_the_faster_the_object_the_wider_it_is_looked_for(see, cube, cube_renderer, compare, cube_pose, moved):
    """A fast object may have stopped by a quarter of its way: farther off than a slow one is looked for at first."""
    crop = Crop.around_pose(see(cube_pose).frame, cube, cube_pose, 1.15)
    keyframe = Keyframe.of(crop, cube_pose, cube_renderer, cube.diameter_m, NOTHING_OFF)
    no_points = TrackMemory(replace(keyframe, weight=0.0))
    never_far = TrackStepSettings(doubt=0.0)
    foreseen = moved(cube_pose, (60, 0, 0), (0, 0, 0))
    stopped = moved(cube_pose, (42, 0, 0), (0, 0, 0))
    frame, starts = see(stopped).frame, np.stack([foreseen, cube_pose])
    grown, fixed = (
        TrackStep(compare, replace(never_far, motion=share))(frame, starts, no_points) for share in (0.15, 0.0)
    )
    assert grown.evidence.agreement[0] > fixed.evidence.agreement[0]


def test_a_pose_is_assessed_where_it_is(see, step, cube_pose, moved):
    frame = see(cube_pose).frame
    right = step.assess(frame, cube_pose)
    wrong = step.assess(frame, moved(cube_pose, (10, 0, 0), (0, 0, 0)))
    np.testing.assert_array_equal(right.refined.T_cam_obj[0], cube_pose)
    assert right.evidence.agreement[0] > 0.9 > 0.6 > wrong.evidence.agreement[0]


@pytest.mark.parametrize("mm", [(-400, 0, 0), (0, 300, 0), (0, 0, -445)])
def test_out_of_view_is_said(mm, see, step, cube_pose, moved):
    with pytest.raises(InputRefused) as refused:
        step(see(cube_pose).frame, moved(cube_pose, mm, (0, 0, 0))[None])
    assert refused.value.reason == "out_of_view"


def test_a_step_that_slipped_within_its_hull_is_taken_again_from_turns(see_blob, blob, blob_pose):
    """45 degrees off, farther than either depth or colours pull."""
    step = TrackStep(RenderAndCompare.on_cpu(blob, threads=1))
    frame = see_blob(blob_pose).frame
    learned = step.colours(step.assess(frame, blob_pose))
    assert learned.agreement > 0.9
    off_deg = {}
    for turn_deg in (TrackStepSettings().turn_deg, 0.0):
        step.settings = replace(step.settings, turn_deg=turn_deg)
        turns = np.deg2rad(45) * np.concatenate([np.eye(3), -np.eye(3)])
        starts = se3.apply_twist(
            np.repeat(blob_pose[None], 6, axis=0), np.hstack([np.zeros((6, 3)), turns]), blob.centre_m
        )
        found = [step(frame, start[None], TrackMemory(learned=learned)).refined.T_cam_obj[0] for start in starts]
        off_deg[turn_deg] = [np.rad2deg(se3.rotation_angle_rad(T[:3, :3], blob_pose[:3, :3])) for T in found]
    again, once = off_deg.values()
    assert max(again) < 1 < max(once)


class KnowsTheWay:
    """A network's steps that lead to where the object is, and how often they were asked."""

    def __init__(self, truth: np.ndarray) -> None:
        self.truth, self.asked = truth, 0

    def moved(self, _frame, T_cam_obj, _iterations):
        self.asked += 1
        return np.repeat(self.truth[None], len(T_cam_obj), axis=0).astype(np.float32)


FAR_AWAY = (60, -50, 20), (40, 60, -30)


def test_a_doubted_step_of_a_fast_object_goes_where_a_network_leads(see, compare, cube_pose, moved, error_mm_deg):
    T = moved(cube_pose, *FAR_AWAY)
    alone = TrackStep(compare)(see(T).frame, cube_pose[None])
    assert error_mm_deg(alone.refined.T_cam_obj[0], T)[0] > 10
    mover = KnowsTheWay(T)
    found = TrackStep(compare, mover=mover)(see(T).frame, cube_pose[None])
    mm, deg = error_mm_deg(found.refined.T_cam_obj[0], T)
    assert mover.asked == 1
    assert mm < 0.5 and deg < 0.6


def test_a_network_that_leads_astray_is_not_followed(see, compare, cube_pose, moved):
    T = moved(cube_pose, *FAR_AWAY)
    alone = TrackStep(compare)(see(T).frame, cube_pose[None])
    astray = KnowsTheWay(moved(cube_pose, (0, 0, 300), (0, 0, 0)))
    found = TrackStep(compare, mover=astray)(see(T).frame, cube_pose[None])
    assert astray.asked == 1
    np.testing.assert_array_equal(found.refined.T_cam_obj[0], alone.refined.T_cam_obj[0])


def test_a_network_is_not_asked_where_a_step_is_sure_or_the_object_slow(see, compare, cube_pose, moved):
    T = moved(cube_pose, (8, -6, 5), (4, -5, 6))
    mover = KnowsTheWay(T)
    TrackStep(compare, mover=mover)(see(T).frame, cube_pose[None])
    assert mover.asked == 0
    # Foreseen to move by a few millimetres, and mostly covered: doubt is not for want of sharpness.
    hidden = see(moved(cube_pose, *FAR_AWAY)).frame
    TrackStep(compare, mover=mover)(hidden, np.stack([moved(cube_pose, (3, 0, 0), (0, 0, 0)), cube_pose]))
    assert mover.asked == 0
