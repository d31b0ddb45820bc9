"""Where a rosbag2 recording has the views of an object."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BagTopics:
    """Name the topics of the views: depth in the colour image's pixels; image topics may be raw or compressed.

    masks: empty: the object is what rises above the board, or stands on the largest plane. fixed_frame: TF frame in
    which the object stands still while the camera moves; empty: poses from the board, or none.
    """

    rgb: str = "/camera/color/image_raw"
    rgb_info: str = "/camera/color/camera_info"
    depth: str = "/camera/aligned_depth_to_color/image_raw"
    masks: str = ""
    fixed_frame: str = ""


DEFAULT_TOPICS = BagTopics()
