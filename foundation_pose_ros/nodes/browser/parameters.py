"""The parameters of browser_node."""

from ..overlay.parameters import OVERLAY_NODE
from ..parameters import ParameterScope, Row

_OF_VIDEOS = ("jpeg_quality", "record", "video_directory", "video_rate_hz", "video_longest_s")

BROWSER_NODE = (
    *(row for row in OVERLAY_NODE if row.name not in _OF_VIDEOS),
    Row(
        "host",
        "127.0.0.1",
        "Address that the page is served on: this machine alone; 0.0.0.0 for others too, who then need the token.",
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row("port", 8080, "... and its port; 0: any that is free.", 0, 65535, scope=ParameterScope.ON_CONFIGURE),
    Row(
        "token",
        "",
        "Who opens the page must know it, 16 characters or more. Empty: nobody is asked on this machine, and for "
        "others one is made up and logged with the address.",
        pattern="([A-Za-z0-9_-]{16,100})?",
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row("picture_rate_hz", 10.0, "At most this many pictures a second.", 0.1, 60.0),
    Row("cloud_rate_hz", 2.0, "At most this many clouds a second.", 0.1, 30.0),
    Row("cloud_points", 20000, "At most this many points of a cloud, evenly over the image.", 100, 300000),
    Row(
        "pose_node",
        "/pose_node",
        "The pose_node that clicks and buttons ask.",
        scope=ParameterScope.ON_CONFIGURE,
    ),
)
