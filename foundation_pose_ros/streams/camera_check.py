"""What a camera's topics show in a few seconds, judged in words. Needs no ROS: messages are duck-typed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from ..errors import InputRefused
from ..str_enum import StrEnum
from .camera_info import to_lens
from .heard_camera import HeardCamera, HeardTopic
from .image_messages import to_depth_m, to_rgb

# Slower, tracking loses what a hand moves; gaps of so many usual steps are lost images.
_SLOWEST_HZ, _SLOW_HZ, _GAP = 5.0, 14.0, 1.7
_LOST_SHARE = 0.05
# Images older than this, by their stamps, when they come: another clock, or a slow way.
_OLD_S, _OTHER_CLOCK_S = 0.5, 5.0
# Fast DDS's shared memory unless it is told otherwise.
_SHARED_MEMORY_BYTES = 512 * 1024
# Of the middle of the image, in widths, and of fx to fy.
_OFF_CENTRE, _UNEQUAL_FOCAL = 0.15, 0.05
_LEAST_MEASURED, _NEAREST_M, _FARTHEST_M = 0.2, 0.05, 20.0
_DARKEST, _BRIGHTEST = 12.0, 243.0


class Level(StrEnum):
    """How bad it is: nothing to do, may cost accuracy or rate, or nothing can work."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, what was seen, and the fix, '' where there is nothing to do."""

    level: Level
    what: str
    fix: str = ""


def findings(heard: HeardCamera) -> list[Finding]:
    """Judge a camera, topic by topic and then together; the worst isn't first: the order is that of the causes."""
    found = [finding for topic in (heard.rgb, heard.info, heard.depth) for finding in _stream(topic, heard)]
    if heard.rgb.last is None or heard.depth.last is None:
        return found
    found += [*_together(heard), *_aligned(heard)]
    if heard.info.last is not None:
        found += _calibration(heard.info.last, heard.rgb.last)
    return [*found, *_colour(heard.rgb.last), *_depth(heard.depth.last)]


def _stream(topic: HeardTopic, heard: HeardCamera) -> Iterator[Finding]:
    """One topic: whether it comes, how often, and how old."""
    if topic.last is None:
        if topic.publishers == 0:
            yield Finding(Level.ERROR, f"{topic.name}: nobody publishes it", "start the driver, or name its topic")
        else:
            yield Finding(
                Level.ERROR,
                f"{topic.name}: {topic.publishers} publisher(s), and nothing came in {heard.listened_s:.0f} s",
                "see that the camera streams; for images, give Fast DDS's shared memory room (config/fastdds.xml)",
            )
        return
    steps_ns = np.diff(topic.came_ns)
    rate_hz = 1e9 / float(np.mean(steps_ns)) if len(steps_ns) and np.mean(steps_ns) > 0 else 0.0
    if rate_hz < _SLOWEST_HZ:
        yield Finding(Level.ERROR, f"{topic.name}: {rate_hz:.1f} a second", "raise the camera's rate: 30 do well")
    elif rate_hz < _SLOW_HZ:
        yield Finding(
            Level.WARNING, f"{topic.name}: {rate_hz:.1f} a second", "what moves fast is lost: 30 a second do better"
        )
    else:
        yield Finding(Level.OK, f"{topic.name}: {rate_hz:.1f} a second")
    yield from _stamps(topic, heard)


