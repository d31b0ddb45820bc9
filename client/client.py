"""Poses for programs of one's own: `from foundation_perception.client import PoseClient`.

Installed beside the messages, without which no client works; what it is made of stands in foundation_pose_ros.
"""

from foundation_pose_ros.nodes.client.pose_client import NoAnswer, NotFound, ObjectPose, PoseClient, Search

__all__ = ["NoAnswer", "NotFound", "ObjectPose", "PoseClient", "Search"]
