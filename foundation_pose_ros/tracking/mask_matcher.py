"""Which frame masks belong to: one that is kept, one that is about to come, or none. Needs no ROS."""

from ..frame import Frame
from ..streams.frame_buffer import FrameBuffer
from ..streams.mask_inputs import MaskInput
from ..streams.refusals import RefusalCounter


class MaskMatcher:
    """Finds the frames of masks in a buffer; the last masks that came before their frame wait for it.

    Call it from one thread, but for `frame_of`. What belongs to no frame is counted.
    """

    def __init__(self, buffer: FrameBuffer, refusals: RefusalCounter) -> None:
        self._buffer, self._refusals = buffer, refusals
        self._early: MaskInput | None = None

    def frame_of(self, stamp_ns: int) -> Frame | None:
        """Return the buffered frame of a stamp, the newest for stamp 0."""
        newest_ns = self._buffer.newest_ns
        if stamp_ns == 0 and newest_ns is not None:
            stamp_ns = newest_ns
        return self._buffer.at(stamp_ns)

    def match(self, masks: MaskInput) -> Frame | None:
        """Return the frame of masks; None where it isn't here, and they wait for it or are too late."""
        frame = self.frame_of(masks.stamp_ns)
        if frame is not None:
            return frame
        newest_ns = self._buffer.newest_ns
        if newest_ns is None or masks.stamp_ns > newest_ns:
            if self._early is not None:
                self._refusals.count(
                    "mask_without_frame",
                    "a mask's stamp is later than that of any image that came until the next mask: copy the stamp of "
                    "the image that it was made from, in place of the time at which it was made",
                )
            self._early = masks
        else:
            self._refusals.count(
                "mask_without_frame",
                "a mask's stamp is that of no frame kept: copy the stamp of the image that it was made from, or raise "
                "buffer_s and buffer_frames if masks come late",
            )
        return None

    def waited_for(self, stamp_ns: int) -> MaskInput | None:
        """Give the masks that waited for a frame of this stamp, or an earlier one; None where none did."""
        early = self._early
        if early is None or early.stamp_ns > stamp_ns:
            return None
        self._early = None
        return early

    def clear(self) -> None:
        """Forget the masks that wait."""
        self._early = None
