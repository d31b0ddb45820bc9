"""Videos of overlay_node: begun and ended by a service, each a file in the configured folder."""

import time
from collections.abc import Callable
from pathlib import Path

from ...arrays import Rgb
from ...errors import InputRefused
from ...overlay import VideoFile


class Recorder:
    """At most one video at a time. Not safe to use from several threads at once."""

    def __init__(self, directory: str, said: Callable[[str], object]) -> None:
        """directory: '' where nothing may be written. said: hears of files that end by themselves."""
        self._directory, self._said = directory, said
        self._path: Path | None = None
        self._video: VideoFile | None = None

    @property
    def wanted(self) -> bool:
        """Return True between begin and end."""
        return self._path is not None

    def begin(self) -> str:
        """Begin a video with the next picture; returns its file in words. Raises InputRefused."""
        if not self._directory:
            raise InputRefused("no_folder", "nowhere to write: set the parameter video_directory, and configure again")
        if self._path is not None:
            raise InputRefused("busy", f"{self._path} is being recorded: end it first")
        folder = Path(self._directory).expanduser()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputRefused("no_folder", f"{folder} can't be made: {error}") from None
        name = f"overlay_{time.strftime('%Y%m%d_%H%M%S')}"
        taken = len(list(folder.glob(f"{name}*.mp4")))
        self._path = folder / (f"{name}_{taken + 1}.mp4" if taken else f"{name}.mp4")
        return f"recording to {self._path}"

    def end(self) -> str:
        """End the video; returns what became of it in words. Raises InputRefused where there is none."""
        path, self._path = self._path, None
        video, self._video = self._video, None
        if path is None:
            raise InputRefused("not_recording", "nothing is being recorded: begin with data: true")
        if video is None:
            return "no picture came: nothing was written"
        video.close()
        return f"{path}: {video.seconds:.1f} s"

    def add(self, picture: Rgb, stamp_ns: int, rate_hz: float, longest_s: float) -> None:
        """Take a picture in; one that can't be written ends the video."""
        if self._path is None:
            return
        try:
            if self._video is None:
                self._video = VideoFile(self._path, (picture.shape[1], picture.shape[0]), rate_hz)
            self._video.add(picture, stamp_ns)
        except InputRefused:
            self._path = None
            raise
        if self._video.seconds >= longest_s:
            self._said(f"{self.end()}, the longest that is allowed")
