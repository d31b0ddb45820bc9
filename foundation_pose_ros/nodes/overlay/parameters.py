"""The parameters of overlay_node."""

from collections.abc import Mapping
from typing import Any

from ...overlay import AugmentedSettings, PredictionSettings
from ...overlay.augmented import SURFACES
from ..parameters import ParameterScope, Row
from ..pose.camera_parameters import CAMERA
from ..pose.parameters import OBJECTS

_DRAWN, _PREDICTED = AugmentedSettings(), PredictionSettings()
# It reads the same meshes, and hears the same camera.
_OBJECTS = tuple(row for row in OBJECTS if row.name in ("autostart", "objects", "mesh_directories"))

OVERLAY_NODE = (
    *_OBJECTS,
    *CAMERA,
    Row("threads", 2, "Threads of ray casting and image processing.", 1, 64, scope=ParameterScope.ON_CONFIGURE),
    Row(
        "hide_by_depth",
        True,
        "Wait for the depth of each image, where someone publishes it, and hide what is behind it.",
    ),
    Row("in_front_m", _DRAWN.in_front_m, "What is nearer than the mesh by more than this hides it.", 0.001, 1.0),
    Row(
        "surface",
        _DRAWN.surface,
        "Meshes in the colour of their object, in their own, or not at all.",
        choices=SURFACES,
    ),
    Row("opacity", _DRAWN.opacity, "Of the meshes.", 0.0, 1.0),
    Row("outline", _DRAWN.outline, "Draw outlines, faint where the object is hidden, dashed where it is in doubt."),
    Row("axes", _DRAWN.axes, "Draw the axes of each mesh."),
    Row("labels", _DRAWN.labels, "Write name and score at each object."),
    Row(
        "longest_prediction_s",
        _PREDICTED.longest_s,
        "Poses are carried on, with constant velocity, to the image's stamp, but no longer than this.",
        0.0,
        1.0,
    ),
    Row(
        "oldest_pose_s",
        0.5,
        "A pose that is older than this isn't drawn; from longest_prediction_s on it is drawn as in doubt.",
        0.01,
        60.0,
    ),
    Row("jpeg_quality", 85, "Of compressed pictures.", 1, 100),
    Row(
        "video_directory",
        "",
        "Folder that ~/record writes videos to; empty: it refuses.",
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row("record", False, "Begin a video with activation.", scope=ParameterScope.ON_ACTIVATE),
    Row("video_rate_hz", 30.0, "Pictures a second of videos.", 1.0, 120.0),
    Row("video_longest_s", 600.0, "A video ends by itself after this long.", 1.0, 36000.0),
)


def drawing_settings(values: Mapping[str, Any]) -> AugmentedSettings:
    """Take those of the picture from the node's values by name."""
    names = ("surface", "opacity", "outline", "axes", "labels", "in_front_m")
    return AugmentedSettings(**{name: values[name] for name in names})
