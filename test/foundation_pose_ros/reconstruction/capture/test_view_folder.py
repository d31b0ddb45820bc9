"""Views are read from every layout, whichever way their poses map, and what is missing is named."""

import numpy as np
import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.reconstruction.capture.view_folder import read_views


def assert_same(read, views):
    assert [view.name for view in read] == [view.name for view in views]
    for a, b in zip(read, views, strict=True):
        assert np.array_equal(a.frame.rgb, b.frame.rgb)
        assert np.array_equal(a.mask, b.mask)
        assert np.abs(a.frame.depth_m - b.frame.depth_m).max() < 0.0006
        assert a.pose == pytest.approx(b.pose, abs=1e-5)
        assert a.frame.camera.fx == pytest.approx(b.frame.camera.fx)


@pytest.mark.parametrize(
    ("masks", "poses", "depth"),
    [
        ("mask", "cam_in_ob", "depth_enhanced"),
        ("masks", "gt", "depth"),
        ("masks/cube", "gt/cube", "depth"),
        ("masks", "ob_in_cam", "depth"),
    ],
)
def test_every_layout_gives_the_same_views(masks, poses, depth, all_around, tmp_path, write_views):
    folder = write_views(tmp_path, all_around[:3], masks, poses, depth)
    assert_same(read_views(folder, "cube" if "/" in masks else None), all_around[:3])


def test_views_without_poses_are_read_as_such(all_around, tmp_path, write_views):
    views = read_views(write_views(tmp_path, all_around[:2], poses=""))
    assert [view.T_cam_obj for view in views] == [None, None]


def test_views_without_a_mask_or_pose_are_left_out(all_around, tmp_path, write_views):
    write_views(tmp_path, all_around[:4])
    (tmp_path / "masks" / f"{all_around[0].name}.png").unlink()
    (tmp_path / "cam_in_ob" / f"{all_around[2].name}.txt").unlink()
    assert_same(read_views(tmp_path), [all_around[1], all_around[3]])


def test_one_of_several_objects_is_asked_for_by_name(all_around, tmp_path, write_views):
    write_views(tmp_path, all_around[:2], "masks/cube", "gt/cube")
    write_views(tmp_path, all_around[:2], "masks/mug", "gt/mug")
    with pytest.raises(InputRefused, match="--object cube or mug") as refusal:
        read_views(tmp_path)
    assert refusal.value.reason == "which_object"
    with pytest.raises(InputRefused, match="choose from cube, mug"):
        read_views(tmp_path, "cup")


def test_what_is_missing_is_named(all_around, tmp_path, write_views):
    with pytest.raises(InputRefused, match="is not a folder"):
        read_views(tmp_path / "nowhere")
    write_views(tmp_path, all_around[:2], masks="silhouettes")
    with pytest.raises(InputRefused, match="2 in rgb/, 2 in depth/, 0 in masks/, 2 poses") as refusal:
        read_views(tmp_path)
    assert refusal.value.reason == "no_views"


def test_recorded_sequences_are_read(data_folder):
    recording = data_folder / "pose" / "visp_rbt_desk"
    if not recording.is_dir():
        pytest.skip(f"no {recording}")
    views = read_views(recording, "cube")
    assert len(views) > 20 and all(view.seen.sum() > 100 for view in views[:5])
