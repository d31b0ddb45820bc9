"""Each thing that can be wrong with a set of views gets its own words; what can be put right is."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import Frame, InputRefused, se3
from foundation_pose_ros.reconstruction.view_checks import Agreement, checked
from foundation_pose_ros.synthetic.reference_views import render_views, turn_poses


def with_poses(views, poses):
    return tuple(replace(view, T_cam_obj=T) for view, T in zip(views, poses, strict=True))


def poses_of(views):
    return np.stack([view.pose for view in views])


def test_good_views_pass_without_a_word(all_around, from_above):
    for views in (all_around, from_above, all_around[::3]):
        result = checked(views)
        assert result.views == tuple(views)
        assert result.notes == ()
        assert Agreement.of(views).overall > 0.85


def test_inverted_poses_are_turned_round_and_said(all_around):
    result = checked(with_poses(all_around, se3.inverse(poses_of(all_around))))
    assert "inverted" in result.notes[0]
    assert poses_of(result.views) == pytest.approx(poses_of(all_around), abs=1e-6)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    ("factor", "words"), [(1000, "in millimetres"), (100, "in centimetres"), (1 / 0.0254, "in inches")]
)
def test_poses_in_another_unit_are_refused_by_its_name(factor, words, backwards, all_around):
    poses = poses_of(all_around)
    poses = se3.inverse(poses) if backwards else poses.copy()
    poses[:, :3, 3] *= factor
    with pytest.raises(InputRefused, match=words) as refusal:
        checked(with_poses(all_around, poses))
    assert refusal.value.reason == "scale"


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_a_scale_that_is_off_is_refused_with_what_would_fit(factor, all_around):
    views = [
        replace(view, frame=Frame(view.frame.rgb, view.frame.depth_m * factor, view.frame.camera))
        for view in all_around
    ]
    with pytest.raises(InputRefused, match=f"times {factor:g}") as refusal:
        checked(views)
    assert refusal.value.reason == "scale"


def test_views_that_do_not_overlap_are_refused(all_around):
    poses = poses_of(all_around).copy()
    for k, T in enumerate(poses):
        T[:] = T @ se3.from_rotation_translation(np.eye(3), np.array([0.9 * k, 0.5 * (k % 2), 0]))
    with pytest.raises(InputRefused, match="don't overlap") as refusal:
        checked(with_poses(all_around, poses))
    assert refusal.value.reason == "no_overlap"


def test_masks_that_miss_are_refused(all_around):
    views = [
        replace(view, mask=np.roll(view.mask, 70 if k % 2 else -70, axis=k % 2)) for k, view in enumerate(all_around)
    ]
    with pytest.raises(InputRefused, match="masks miss the object") as refusal:
        checked(views)
    assert refusal.value.reason == "masks_miss"


def test_empty_masks_are_refused_and_a_single_one_left_out(all_around):
    blank = np.zeros_like(all_around[0].mask)
    result = checked([replace(all_around[0], mask=blank), *all_around[1:]])
    assert result.views == all_around[1:]
    assert all_around[0].name in result.notes[0]
    with pytest.raises(InputRefused, match="white on the object") as refusal:
        checked([replace(view, mask=blank) for view in all_around])
    assert refusal.value.reason == "empty_masks"


def test_poses_of_other_frames_are_refused(all_around):
    shuffled = np.roll(poses_of(all_around), 5, axis=0)
    shuffled[:, :3, 3] += [0.03, 0, 0]
    with pytest.raises(InputRefused, match="let them be estimated") as refusal:
        checked(with_poses(all_around, shuffled))
    assert refusal.value.reason == "poses_disagree"


def test_one_stray_view_is_left_out_and_said(all_around):
    poses = poses_of(all_around).copy()
    poses[4, :3, 3] += [0.08, 0, 0]
    result = checked(with_poses(all_around, poses))
    assert [view.name for view in result.views] == [view.name for k, view in enumerate(all_around) if k != 4]
    assert all_around[4].name in result.notes[0]


def test_too_few_views_are_refused_and_few_are_said(all_around):
    with pytest.raises(InputRefused, match="at least 4") as refusal:
        checked(all_around[:2])
    assert refusal.value.reason == "too_few_views"
    assert any("only 3 views" in note for note in checked(all_around[::4]).notes)


def test_views_that_are_all_alike_are_said(sticker_cube):
    views = render_views(sticker_cube, turn_poses(sticker_cube, 5, turn_deg=10))
    assert any("one side alone" in note for note in checked(views).notes)
