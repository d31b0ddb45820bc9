"""The parameters of how a camera's images come, for all nodes that hear one."""

from ...streams.image_messages import MM
from ..parameters import ParameterScope, Row

RGB_TRANSPORT = Row(
    "rgb_transport",
    "raw",
    "Colour as Image, or as CompressedImage on rgb/image/compressed.",
    choices=("raw", "compressed"),
    scope=ParameterScope.ON_ACTIVATE,
)

CAMERA = (
    RGB_TRANSPORT,
    Row(
        "depth_transport",
        "raw",
        "Depth as Image, as CompressedImage (PNG or RVL) on depth/image/compressedDepth, or as PointCloud2 on "
        "depth/points, organised or not, in any frame.",
        choices=("raw", "compressedDepth", "points"),
        scope=ParameterScope.ON_ACTIVATE,
    ),
    Row(
        "depth_unit_m",
        MM,
        "Metres that one step of 16-bit depth is; 32FC1 is metres.",
        1e-6,
        1.0,
        scope=ParameterScope.ON_ACTIVATE,
    ),
    Row(
        "register_depth",
        False,
        "Depth is that of another camera, with a CameraInfo of its own on depth/camera_info: bring it into the colour "
        "image's pixels.",
        scope=ParameterScope.ON_ACTIVATE,
    ),
    Row(
        "depth_extrinsics",
        "",
        "Where the depth camera (or the cloud's frame) is in the colour camera's frame: `x y z qx qy qz qw`, m; empty: "
        "TF tells.",
        scope=ParameterScope.ON_ACTIVATE,
    ),
    Row(
        "image_is_rectified",
        False,
        "The images are rectified: use P of camera_info; else K with D.",
        scope=ParameterScope.ON_ACTIVATE,
    ),
    Row(
        "distortion",
        "undistort",
        "What to do with an image that is distorted (D of camera_info isn't zero).",
        choices=("undistort", "refuse", "ignore"),
        scope=ParameterScope.ON_ACTIVATE,
    ),
    Row(
        "check_frames",
        True,
        "Refuse depth and camera_info whose frame_id isn't that of the colour image.",
        scope=ParameterScope.ON_ACTIVATE,
    ),
    Row(
        "match_tolerance_s",
        0.01,
        "How far apart stamps of colour and depth may be where they aren't equal.",
        0.0,
        1.0,
        scope=ParameterScope.ON_ACTIVATE,
    ),
)