def _stamps(topic: HeardTopic, heard: HeardCamera) -> Iterator[Finding]:
    steps_ns = np.diff(topic.stamps_ns)
    if not any(topic.stamps_ns):
        yield Finding(
            Level.ERROR, f"{topic.name}: its stamps are 0", "let the driver stamp images with the time they are taken"
        )
        return
    if (steps_ns < 0).any():
        yield Finding(
            Level.ERROR, f"{topic.name}: its stamps go back", "two publishers, or a clock that is set: stop one"
        )
        return
    if len(steps_ns) and (steps_ns == 0).any():
        yield Finding(
            Level.WARNING, f"{topic.name}: {int((steps_ns == 0).sum())} messages repeat a stamp", "see the driver's log"
        )
    positive = steps_ns[steps_ns > 0]
    if len(positive) >= 5:
        # Where every third image is lost, half of the steps are of two.
        usual_ns = float(np.quantile(positive, 0.25))
        lost = int(np.maximum(np.round(positive[positive > _GAP * usual_ns] / usual_ns) - 1, 0).sum())
        if lost > _LOST_SHARE * len(positive):
            room = "" if heard.large_shared_memory else ": set FASTDDS_DEFAULT_PROFILES_FILE to config/fastdds.xml"
            yield Finding(
                Level.WARNING,
                f"{topic.name}: {lost} of {lost + len(positive)} are lost on the way",
                f"give the middleware room for images{room}, or send fewer or smaller ones",
            )
    age_s = median(came - stamp for came, stamp in zip(topic.came_ns, topic.stamps_ns, strict=True)) * 1e-9
    if abs(age_s) > _OTHER_CLOCK_S:
        yield Finding(
            Level.WARNING,
            f"{topic.name}: stamps are {age_s:.1f} s behind this computer's clock",
            "another clock: synchronise both computers (chrony), or set use_sim_time where a recording is played",
        )
    elif age_s > _OLD_S:
        yield Finding(
            Level.WARNING,
            f"{topic.name}: {age_s:.2f} s old when it comes",
            "poses are late by as much: use a cable, a smaller image, or compressed transport",
        )


def _together(heard: HeardCamera) -> Iterator[Finding]:
    """Stamps of colour and depth, and of camera info."""
    rgb, depth = np.array(heard.rgb.stamps_ns), np.array(heard.depth.stamps_ns)
    apart_s = np.abs(rgb[:, None] - depth[None]).min(axis=1) * 1e-9
    exact, near = float(np.mean(apart_s == 0)), float(np.mean(apart_s <= heard.tolerance_s))
    if exact > 0.9:
        yield Finding(Level.OK, "colour and depth have equal stamps")
    elif near > 0.9:
        yield Finding(Level.OK, f"colour and depth are {1000 * float(np.median(apart_s)):.1f} ms apart, near enough")
    else:
        yield Finding(
            Level.ERROR,
            f"colour and depth are {1000 * float(np.median(apart_s)):.1f} ms apart: {100 * near:.0f} % have a partner",
            "let the driver synchronise them (RealSense: enable_sync:=true), or raise match_tolerance_s, which costs "
            "accuracy where things move",
        )
    if heard.info.last is not None:
        shares = np.isin(rgb, np.array(heard.info.stamps_ns)).mean()
        if shares < 0.5:
            yield Finding(Level.OK, "camera_info comes at stamps of its own: the last one is taken")


def _aligned(heard: HeardCamera) -> Iterator[Finding]:
    rgb, depth, info = heard.rgb.last, heard.depth.last, heard.info.last
    frames = {"colour": heard.rgb.frame_id, "depth": heard.depth.frame_id}
    if info is not None:
        frames["camera_info"] = heard.info.frame_id
    for what, frame_id in frames.items():
        if not frame_id:
            yield Finding(Level.ERROR, f"{what} has no frame_id", "set it in the driver: TF needs it")
        elif frame_id.startswith("/"):
            yield Finding(Level.WARNING, f"{what}'s frame is {frame_id}", "drop the slash: TF's frames begin with none")
    if frames["colour"] and "optical" not in frames["colour"]:
        yield Finding(
            Level.WARNING,
            f"colour's frame is {frames['colour']}",
            "poses have z forward, x right: use an optical frame (..._optical_frame), or RViz shows them turned",
        )
    align = (
        "align depth with colour in the driver (RealSense: align_depth.enable:=true, and its topic "
        "aligned_depth_to_color), or here: register_depth:=true, with depth's camera_info and TF"
    )
    if _has_size(rgb) and _has_size(depth) and (rgb.width, rgb.height) != (depth.width, depth.height):
        yield Finding(
            Level.ERROR, f"colour is {rgb.width}x{rgb.height}, depth {depth.width}x{depth.height}: not aligned", align
        )
    elif frames["depth"].lstrip("/") not in ("", frames["colour"].lstrip("/")):
        yield Finding(
            Level.ERROR, f"depth is in {frames['depth']}, colour in {frames['colour']}: probably not aligned", align
        )
    elif heard.depth_info is not None and heard.depth_info.last is not None and info is not None:
        own, other = np.array(info.k), np.array(heard.depth_info.last.k)
        if np.abs(own - other).max() > 0.02 * own[0]:
            yield Finding(Level.ERROR, "depth's camera_info has another K than colour's: not aligned", align)
        else:
            yield Finding(Level.OK, "depth is in colour's pixels")
    else:
        yield Finding(Level.OK, "depth has colour's size and frame")


