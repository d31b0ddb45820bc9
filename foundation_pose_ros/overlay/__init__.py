"""Pictures of poses: outlines over an image, and meshes put into it as if they stood there."""

from typing import TYPE_CHECKING

from ..runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from .augmented import AugmentedReality, AugmentedSettings
    from .live_object import LiveObject, RunnerUp, drawn
    from .overlay_pose import PALETTE, OverlayPose
    from .picture import draw_overlay
    from .prediction import PosePredictor, PredictionSettings
    from .renderers import OverlayRenderers
    from .sheet import contact_sheet
    from .video import VideoFile
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "PALETTE": ".overlay_pose",
            "AugmentedReality": ".augmented",
            "AugmentedSettings": ".augmented",
            "LiveObject": ".live_object",
            "OverlayPose": ".overlay_pose",
            "OverlayRenderers": ".renderers",
            "PosePredictor": ".prediction",
            "PredictionSettings": ".prediction",
            "RunnerUp": ".live_object",
            "VideoFile": ".video",
            "contact_sheet": ".sheet",
            "draw_overlay": ".picture",
            "drawn": ".live_object",
        },
    )

__all__ = [
    "PALETTE",
    "AugmentedReality",
    "AugmentedSettings",
    "LiveObject",
    "OverlayPose",
    "OverlayRenderers",
    "PosePredictor",
    "PredictionSettings",
    "RunnerUp",
    "VideoFile",
    "contact_sheet",
    "draw_overlay",
    "drawn",
]
