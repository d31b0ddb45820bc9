"""What video gets wrong, done to a recording: along the motion that is measured in it.

Things with known poses move as these say, the rest as the pictures do (dense optical flow of Kroeger et al. 2016).
"""

from dataclasses import replace

import cv2
import numpy as np

from .. import se3
from ..arrays import Depth, Rgb
from ..datasets.derived_sequence import DerivedSequence
from ..datasets.sequence import FRAME_RATE_HZ, Sequence, position_of
from ..depth import in_front
from ..frame import Frame
from ..rendering.embree import EmbreeRenderer
from ..srgb import decode_srgb, encode_srgb
from .motion_blur import MotionField, rigid_velocity
from .sensor import WEBCAM
from .video_defects import VideoDefects

# Of a flow no more is believed from frame to frame than this share of the picture's width.
_LONGEST_SHARE = 0.2
# Lost frames come in bursts of up to so many: a disk, a bus or a processor was busy.
_LONGEST_BURST = 4


class RecordedVideo(DerivedSequence):
    """A recording as a camera with defects would have filmed it; frames are kept once they were asked for."""

    def __init__(self, sequence: Sequence, video: VideoDefects, rate_hz: float = FRAME_RATE_HZ) -> None:
        super().__init__(sequence)
        self.name, self.frame_ids = sequence.name, sequence.frame_ids
        self._video, self._rate_hz = video, rate_hz
        self._frames: dict[str, Frame] = {}
        self._renderers: dict[str, EmbreeRenderer] = {}

    def frame(self, frame_id: str) -> Frame:
        """Return the frame as it would have been; its stamp is that of the recording."""
        if frame_id not in self._frames:
            self._frames[frame_id] = self._filmed(position_of(frame_id, self.frame_ids, self.name))
        return self._frames[frame_id]

    def motion(self, frame_id: str) -> MotionField:
        """Measure how what each pixel of a frame shows moves."""
        index = position_of(frame_id, self.frame_ids, self.name)
        frame = self._sequence.frame(frame_id)
        # The last frame moves as it came, the others as they go on.
        step = 1 if index + 1 < len(self.frame_ids) else -1
        if len(self.frame_ids) < 2:
            return MotionField(np.zeros((*frame.depth_m.shape, 3), np.float32), frame.depth_m)
        other_id = self.frame_ids[index + step]
        flow_px = step * optical_flow_px(frame.rgb, self._sequence.frame(other_id).rgb)
        velocity = np.concatenate([flow_px, np.zeros_like(flow_px[..., :1])], axis=-1) * np.float32(self._rate_hz)
        depth_m = frame.depth_m.copy()
        for name in self.object_names:
            poses = [self._sequence.truth(one, name) for one in (frame_id, other_id)]
            if poses[0] is not None and poses[1] is not None:
                self._move(name, frame, (poses[0], poses[1]), step * self._rate_hz, velocity, depth_m)
        return MotionField(velocity, depth_m)

    def _move(
        self,
        name: str,
        frame: Frame,
        poses: tuple[np.ndarray, np.ndarray],
        per_s: float,
        velocity: np.ndarray,
        depth_m: Depth,
    ) -> None:
        """Write an object's own motion where it is seen: from its pose to that in a frame beside, 1 / per_s later."""
        model, camera = self._sequence.model(name), frame.camera
        if name not in self._renderers:
            self._renderers[name] = EmbreeRenderer(model)
        rendered_m = self._renderers[name].render(poses[0][None], camera.K, depth_m.shape).depth_m[0]
        shown = (rendered_m > 0) & ~in_front(frame.depth_m, rendered_m)
        rows, columns = np.nonzero(shown)
        points = rendered_m[shown][:, None] * camera.rays(columns, rows)
        twist = np.asarray(se3.twist_between(*poses, model.centre_m)) * per_s
        centre_cam = se3.transform_points(poses[0], model.centre_m[None])[0]
        velocity[shown] = rigid_velocity(points, centre_cam, twist, camera)
        depth_m[shown] = rendered_m[shown]

    def _filmed(self, index: int) -> Frame:
        frame_id, video = self.frame_ids[index], self._video
        frame = self._sequence.frame(frame_id)
        field = self.motion(frame_id) if video.needs_motion else None
        rng = np.random.default_rng([video.seed, index])
        light = video.light(decode_srgb(frame.rgb), field, index / self._rate_hz)
        gain = 2.0**video.gain_stops
        # The recording has the noise of its own light already.
        more = replace(WEBCAM, shot_noise=WEBCAM.shot_noise * (gain - 1), read_noise=WEBCAM.read_noise * (gain - 1))
        light += more.noise(light, rng)
        depth_m, _ = video.depth(frame.depth_m, None, field)
        return replace(frame, rgb=video.compressed(encode_srgb(light)), depth_m=video.lost(depth_m, field, rng))


def optical_flow_px(rgb: Rgb, other_rgb: Rgb) -> np.ndarray:
    """Return (H, W, 2) float32: where in another picture (H, W, 3) uint8 the content of each pixel is, from it on."""
    pictures = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (rgb, other_rgb)]
    flow_px = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*pictures, None)  # type: ignore[call-overload]
    longest_px = _LONGEST_SHARE * rgb.shape[1]
    length_px = np.linalg.norm(flow_px, axis=-1, keepdims=True)
    return np.asarray(flow_px * np.minimum(1, longest_px / np.maximum(length_px, 1e-6)), np.float32)


def dropped_frames(frame_ids: list[str], share: float, rng: np.random.Generator) -> frozenset[str]:
    """Draw which frames get lost, in bursts, about a share of all; the first one stays."""
    lost: set[str] = set()
    at, burst_mean = 1, (1 + _LONGEST_BURST) / 2
    while at < len(frame_ids):
        if rng.random() < share / (burst_mean * (1 - share)):
            burst = int(rng.integers(1, _LONGEST_BURST + 1))
            lost.update(frame_ids[at : at + burst])
            at += burst
        at += 1
    return frozenset(lost)
