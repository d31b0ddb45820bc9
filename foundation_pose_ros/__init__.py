"""6D pose of objects never trained on, from RGB-D and a mesh. Imports no ROS."""

from typing import TYPE_CHECKING

from .runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from .camera import Camera
    from .errors import InputRefused
    from .estimator import PoseEstimator
    from .frame import Frame
    from .object_model.model import ObjectModel
    from .pose_result import Alternative, PoseResult
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "Alternative": ".pose_result",
            "Camera": ".camera",
            "Frame": ".frame",
            "InputRefused": ".errors",
            "ObjectModel": ".object_model.model",
            "PoseEstimator": ".estimator",
            "PoseResult": ".pose_result",
        },
    )

__all__ = ["Alternative", "Camera", "Frame", "InputRefused", "ObjectModel", "PoseEstimator", "PoseResult"]
