"""Poses for programs of one's own: `from foundation_perception.client import PoseClient`.

Installed beside the messages, without which no client works; what it is made of stands in foundation_pose_ros.
"""

from foundation_pose_ros.nodes.client.pose_client import NoAnswer, NotFound, ObjectPose, PoseClient, Search
from foundation_pose_ros.nodes.client.prompt_client import PromptClient
from foundation_pose_ros.nodes.client.segmentation_client import SegmentationClient, SegmentedImage

__all__ = [
    "NoAnswer",
    "NotFound",
    "ObjectPose",
    "PoseClient",
    "PromptClient",
    "Search",
    "SegmentationClient",
    "SegmentedImage",
]
