"""Frames of any recording written as a sequence folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from ..errors import InputRefused
from ..frame import Frame
from .sequence import Sequence as Recording

_MM_PER_M = 1000.0


def write_folder(
    recording: Recording, frame_ids: Sequence[str], folder: Path, say: Callable[[str], object] = lambda text: None
) -> int:
    """Write frames as rgb/, depth/ (16 bits, mm) and K.txt, and return how many.

    Frames that can't be read are left out, and said why. Raises InputRefused where the folder holds a recording
    already, where the camera changes on the way, and where no frame could be read.
    """
    if (folder / "rgb").exists():
        raise InputRefused("output", f"{folder} holds a recording already: give another folder")
    K: np.ndarray | None = None
    written = 0
    for frame_id in frame_ids:
        try:
            frame = recording.frame(frame_id)
        except InputRefused as refused:
            say(f"frame {frame_id} is left out: {refused}")
            continue
        if K is None:
            K = frame.camera.K
            for room in ("rgb", "depth"):
                (folder / room).mkdir(parents=True)
            np.savetxt(folder / "K.txt", K, fmt="%.8f")
        elif not np.allclose(K, frame.camera.K, rtol=1e-5):
            raise InputRefused(
                "bad_intrinsics", f"the camera of frame {frame_id} isn't that of the first: write its frames apart"
            )
        _write(frame, folder, frame_id)
        written += 1
    if not written:
        raise InputRefused("no_frames", f"no frame of {recording.name} could be read: see above")
    return written


def _write(frame: Frame, folder: Path, frame_id: str) -> None:
    depth_mm = np.clip(np.round(frame.depth_m * _MM_PER_M), 0, np.iinfo(np.uint16).max).astype(np.uint16)
    for room, image in (("rgb", cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR)), ("depth", depth_mm)):
        if not cv2.imwrite(str(folder / room / f"{frame_id}.png"), image):
            raise InputRefused("output", f"{folder / room} can't be written: is the disk full?")
