"""A stream is thinned to the views that show something new, within limits, and says what it left out."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import Camera, InputRefused, ObjectModel
from foundation_pose_ros.reconstruction.capture.view_recorder import RecordingSettings, Verdict, ViewRecorder
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, turn_poses

CAMERA = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)
STEP_DEG = 2.0


@pytest.fixture(scope="module")
def quarter() -> tuple[ReferenceView, ...]:
    """A quarter of a turn in steps of two degrees, a tenth of a second each."""
    carton = ObjectModel.from_mesh(make_mesh("cracker_box", 0), name="carton")
    poses = turn_poses(carton, 45, turn_deg=45 * STEP_DEG)
    views = render_views(carton, poses, settings=StudioSettings(camera=CAMERA, light_turns=True))
    return tuple(replace(view, frame=replace(view.frame, stamp_ns=10**9 + k * 10**8)) for k, view in enumerate(views))


def recorded(views, settings=None, posed=False) -> tuple[ViewRecorder, list[int]]:
    recorder = ViewRecorder(settings or RecordingSettings())
    kept = [
        k
        for k, view in enumerate(views)
        if recorder.add(view.frame, view.mask, view.pose if posed else None) is Verdict.KEPT
    ]
    return recorder, kept


def test_a_turn_is_kept_in_steps_that_can_be_joined(quarter):
    recorder, kept = recorded(quarter)
    steps_deg = STEP_DEG * np.diff(kept)
    assert steps_deg.min() >= 4 and steps_deg.max() <= 16
    assert [view.frame.stamp_ns for view in recorder.views] == [quarter[k].frame.stamp_ns for k in kept]
    assert f"{len(kept)} views kept; left out: {45 - len(kept)} like a view that was kept" == recorder.summary()


def test_what_stands_still_is_kept_once(quarter):
    rng = np.random.default_rng(0)
    still = [
        replace(
            quarter[0],
            frame=replace(
                quarter[0].frame,
                rgb=np.clip(quarter[0].frame.rgb + rng.normal(0, 3, quarter[0].frame.rgb.shape), 0, 255).astype(
                    np.uint8
                ),
                stamp_ns=view.frame.stamp_ns,
            ),
        )
        for view in quarter
    ]
    assert recorded(still)[1] == [0]


def test_with_poses_views_differ_from_all_that_are_kept(quarter):
    there_and_back = [*quarter, *quarter[::-1]]
    _, kept = recorded(there_and_back, posed=True)
    # Ten degrees are five steps, and of the way back nothing is new.
    assert max(kept) < 45 and set(np.diff(kept)) <= {5, 6}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (RecordingSettings(most_views=3), "3 views are kept"),
        (RecordingSettings(longest_s=2.0), "recorded for 2 s"),
        (RecordingSettings(largest_bytes=1_000_000), "MB"),
    ],
)
def test_each_limit_ends_the_recording_in_words(settings, words, quarter):
    recorder, kept = recorded(quarter, settings)
    assert words in recorder.full
    assert 0 < len(kept) < len(recorded(quarter)[1])
    assert sum(view.frame.rgb.nbytes for view in recorder.views) < settings.largest_bytes + 1_000_000


def test_views_that_are_cut_off_or_unseen_are_left_out_and_counted(quarter):
    recorder = ViewRecorder()
    view = quarter[0]
    shift = int(np.nonzero(view.mask.any(axis=0))[0][0])
    assert recorder.add(view.frame, np.roll(view.mask, -shift, axis=1)) is Verdict.CUT_OFF
    blind = replace(view.frame, depth_m=np.zeros_like(view.frame.depth_m))
    assert recorder.add(blind, view.mask) is Verdict.UNSEEN
    assert recorder.summary() == (
        "0 views kept; left out: 1 cut off by the image's border, 1 with next to no depth under the mask"
    )
    with pytest.raises(InputRefused) as refusal:
        recorder.add(view.frame, view.mask[1:])
    assert refusal.value.reason == "size_mismatch"
