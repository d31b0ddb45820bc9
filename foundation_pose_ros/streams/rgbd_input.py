"""Colour, depth and camera info in; frames that can be used out. Everything else is counted by reason. Needs no ROS."""

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..arrays import Depth, Pose
from ..errors import InputRefused
from ..frame import Frame
from .camera_info import Lens, to_lens
from .cloud_messages import to_points
from .depth_registration import projected, registered
from .image_converter import ImageConverter, OwnConverter
from .image_messages import MM, compressed_to_depth_m, compressed_to_rgb
from .mask_inputs import DetectedBox, DetectedBoxes, LabelImage
from .refusals import RefusalCounter
from .time_synchronizer import Match, StampMatcher, stamp_to_ns
from .transform_buffer import TransformBuffer

COLOUR, DEPTH = "colour", "depth"


@dataclass(frozen=True)
class InputSettings:
    """How images come, and what is let through.

    colour_only: depth isn't waited for, and frames have none. depth_points: depth comes as clouds of points, in any
    frame. register_depth: depth is that of another camera, with a camera info of its own. depth_unit_m: what one step
    of 16-bit depth is. T_colour_depth (4, 4): where the depth camera, or the cloud's frame, is; None: TF tells.
    """

    rgb_compressed: bool = False
    colour_only: bool = False
    depth_compressed: bool = False
    depth_points: bool = False
    register_depth: bool = False
    depth_unit_m: float = MM
    T_colour_depth: Pose | None = None
    rectified: bool = False
    distortion: str = "undistort"
    check_frames: bool = True
    match_tolerance_s: float = 0.01


