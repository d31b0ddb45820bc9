"""Objects in recordings are where their truth says, and what isn't there is left out in words."""

from pathlib import Path

import numpy as np
import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.training.pose_sets import PoseSets, SetSettings
from foundation_pose_ros.training.recorded_scenes import RecordedScenes, recorded_scenes

RECORDINGS = ("visp_rbt_desk", "ycbv_0000", "jack_pushed", "pencilbox_handheld")


def off_radii(scenes: RecordedScenes, count: int) -> float:
    """How far rendered and seen depth are apart at the true pose, in the middle."""
    off = []
    for number in range(count):
        scene = scenes[number]
        crops = scene.crops(scene.T_true[None])
        both = crops.observed[3:].any(axis=0) & crops.rendered[0, 3:].any(axis=0)
        off.append(np.median(np.abs(crops.observed[5] - crops.rendered[0, 5])[both]))
    return float(np.median(off))


def test_objects_are_where_a_sequence_says(recording: Path) -> None:
    scenes = RecordedScenes([recording])
    assert off_radii(scenes, 6) < 0.05
    first, again = (PoseSets(RecordedScenes([recording]), SetSettings())[2] for _ in range(2))
    np.testing.assert_array_equal(first.observed, again.observed)


def test_real_recordings_show_their_objects_where_they_are(data_folder: Path) -> None:
    assert off_radii(RecordedScenes([data_folder / "pose" / name for name in RECORDINGS]), 12) < 0.05


def test_folders_that_are_not_there_are_left_out_and_named(recording: Path) -> None:
    said: list[str] = []
    assert recorded_scenes(["nowhere"], said.append) is None
    assert recorded_scenes([str(recording), "elsewhere"], said.append) is not None
    assert recorded_scenes([str(recording)], said.append) is not None
    assert said == [f"no recordings in {name}: judged without them" for name in ("nowhere", "elsewhere")]


def test_a_folder_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="neither rgb/ nor scene_camera"):
        RecordedScenes([tmp_path])