def _calibration(info: Any, rgb: Any) -> Iterator[Finding]:
    try:
        lens = to_lens(info)
    except InputRefused as refused:
        yield Finding(Level.ERROR, *_halves(refused))
        return
    camera = lens.camera
    if _has_size(rgb) and (camera.width, camera.height) != (rgb.width, rgb.height):
        yield Finding(
            Level.ERROR,
            f"camera_info is for {camera.width}x{camera.height}, the image is {rgb.width}x{rgb.height}",
            "use the CameraInfo of this very image, at its resolution",
        )
        return
    off = max(abs(camera.cx / camera.width - 0.5), abs(camera.cy / camera.height - 0.5))
    wide_deg = 2 * np.degrees(np.arctan(camera.width / (2 * camera.fx)))
    if off > _OFF_CENTRE or abs(camera.fx / camera.fy - 1) > _UNEQUAL_FOCAL or not 15 < wide_deg < 130:
        yield Finding(
            Level.WARNING,
            f"fx {camera.fx:.0f}, fy {camera.fy:.0f}, cx {camera.cx:.0f}, cy {camera.cy:.0f} are odd for "
            f"{camera.width}x{camera.height} ({wide_deg:.0f} degrees wide)",
            "calibrate the camera, or see whether camera_info is that of another resolution or crop",
        )
    else:
        yield Finding(Level.OK, f"intrinsics: fx {camera.fx:.1f} px, {wide_deg:.0f} degrees wide")
    if not lens.distortion:
        yield Finding(Level.OK, "no distortion")
        return
    yield Finding(
        Level.OK,
        f"distortion ({info.distortion_model or 'plumb_bob'}): taken out by pose_node; where the image is rectified "
        "already, say image_is_rectified:=true",
    )


def _colour(message: Any) -> Iterator[Finding]:
    if not _has_size(message):
        return  # compressed
    try:
        rgb = to_rgb(message)
    except InputRefused as refused:
        yield Finding(Level.ERROR, *_halves(refused))
        return
    mean = float(rgb.mean())
    if not _DARKEST < mean < _BRIGHTEST:
        yield Finding(
            Level.WARNING, f"the colour image is {'dark' if mean <= _DARKEST else 'overexposed'}", "light, or exposure"
        )


def _depth(message: Any) -> Iterator[Finding]:
    if not _has_size(message):
        return
    try:
        depth_m = to_depth_m(message)
    except InputRefused as refused:
        yield Finding(Level.ERROR, *_halves(refused))
        return
    measured = depth_m[np.isfinite(depth_m) & (depth_m > 0)]
    share = measured.size / depth_m.size
    if share < _LEAST_MEASURED:
        yield Finding(
            Level.ERROR if measured.size == 0 else Level.WARNING,
            f"depth is measured in {100 * share:.0f} % of the image",
            "too near, too far, too bright or too shiny a scene, or the projector is off",
        )
    if measured.size == 0:
        return
    middle_m = float(np.median(measured))
    if not _NEAREST_M < middle_m < _FARTHEST_M:
        yield Finding(
            Level.ERROR,
            f"depth is {middle_m:.3g} m in the middle: not its unit",
            "32FC1 is metres, 16UC1 millimetres; other steps of 16 bits want depth_unit_m",
        )
    elif share >= _LEAST_MEASURED:
        yield Finding(
            Level.OK, f"depth ({message.encoding}): {100 * share:.0f} % measured, {middle_m:.2f} m on average"
        )


def _has_size(message: Any) -> bool:
    return hasattr(message, "width") and hasattr(message, "encoding")


def _halves(refused: InputRefused) -> tuple[str, str]:
    what, _, fix = str(refused).partition(": ")
    return what, fix


def worst(found: Sequence[Finding]) -> Level:
    """Return the worst level of all."""
    levels = {finding.level for finding in found}
    return next((level for level in (Level.ERROR, Level.WARNING) if level in levels), Level.OK)
