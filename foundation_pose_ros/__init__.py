"""6D pose of objects never trained on, from RGB-D and a mesh. Imports no ROS."""

from .camera import Camera
from .errors import InputRefused
from .estimator import PoseEstimator
from .frame import Frame
from .object_model.model import ObjectModel
from .pose_result import Alternative, PoseResult

__all__ = ["Alternative", "Camera", "Frame", "InputRefused", "ObjectModel", "PoseEstimator", "PoseResult"]
