"""The parameters of replay_node."""

from ..parameters import ParameterScope, Row
from .source import SYNTHETIC

REPLAY_NODE = (
    Row(
        "sequence",
        SYNTHETIC,
        "A sequence folder, one scene of a BOP dataset, a rosbag2 (mcap or sqlite3), or `synthetic`.",
        scope=ParameterScope.AT_START,
    ),
    Row(
        "objects",
        [],
        "Objects whose masks and true poses are published; empty: all there are.",
        scope=ParameterScope.AT_START,
    ),
    Row(
        "meshes",
        "",
        "Folder with a mesh in a folder for each object, for a rosbag2 or where they don't lie beside the images.",
        scope=ParameterScope.AT_START,
    ),
    Row("seed", 0, "Seed of the synthetic scene.", 0, 2**31 - 1, scope=ParameterScope.AT_START),
    Row("frames", 90, "Length of the synthetic scene.", 1, 100000, scope=ParameterScope.AT_START),
    Row("rate_hz", 30.0, "Frames a second.", 0.01, 1000.0, scope=ParameterScope.AT_START),
    Row("preload", False, "Read or render all frames before the first is published.", scope=ParameterScope.AT_START),
    Row("loop", False, "Begin again after the last frame."),
    Row("start", 0, "Index of the first frame that is played.", 0, 10**9, scope=ParameterScope.AT_START),
    Row("end", -1, "Index after the last frame that is played; -1 = all.", -1, 10**9, scope=ParameterScope.AT_START),
    Row(
        "mask_policy",
        "request",
        "When masks come: with the first frame, with every frame, with the first and then on request, or never.",
        choices=("first", "every", "request", "none"),
    ),
    Row(
        "stamps",
        "now",
        "Stamps of frames: the time they are published, or those of the recording.",
        choices=("now", "recorded"),
    ),
    Row(
        "publish_clock",
        False,
        "Publish the stamps on /clock, for nodes with use_sim_time.",
        scope=ParameterScope.AT_START,
    ),
    Row("wait_for_subscriber", True, "Don't begin before someone listens to colour, depth, camera_info and masks."),
    Row("lockstep", False, "Publish a frame only after pose_node answered the last (topic `objects`)."),
    Row("lockstep_deadline_s", 5.0, "... or after this long without an answer.", 0.01, 600.0),
    Row("exit_at_end", False, "End the process after the last frame.", scope=ParameterScope.AT_START),
)
