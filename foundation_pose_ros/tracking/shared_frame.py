"""A frame's images in memory that processes share."""

import mmap
import os
from dataclasses import dataclass

import numpy as np

from ..camera import Camera
from ..frame import Frame

_BYTES_PER_PIXEL = 7  # depth as float32, then three of colour


@dataclass(frozen=True)
class FrameHeader:
    """All of a frame but its images."""

    camera: Camera
    stamp_ns: int
    frame_id: str


class SharedFrame:
    """Room for one frame, in a file without a name that is never written to a disk (Linux: memfd_create)."""

    def __init__(self, file: int | None = None) -> None:
        """file: the descriptor of one that another process made; None: a new one."""
        self.file = os.memfd_create("frame") if file is None else file
        self._memory: mmap.mmap | None = None

    def write(self, frame: Frame) -> FrameHeader:
        """Overwrite what is there; return what `read` needs beside it."""
        depth_m, rgb = self._images(frame.camera)
        depth_m[:], rgb[:] = frame.depth_m, frame.rgb
        return FrameHeader(frame.camera, frame.stamp_ns, frame.frame_id)

    def read(self, header: FrameHeader) -> Frame:
        """Return the frame, whose images change with the next one."""
        depth_m, rgb = self._images(header.camera)
        return Frame(rgb, depth_m, header.camera, header.stamp_ns, header.frame_id)

    def close(self) -> None:
        """Give the descriptor back; the memory goes with the last array that looks into it."""
        self._memory = None
        os.close(self.file)

    def _images(self, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
        """Depth (H, W) float32 and colour (H, W, 3) uint8 in the shared memory."""
        pixels = camera.width * camera.height
        if self._memory is None or len(self._memory) < pixels * _BYTES_PER_PIXEL:
            if os.fstat(self.file).st_size < pixels * _BYTES_PER_PIXEL:
                os.ftruncate(self.file, pixels * _BYTES_PER_PIXEL)
            self._memory = mmap.mmap(self.file, os.fstat(self.file).st_size)
        depth_m = np.frombuffer(self._memory, np.float32, pixels).reshape(camera.height, camera.width)
        rgb = np.frombuffer(self._memory, np.uint8, 3 * pixels, offset=4 * pixels)
        return depth_m, rgb.reshape(camera.height, camera.width, 3)
