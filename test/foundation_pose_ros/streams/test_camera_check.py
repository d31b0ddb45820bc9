"""What is said of cameras that are well, and of those that aren't, each with its fix."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from foundation_pose_ros.streams.camera_check import Level, findings, worst
from foundation_pose_ros.streams.heard_camera import HeardCamera, HeardTopic
from foundation_pose_ros.streams.image_messages import fill_image

WIDTH, HEIGHT, STEP_NS = 64, 48, 33_333_333
FRAME = "camera_color_optical_frame"


def message(what: str, stamp_ns: int, frame_id: str = FRAME, **changes: Any) -> Any:
    """A message of colour, depth or camera info."""
    sec, nanosec = divmod(stamp_ns, 1_000_000_000)
    made = SimpleNamespace(header=SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=nanosec), frame_id=frame_id))
    if what == "info":
        K = [50.0, 0, 31.5, 0, 50.0, 23.5, 0, 0, 1]
        vars(made).update(k=K, p=[0.0] * 12, d=[0.0] * 5, distortion_model="plumb_bob")
        vars(made).update(width=WIDTH, height=HEIGHT, binning_x=0, binning_y=0)
        made.roi = SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0)
    elif what == "colour":
        fill_image(made, np.full((HEIGHT, WIDTH, 3), 100, np.uint8), "rgb8")
    else:
        fill_image(made, np.full((HEIGHT, WIDTH), 0.8, np.float32), "32FC1")
    vars(made).update(changes)
    return made


def topic(what: str, count: int = 30, step_ns: int = STEP_NS, late_ns: int = 20_000_000, **changes: Any) -> HeardTopic:
    """A topic on which messages came at a rate, late_ns after their stamps."""
    heard = HeardTopic(f"/camera/{what}", publishers=1)
    for k in range(count):
        stamp_ns = 10**18 + k * step_ns
        heard.take(message(what, stamp_ns, **changes), stamp_ns + late_ns)
    return heard


GOOD = HeardCamera(topic("colour"), topic("info"), topic("depth"), None, 5.0)


def test_a_good_camera_has_nothing_to_fix() -> None:
    assert worst(findings(GOOD)) is Level.OK
    assert not [finding.fix for finding in findings(GOOD) if finding.fix]


@pytest.mark.parametrize(
    ("changed", "level", "what", "fix"),
    [
        ({"rgb": HeardTopic("/rgb")}, "error", "nobody publishes", "start the driver"),
        ({"rgb": HeardTopic("/rgb", publishers=1)}, "error", "nothing came in 5 s", "shared memory"),
        ({"rgb": topic("colour", step_ns=10 * STEP_NS)}, "error", "3.0 a second", "raise"),
        ({"rgb": topic("colour", step_ns=3 * STEP_NS)}, "warning", "10.0 a second", "30 a second"),
        ({"depth": topic("depth", late_ns=900_000_000)}, "warning", "0.90 s old", "late"),
        ({"depth": topic("depth", late_ns=-3600 * 10**9)}, "warning", "behind this computer's clock", "chrony"),
        ({"depth": topic("depth", step_ns=STEP_NS + 1_100_000)}, "error", "have a partner", "enable_sync"),
        ({"depth": topic("depth", frame_id="camera_depth_optical_frame")}, "error", "not aligned", "align_depth"),
        ({"depth": topic("depth", width=32)}, "error", "depth 32x48: not aligned", "register_depth"),
        ({"rgb": topic("colour", frame_id="")}, "error", "colour has no frame_id", "driver"),
        ({"rgb": topic("colour", frame_id="cam")}, "warning", "colour's frame is cam", "optical"),
        ({"info": topic("info", k=[0.0] * 9)}, "error", "no calibration", "calibrate"),
        ({"info": topic("info", width=32)}, "error", "camera_info is for 32x48", "this very image"),
        ({"info": topic("info", k=[50.0, 0, 5, 0, 50, 23, 0, 0, 1])}, "warning", "are odd", "another resolution"),
        ({"info": topic("info", d=[0.1, 0, 0, 0, 0])}, "ok", "distortion (plumb_bob): taken out", ""),
        ({"info": topic("info", d=[0.1] * 3)}, "error", "has 3 distortion coefficients", "calibrate"),
    ],
)
def test_what_is_wrong_is_said_with_the_fix(changed: dict[str, Any], level: str, what: str, fix: str) -> None:
    found = [finding for finding in findings(replace(GOOD, **changed)) if what in finding.what]
    assert found and found[0].level == level and fix in found[0].fix


def test_depths_unit_and_holes_are_looked_at() -> None:
    def said(depth_m: np.ndarray) -> str:
        heard = topic("depth")
        fill_image(heard.last, depth_m.astype(np.float32), "32FC1")
        return " ".join(finding.what for finding in findings(replace(GOOD, depth=heard)))

    assert "not its unit" in said(np.full((HEIGHT, WIDTH), 800.0))
    assert "measured in 0 %" in said(np.zeros((HEIGHT, WIDTH)))


def test_lost_images_stamps_that_stand_and_stamps_that_go_back_are_noticed() -> None:
    lossy = topic("colour")
    lossy.came_ns, lossy.stamps_ns = lossy.came_ns[:], [s for k, s in enumerate(lossy.stamps_ns) if k % 4]
    lossy.came_ns = [s + 1 for s in lossy.stamps_ns]
    back = topic("colour")
    back.stamps_ns[7] -= 10**9
    zero = topic("colour")
    zero.stamps_ns = [0] * 30
    for heard, words in ((lossy, "lost on the way"), (back, "go back"), (zero, "stamps are 0")):
        assert any(words in finding.what for finding in findings(replace(GOOD, rgb=heard))), words
