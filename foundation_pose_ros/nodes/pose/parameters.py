"""The parameters of pose_node, by what they are about; how they become settings is in `settings`."""

from dataclasses import replace

from ...input_limits.limits import LIMITS
from ...tracking import StateSettings, TrackerSettings
from ..parameters import AUTOSTART, ParameterScope, Row
from .camera_parameters import CAMERA
from .onboarding_parameters import ONBOARDING

STATE, TRACKER = StateSettings(), TrackerSettings()

OBJECTS = (
    AUTOSTART,
    Row(
        "objects",
        [],
        "Names of the objects to look for, in the order of the labels in mask images.",
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "start",
        "auto",
        "What starts a track: a mask or box, a search of the frame without one, or auto: the search while nobody "
        "publishes masks or boxes.",
        choices=("auto", "masks", "search"),
    ),
    Row(
        "mesh_directories",
        [],
        "Folders of meshes: relative paths are looked up in them, and ~/add_object takes meshes from nowhere else.",
    ),
)

METHODS = (
    Row(
        "device",
        "cpu",
        "Where networks and the final refinement compute; the rest runs on the cpu.",
        choices=("cpu", "cuda"),
        scope=ParameterScope.AT_START,
    ),
    Row(
        "refiner",
        "auto",
        "Learning-free (geometric), or RefineNet with weights of your own (learned); compact: registrations also try a "
        "small network's steps; auto: that where it was measured to be better, else learning-free.",
        choices=("auto", "geometric", "learned", "compact"),
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "scorer",
        "auto",
        "Who chooses the best pose of a registration: learned is ScoreNet; compact: a small network has a word in it; "
        "auto: as refiner where that is learned, else compact where that was measured to be better, or learning-free.",
        choices=("auto", "geometric", "learned", "compact"),
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "weights_directory",
        "",
        "Folder of the networks' weights; they are read from nowhere else. Empty: compact networks by the weights that "
        "come with the package.",
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "hypotheses",
        "grid",
        "RefineNet starts from a grid of 252 rotations (pruned: ever fewer of them go on), or from the best few of the "
        "geometric registration.",
        choices=("grid", "pruned", "geometric"),
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row("polish", True, "End with point-to-plane steps after RefineNet.", scope=ParameterScope.ON_CONFIGURE),
    Row(
        "differentiable",
        False,
        "End with steps on depth, colour and outline together; needs PyTorch, and is slow on the cpu.",
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "precision",
        "auto",
        "Of the networks; auto: fp16 on CUDA, fp32 else.",
        choices=("auto", "fp32", "fp16", "bf16"),
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "threads",
        2,
        "Threads of ray casting and image processing; 0 = one for each processor core.",
        0,
        256,
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "processes",
        2,
        "Most processes that track several objects side by side, this one among them; each more holds 0.35 GB.",
        1,
        64,
        scope=ParameterScope.ON_CONFIGURE,
    ),
)

BUFFER = (
    Row(
        "buffer_frames",
        60,
        "How many frames are kept for masks that come late.",
        1,
        1000,
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "buffer_s",
        2.0,
        "How long frames are kept for masks that come late.",
        0.0,
        60.0,
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row("stale_after_s", 1.0, "Without a frame for this long, diagnostics say STALE, and why.", 0.1, 3600.0),
)

TRACKS = (
    Row("accept_score", STATE.accept_score, "A registration starts a track at this score.", 0.0, 1.0),
    Row("lose_score", STATE.lose_score, "A track comes into doubt below this score.", 0.0, 1.0),
    Row("regain_score", STATE.regain_score, "Doubt ends at this score, three frames running.", 0.0, 1.0),
    Row("lost_after_s", STATE.lost_after_s, "Doubt that lasts this long is a loss.", 0.0, 60.0),
    Row("lost_after_frames", STATE.lost_after_frames, "... and this many frames.", 1, 1000),
    Row(
        "relocalization",
        True,
        "Look for a lost object without a mask: where it was, then among things of its size.",
    ),
    Row(
        "retry_first_s",
        TRACKER.retry_first_s,
        "Pause after a registration that failed; doubles with each failure.",
        0.0,
        60.0,
    ),
    Row("retry_longest_s", TRACKER.retry_longest_s, "The longest such pause.", 0.0, 600.0),
)

OUTPUT = (
    Row(
        "output_frame",
        "",
        "TF frame that poses are published in, by TF at the image's stamp; empty: the image's own.",
        pattern="[A-Za-z0-9_./-]{0,100}",
        scope=ParameterScope.ON_ACTIVATE,
    ),
    Row(
        "transform_wait_s",
        0.1,
        "How long results wait for TF of their image's stamp, where output_frame is set.",
        0.0,
        10.0,
        scope=ParameterScope.ON_ACTIVATE,
    ),
    Row(
        "without_transform",
        "drop",
        "What then becomes of results that TF still lacks: drop them, or hold the newest transform there is.",
        choices=("drop", "hold"),
        scope=ParameterScope.ON_ACTIVATE,
    ),
    Row("publish_tf", True, "Broadcast tracked objects on /tf."),
    Row(
        "tf_doubt_s",
        0.1,
        "A pose that has been in doubt for this long is held back from /tf until it is confirmed; 0: at once.",
        0.0,
        60.0,
    ),
    Row(
        "tf_in_doubt",
        "drop",
        "What becomes of it on /tf then, and while the object is lost: drop it, or hold the last pose that was "
        "believed, for what stands still in output_frame, or before a camera that does.",
        choices=("drop", "hold"),
    ),
    Row("tf_prefix", "", "Put before object names to make their TF frames.", pattern="[A-Za-z0-9_./-]{0,100}"),
    Row("marker_lifetime_s", 1.0, "Markers vanish when they aren't renewed for this long; 0 = never.", 0.0, 60.0),
    Row(
        "marker_meshes",
        "file",
        "Meshes in markers by the URI of their file, package:// where a ROS package has installed it, or as triangles "
        "in the object's TF frame, which an RViz on another machine shows as well.",
        choices=("file", "triangles"),
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "marker_faces",
        2000,
        "No more triangles than this are sent of a mesh.",
        10,
        20000,
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "overlay_rate_hz",
        10.0,
        "At most this many overlay images a second, made only while someone listens.",
        0.1,
        120.0,
    ),
)

POSE_NODE = (*OBJECTS, *METHODS, *CAMERA, *BUFFER, *TRACKS, *OUTPUT, *ONBOARDING)

PER_OBJECT = (
    Row(
        "mesh",
        "",
        "Mesh file: OBJ, PLY, STL, GLB, ...; absolute, or relative to one of mesh_directories.",
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "unit",
        "m",
        "What one unit of the mesh file is.",
        choices=("m", "dm", "cm", "mm", "in", "auto"),
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "symmetries",
        "",
        "YAML, degrees and metres in the mesh's frame: `{continuous: [{axis: [0, 0, 1]}]}`, "
        "`{discrete: [{axis: [0, 0, 1], angle: 180}]}`, or `none`; empty: found from mesh and texture.",
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "instances",
        1,
        "How many of it there are: more than one are tracked as `<object>_1`, `<object>_2`, ...",
        1,
        LIMITS.instances,
        scope=ParameterScope.ON_CONFIGURE,
    ),
)


def object_rows(name: str) -> tuple[Row, ...]:
    """Name the parameters of one object: `<name>.mesh`, `<name>.unit`, ..."""
    return tuple(replace(row, name=f"{name}.{row.name}") for row in PER_OBJECT)
