"""Colour, depth and camera info in; frames that can be used out. Everything else is counted by reason. Needs no ROS."""

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import InputRefused
from ..frame import Frame
from .camera_info import Lens, to_lens
from .image_messages import compressed_to_depth_m, compressed_to_rgb, to_depth_m, to_labels, to_rgb
from .mask_inputs import DetectedBox, DetectedBoxes, LabelImage
from .refusals import RefusalCounter
from .time_synchronizer import Match, StampMatcher, stamp_to_ns

COLOUR, DEPTH = "colour", "depth"


@dataclass(frozen=True)
class InputSettings:
    """How images come, and what is let through."""

    rgb_compressed: bool = False
    depth_compressed: bool = False
    rectified: bool = False
    distortion: str = "undistort"
    check_frames: bool = True
    match_tolerance_s: float = 0.01


class InputGuardian:
    """Matches messages and makes frames of them. Call it from one thread.

    Camera info is taken at the stamp of its image. Where a driver publishes it at stamps of its own, the last one is
    used: the first image then waits until the next shows that there is none to wait for.
    """

    def __init__(self, settings: InputSettings, refusals: RefusalCounter) -> None:
        self._settings = settings
        self._refusals = refusals
        self._matcher = StampMatcher((COLOUR, DEPTH), int(settings.match_tolerance_s * 1e9))
        self._infos: deque[tuple[int, Any]] = deque(maxlen=10)
        self._waiting: Match | None = None
        self._info_in_step = True
        self._lens_key: tuple[Any, ...] = ()
        self._lens: Lens | None = None
        self.received = 0

    def colour(self, message: Any) -> list[Frame]:
        """Take in a colour image; returns the frames that it completes."""
        return self._image(COLOUR, message)

    def depth(self, message: Any) -> list[Frame]:
        """Take in a depth image."""
        return self._image(DEPTH, message)

    def camera_info(self, message: Any) -> list[Frame]:
        """Take in the camera info of the colour image."""
        stamp_ns = stamp_to_ns(message.header.stamp)
        self._infos.append((stamp_ns, message))
        if self._waiting is None or self._waiting.stamp_ns != stamp_ns:
            return []
        match, self._waiting = self._waiting, None
        self._info_in_step = True
        return self._frames(match, message)

    def mask(self, message: Any) -> LabelImage | None:
        """Return a mask or label image, or None where it was refused."""
        try:
            labels = to_labels(message)
        except InputRefused as refused:
            self._refusals.count(refused.reason, str(refused))
            return None
        return LabelImage(stamp_to_ns(message.header.stamp), labels, self.rectified)

    def boxes(self, message: Any) -> DetectedBoxes | None:
        """Return the boxes of a Detection2DArray, or None where there are none; bad ones are counted and left out."""
        boxes = []
        for detection in message.detections:
            x, y = detection.bbox.center.position.x, detection.bbox.center.position.y
            half_x, half_y = detection.bbox.size_x / 2, detection.bbox.size_y / 2
            sides = (x - half_x, y - half_y, x + half_x, y + half_y)
            if not detection.results or not np.all(np.isfinite(sides)):
                self._refusals.count(
                    "bad_box", "a box without a hypothesis, or with sides that aren't finite: check its detector"
                )
                continue
            hypothesis = max((r.hypothesis for r in detection.results), key=lambda h: h.score)
            boxes.append(DetectedBox(hypothesis.class_id, *sides, score=float(hypothesis.score)))
        return DetectedBoxes(stamp_to_ns(message.header.stamp), tuple(boxes), self.rectified) if boxes else None

    def rectified(self, labels: np.ndarray) -> np.ndarray:
        """Return labels (H, W) freed of the lens's distortion as frames are; to be asked once their frame is here."""
        return labels if self._lens is None else self._lens.rectified(labels, smooth=False)

    def clear(self) -> None:
        """Forget what waits for a partner."""
        self._matcher.clear()
        self._infos.clear()
        self._waiting = None

    @property
    def unmatched(self) -> dict[str, int]:
        """Count the images that left without a partner, by topic."""
        return dict(self._matcher.unmatched)

    def _image(self, topic: str, message: Any) -> list[Frame]:
        self.received += 1
        match = self._matcher.add(topic, stamp_to_ns(message.header.stamp), message)
        if match is None:
            return []
        frames = self._frames_that_waited()
        info = next((message for stamp_ns, message in self._infos if stamp_ns == match.stamp_ns), None)
        if info is not None:
            self._info_in_step = True
        elif self._infos and not self._info_in_step:
            info = self._infos[-1][1]
        if info is None:
            self._waiting = match
            return frames
        return frames + self._frames(match, info)

    def _frames_that_waited(self) -> list[Frame]:
        match, self._waiting = self._waiting, None
        if match is None:
            return []
        if not self._infos:
            self._refusals.count(
                "no_camera_info",
                "images but no camera_info: remap rgb/camera_info to the colour camera's CameraInfo topic",
            )
            return []
        self._info_in_step = False
        return self._frames(match, self._infos[-1][1])

    def _frames(self, match: Match, info: Any) -> list[Frame]:
        try:
            return [self._frame(match, info)]
        except InputRefused as refused:
            self._refusals.count(refused.reason, str(refused))
            return []

    def _frame(self, match: Match, info: Any) -> Frame:
        colour, depth, settings = match.items[COLOUR], match.items[DEPTH], self._settings
        frame_id = colour.header.frame_id.lstrip("/")
        if not frame_id:
            raise InputRefused(
                "no_frame_id", "the colour image has no frame_id: set it in the camera's driver, TF needs it"
            )
        if settings.check_frames:
            for what, other in (("depth", depth.header.frame_id), ("camera_info", info.header.frame_id)):
                if other.lstrip("/") not in ("", frame_id):
                    raise InputRefused(
                        "frame_mismatch",
                        f"{what} is in frame {other} but colour in {frame_id}: use depth aligned to colour "
                        "(align_depth.enable:=true) and colour's own camera_info, or set check_frames:=false",
                    )
        lens = self._lens_of(info)
        rgb = compressed_to_rgb(colour) if settings.rgb_compressed else to_rgb(colour)
        depth_m = compressed_to_depth_m(depth) if settings.depth_compressed else to_depth_m(depth)
        frame = Frame(rgb, depth_m, lens.camera, match.stamp_ns, frame_id)
        if not lens.distortion:
            return frame
        return replace(frame, rgb=lens.rectified(rgb, smooth=True), depth_m=lens.rectified(frame.depth_m, smooth=False))

    def _lens_of(self, info: Any) -> Lens:
        """Made anew only when the camera info changes, since the maps that undistort are costly."""
        roi = info.roi
        key: tuple[Any, ...] = (
            tuple(info.k),
            tuple(info.p),
            tuple(info.d),
            info.distortion_model,
            info.width,
            info.height,
        )
        key += (info.binning_x, info.binning_y, roi.x_offset, roi.y_offset, roi.width, roi.height)
        if self._lens is None or key != self._lens_key:
            self._lens = to_lens(info, self._settings.rectified, self._settings.distortion)
            self._lens_key = key
        return self._lens