class InputGuardian:
    """Matches messages and makes frames of them. Call it from one thread.

    Camera info is taken at the stamp of its image. Where a driver publishes it at stamps of its own, the last one is
    used: the first image then waits until the next shows that there is none to wait for.

    transforms: TF, which depth of another camera needs where the settings don't tell where that is. images: makes
    arrays of images that aren't compressed; None: our own code.
    """

    def __init__(
        self,
        settings: InputSettings,
        refusals: RefusalCounter,
        transforms: TransformBuffer | None = None,
        images: ImageConverter | None = None,
    ) -> None:
        self._settings = settings
        self._transforms = transforms
        self._images = images or OwnConverter()
        self._depth_lens: Lens | None = None
        self._depth_info: Any = None
        self._refusals = refusals
        topics = (COLOUR,) if settings.colour_only else (COLOUR, DEPTH)
        self._matcher = StampMatcher(topics, int(settings.match_tolerance_s * 1e9))
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
        """Take in a depth image, or a cloud."""
        return self._image(DEPTH, message)

    def depth_camera_info(self, message: Any) -> list[Frame]:
        """Take in the camera info of the depth image; only depth of another camera needs it."""
        if self._depth_info is None or _calibration(message) != _calibration(self._depth_info):
            self._depth_lens = None
        self._depth_info = message
        return []

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
            labels = self._images.to_labels(message)
        except InputRefused as refused:
            self._refusals.count(refused.reason, str(refused))
            return None
        return LabelImage(stamp_to_ns(message.header.stamp), labels, self.rectified)

    def boxes(self, message: Any) -> DetectedBoxes | None:
        """Return the boxes of a Detection2DArray, or None where there are none; bad ones are counted and left out."""
        boxes = []
        for number, detection in enumerate(message.detections, start=1):
            x, y = detection.bbox.center.position.x, detection.bbox.center.position.y
            half_x, half_y = detection.bbox.size_x / 2, detection.bbox.size_y / 2
            sides = (x - half_x, y - half_y, x + half_x, y + half_y)
            if not detection.results or not np.all(np.isfinite(sides)):
                self._refusals.count(
                    "bad_box", "a box without a hypothesis, or with sides that aren't finite: check its detector"
                )
                continue
            hypothesis = max((r.hypothesis for r in detection.results), key=lambda h: h.score)
            label = int(detection.id) if detection.id.isdecimal() and len(detection.id) < 10 else number
            boxes.append(DetectedBox(hypothesis.class_id, *sides, score=float(hypothesis.score), label=label))
        return DetectedBoxes(stamp_to_ns(message.header.stamp), tuple(boxes), self.rectified) if boxes else None

    def rectified(self, labels: np.ndarray) -> np.ndarray:
        """Return labels (H, W) freed of the lens's distortion as frames are; to be asked once their frame is here."""
        return labels if self._lens is None else self._lens.rectified(labels, smooth=False)

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
        colour, depth, settings = match.items[COLOUR], match.items.get(DEPTH), self._settings
        frame_id = colour.header.frame_id.lstrip("/")
        if not frame_id:
            raise InputRefused(
                "no_frame_id", "the colour image has no frame_id: set it in the camera's driver, TF needs it"
            )
        apart = settings.register_depth or settings.depth_points
        if settings.check_frames:
            for what, message in (("depth", None if apart else depth), ("camera_info", info)):
                other = frame_id if message is None else message.header.frame_id
                if other.lstrip("/") not in ("", frame_id):
                    raise InputRefused(
                        "frame_mismatch",
                        f"{what} is in frame {other} but colour in {frame_id}: use depth aligned to colour "
                        "(align_depth.enable:=true) and colour's own camera_info, have depth aligned here "
                        "(register_depth:=true), or set check_frames:=false",
                    )
        lens = self._lens_of(info)
        rgb = compressed_to_rgb(colour) if settings.rgb_compressed else self._images.to_rgb(colour)
        if apart or depth is None:
            unmeasured = np.zeros((lens.camera.height, lens.camera.width), np.float32)
            depth_m = unmeasured if depth is None else self._aligned(depth, lens, frame_id, match.stamp_ns)
            frame = Frame(rgb, depth_m, lens.camera, match.stamp_ns, frame_id)
            return replace(frame, rgb=lens.rectified(rgb, smooth=True)) if lens.distortion else frame
        frame = Frame(rgb, self._depth_m(depth), lens.camera, match.stamp_ns, frame_id)
        if not lens.distortion:
            return frame
        return replace(frame, rgb=lens.rectified(rgb, smooth=True), depth_m=lens.rectified(frame.depth_m, smooth=False))

    def _depth_m(self, message: Any) -> Depth:
        unit_m = self._settings.depth_unit_m
        return (compressed_to_depth_m if self._settings.depth_compressed else self._images.to_depth_m)(message, unit_m)

    def _aligned(self, message: Any, lens: Lens, frame_id: str, stamp_ns: int) -> Depth:
        """Depth (H, W) in the rectified colour image's pixels, of another camera or a cloud."""
        T = self._settings.T_colour_depth
        if T is None:
            T = self._of_tf(frame_id, message.header.frame_id.lstrip("/"), stamp_ns)
        if self._settings.depth_points:
            return projected(to_points(message), T, lens.camera)
        if self._depth_lens is None:
            if self._depth_info is None:
                raise InputRefused(
                    "no_camera_info",
                    "register_depth, but no camera info of depth: remap depth/camera_info to the depth camera's "
                    "CameraInfo topic",
                )
            self._depth_lens = to_lens(self._depth_info, False, self._settings.distortion)
        depth_m, own = self._depth_m(message), self._depth_lens
        if depth_m.shape != (own.camera.height, own.camera.width):
            raise InputRefused(
                "size_mismatch",
                f"depth is {depth_m.shape[1]}x{depth_m.shape[0]} but its camera info is for {own.camera.width}x"
                f"{own.camera.height}: remap depth/camera_info to that of the depth image",
            )
        return registered(own.rectified(depth_m, smooth=False), own.camera, T, lens.camera)

    def _of_tf(self, frame_id: str, depth_frame_id: str, stamp_ns: int) -> Pose:
        """T_colour_depth at a stamp, else the newest, since TF comes later than images, and a camera is rigid."""
        if depth_frame_id in ("", frame_id):
            return np.eye(4, dtype=np.float32)
        transforms = self._transforms or TransformBuffer()
        T = transforms.lookup(frame_id, depth_frame_id, stamp_ns)
        T = transforms.newest(frame_id, depth_frame_id) if T is None else T
        if T is None:
            raise InputRefused(
                "no_transform",
                f"{transforms.fault(frame_id, depth_frame_id, stamp_ns)}; or say where the depth camera is: "
                "depth_extrinsics",
            )
        return T

    def _lens_of(self, info: Any) -> Lens:
        """Made anew only when the camera info changes, since the maps that undistort are costly."""
        key = _calibration(info)
        if self._lens is None or key != self._lens_key:
            self._lens = to_lens(info, self._settings.rectified, self._settings.distortion)
            self._lens_key = key
        return self._lens


def _calibration(info: Any) -> tuple[Any, ...]:
    """All of a CameraInfo that says how its images were taken."""
    roi = info.roi
    matrices = (tuple(info.k), tuple(info.p), tuple(info.d), info.distortion_model, info.width, info.height)
    return (*matrices, info.binning_x, info.binning_y, roi.x_offset, roi.y_offset, roi.width, roi.height)
