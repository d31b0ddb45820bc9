"""Videos play as fast as their pictures were taken."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.overlay import VideoFile


def shown(path: Path) -> list[int]:
    """The brightness of each picture of a video."""
    video, found = cv2.VideoCapture(str(path)), []
    while (taken := video.read())[0]:
        found.append(round(float(taken[1].mean())))
    return found


def recorded(path: Path, stamps_s: list[float], rate_hz: float = 10.0) -> list[int]:
    video = VideoFile(path, (64, 48), rate_hz)
    for k, stamp_s in enumerate(stamps_s):
        video.add(np.full((48, 64, 3), 40 * (k + 1), np.uint8), round(stamp_s * 1e9))
    video.close()
    assert video.seconds == pytest.approx(len(shown(path)) / rate_hz)
    return [round(brightness / 40) for brightness in shown(path)]


def test_a_picture_is_shown_until_the_next(tmp_path):
    assert recorded(tmp_path / "a.mp4", [5.0, 5.1, 5.4, 5.5]) == [1, 2, 2, 2, 3, 4]


def test_of_pictures_that_come_too_soon_one_is_left_out(tmp_path):
    assert recorded(tmp_path / "a.mp4", [0.0, 0.03, 0.1, 0.13, 0.2]) == [1, 3, 5]


def test_long_pauses_are_shortened_and_time_may_be_set_back(tmp_path):
    assert len(recorded(tmp_path / "a.mp4", [0.0, 0.1, 60.0, 60.1])) == 24
    assert recorded(tmp_path / "b.mp4", [9.0, 9.1, 2.0, 2.1]) == [1, 2, 3, 4]


def test_colours_and_sizes(tmp_path):
    video = VideoFile(tmp_path / "a.mp4", (64, 48))
    video.add(np.broadcast_to(np.array((200, 30, 30), np.uint8), (96, 128, 3)), 0)
    assert not (tmp_path / "a.mp4").exists()
    video.close()
    bgr = cv2.VideoCapture(str(tmp_path / "a.mp4")).read()[1]
    assert bgr.shape == (48, 64, 3) and bgr.mean(axis=(0, 1)) == pytest.approx((30, 30, 200), abs=12)


def test_a_video_without_pictures_leaves_nothing(tmp_path):
    VideoFile(tmp_path / "a.mp4", (64, 48)).close()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputRefused, match="can't be written"):
        VideoFile(tmp_path / "nowhere" / "a.mp4", (64, 48))
