"""Reference views from a rosbag2 recording, without ROS: what shows something new is kept, as from live topics."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...arrays import Pose
from ...errors import InputRefused
from ...frame import Frame
from ...streams.bag_topics import DEFAULT_TOPICS, BagTopics
from ...streams.frame_buffer import FrameBuffer
from ...streams.mask_inputs import LabelImage
from ...streams.refusals import RefusalCounter
from ...streams.rgbd_input import InputGuardian, InputSettings
from ...streams.rosbag import bag_messages, kinds_of_topics, opened_bag
from ...streams.transform_buffer import TransformBuffer
from ..reference_view import ReferenceView
from .calibration_board import Board
from .tabletop_mask import TabletopMask
from .view_recorder import RecordingSettings, ViewRecorder

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader

# Nobody waits for the end of a recording that is there already.
_LIMITS = RecordingSettings(most_views=200, largest_bytes=1_000_000_000, longest_s=float("inf"))
_FEWEST_VIEWS = 2
# Masks that come before or after their images by no more than so many of them find them.
_KEPT = 60


def read_bag_views(
    path: str | Path, topics: BagTopics = DEFAULT_TOPICS, board: Board | None = None
) -> tuple[ReferenceView, ...]:
    """Read the views that show something new, in order of time; with poses from TF or the board, else none.

    Raises InputRefused, naming topic and fix, where topics are missing, or fewer than two views can be made of them.
    """
    if board is not None and topics.fixed_frame:
        raise InputRefused("two_poses", "poses from the board or from TF: leave one of them out")
    recorder, refusals = ViewRecorder(_LIMITS), RefusalCounter()
    with opened_bag(Path(path).expanduser()) as reader:
        transforms = _transforms(reader) if topics.fixed_frame else None
        thing = TabletopMask()
        for frame, labels in _frames(reader, topics, refusals):
            try:
                T = _pose(frame, topics.fixed_frame, transforms, board)
                if labels is not None:
                    mask = labels.rectified((labels.labels != 0).astype(np.uint8)) != 0
                else:
                    mask = thing.mask(frame) if board is None or T is None else board.standing_on(frame, T)
                recorder.add(frame, mask, T)
            except InputRefused as refused:
                recorder.leave_out(f"because {refused}")
    if len(recorder.views) < _FEWEST_VIEWS:
        why = "; ".join(refusals.look().messages.values())
        raise InputRefused(
            "no_views", f"{path} gives too few views: {recorder.summary()}" + (f" ({why})" if why else "")
        )
    return recorder.views_in_own_frame


def _transforms(reader: "AnyReader") -> TransformBuffer:
    transforms = TransformBuffer(kept_s=1e9)
    for topic, message in bag_messages(reader, ("/tf", "/tf_static")):
        transforms.add_message(message, static=topic == "/tf_static")
    return transforms


def _pose(frame: Frame, fixed_frame: str, transforms: TransformBuffer | None, board: Board | None) -> Pose | None:
    """T_cam_fixed or T_cam_board (4, 4), None where neither is wanted; raises InputRefused where it isn't known."""
    if board is not None:
        T = board.pose(frame.rgb, frame.camera)
        if T is None:
            raise InputRefused("board_not_seen", "the board isn't found: check its kind, size and dictionary")
        return T
    if transforms is None:
        return None
    T = transforms.lookup(frame.frame_id, fixed_frame, frame.stamp_ns)
    if T is None:
        raise InputRefused(
            "no_transform", f"TF has none between {fixed_frame} and {frame.frame_id}: record /tf as well"
        )
    return T


def _frames(
    reader: "AnyReader", topics: BagTopics, refusals: RefusalCounter
) -> Iterator[tuple[Frame, LabelImage | None]]:
    """Frames in order of the recording, with their masks where there is a topic of them."""
    wanted = [topics.rgb, topics.rgb_info, topics.depth, *([topics.masks] if topics.masks else [])]
    kinds = kinds_of_topics(reader, wanted)
    guardian = InputGuardian(
        InputSettings(kinds[topics.rgb] == "CompressedImage", kinds[topics.depth] == "CompressedImage"), refusals
    )
    take = {topics.rgb: guardian.colour, topics.rgb_info: guardian.camera_info, topics.depth: guardian.depth}
    frames, waiting = FrameBuffer(_KEPT, max_age_s=1e6), dict[int, LabelImage]()
    for topic, message in bag_messages(reader, tuple(wanted)):
        if topic == topics.masks:
            labels = guardian.mask(message)
            if labels is not None:
                waiting[labels.stamp_ns] = labels
        else:
            for frame in take[topic](message):
                frames.add(frame)
                if not topics.masks:
                    yield frame, None
        for stamp_ns in list(waiting):
            masked = frames.at(stamp_ns)
            if masked is not None:
                yield masked, waiting.pop(stamp_ns)
        while len(waiting) > _KEPT:
            del waiting[min(waiting)]
