"""PoseEstimator, the one entry to registration and tracking: candidates of all strategies, put into words."""

from .pose_estimator import PoseEstimator
from .warm_up import warm_up

__all__ = ["PoseEstimator", "warm_up"]
