"""Pictures as a video file that plays as fast as they were taken."""

from pathlib import Path

import cv2
import numpy as np

from ..arrays import Rgb
from ..errors import InputRefused

# A pause of the camera is shown no longer than this.
_LONGEST_PAUSE_S = 2.0


class VideoFile:
    """An mp4 file (MPEG-4), written picture by picture; it can be played once it is closed.

    Its rate is constant: a picture is shown until the stamp of the next, and one that comes too soon is left out.
    Raises InputRefused where the file can't be written.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate_hz: float = 30.0) -> None:
        """size: columns and rows in pixels."""
        self.path, self.frames = path, 0
        self._size, self._rate_hz = size, rate_hz
        self._first_ns: int | None = None
        self._last: np.ndarray | None = None
        # Under its name once it is whole: a video without its index can't be played.
        self._unfinished = path.with_name(f".{path.name}{path.suffix}")
        self._writer = cv2.VideoWriter(str(self._unfinished), cv2.VideoWriter.fourcc(*"mp4v"), rate_hz, size)
        if not self._writer.isOpened():
            raise InputRefused(
                "no_video", f"{path} can't be written: check that its folder is there, and that OpenCV has FFmpeg"
            )

    @property
    def seconds(self) -> float:
        """Return how long the video is."""
        return self.frames / self._rate_hz

    def add(self, rgb: Rgb, stamp_ns: int) -> None:
        """Show a picture (H, W, 3) from its stamp on; one of another size is stretched."""
        if self._first_ns is None:
            self._first_ns = stamp_ns
        place = round((stamp_ns - self._first_ns) * 1e-9 * self._rate_hz)
        longest = round(_LONGEST_PAUSE_S * self._rate_hz)
        if place == self.frames - 1:
            return  # the camera is faster than the video
        if self.frames and not 0 <= place - self.frames <= longest:
            # A long pause, or time that was set back: go on from here.
            place = min(max(place, self.frames), self.frames + longest)
            self._first_ns = stamp_ns - round(place / self._rate_hz * 1e9)
        while self._last is not None and self.frames < place:
            self._write(self._last)
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        self._last = bgr if bgr.shape[1::-1] == self._size else cv2.resize(bgr, self._size)
        self._write(self._last)

    def close(self) -> None:
        """Finish the file; one without pictures isn't kept."""
        self._writer.release()
        if self.frames:
            self._unfinished.replace(self.path)
        else:
            self._unfinished.unlink(missing_ok=True)

    def _write(self, bgr: np.ndarray) -> None:
        self._writer.write(bgr)
        self.frames += 1
