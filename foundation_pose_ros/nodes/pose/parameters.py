"""The parameters of pose_node."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ... import se3
from ...arrays import Pose
from ...errors import InputRefused, shortened
from ...limits import LIMITS
from ...method_choice import MethodChoice
from ...reconstruction.capture.view_recorder import RecordingSettings
from ...reconstruction.onboarding import OnboardingSettings
from ...reconstruction.reconstruct import ReconstructionSettings
from ...streams.image_messages import MM
from ...tracking import RelocalizationSettings, StateSettings, TrackerSettings
from ..parameters import ParameterScope, Row
from .output_frame import OutputFrameSettings

STATE = StateSettings()
TRACKER = TrackerSettings()
RECORDING, RECONSTRUCTION = RecordingSettings(), ReconstructionSettings()

POSE_NODE = (
    Row("autostart", True, "Configure and activate without a lifecycle manager.", scope=ParameterScope.AT_START),
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
    Row(
        "device",
        "cpu",
        "Where networks and the final refinement compute; the rest runs on the cpu.",
        choices=("cpu", "cuda"),
        scope=ParameterScope.AT_START,
    ),
    Row(
        "refiner",
        "geometric",
        "Learning-free, or RefineNet with weights of your own.",
        choices=("geometric", "learned"),
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "scorer",
        "geometric",
        "Who chooses the best pose of a registration: learned is ScoreNet.",
        choices=("geometric", "learned"),
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "weights_directory",
        "",
        "Folder of the networks' weights; they are read from nowhere else.",
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
    Row(
        "rgb_transport",
        "raw",
        "Colour as Image, or as CompressedImage on rgb/image/compressed.",
        choices=("raw", "compressed"),
        scope=ParameterScope.ON_ACTIVATE,
    ),
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
    Row("accept_score", STATE.accept_score, "A registration starts a track at this score.", 0.0, 1.0),
    Row("lose_score", STATE.lose_score, "A track comes into doubt below this score.", 0.0, 1.0),
    Row("regain_score", STATE.regain_score, "Doubt ends at this score, three frames running.", 0.0, 1.0),
    Row("lost_after_s", STATE.lost_after_s, "Doubt that lasts this long is a loss.", 0.0, 60.0),
    Row("lost_after_frames", STATE.lost_after_frames, "... and this many frames.", 1, 1000),
    Row(
        "recovery",
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
    Row("tf_prefix", "", "Put before object names to make their TF frames.", pattern="[A-Za-z0-9_./-]{0,100}"),
    Row("marker_lifetime_s", 1.0, "Markers vanish when they aren't renewed for this long; 0 = never.", 0.0, 60.0),
    Row(
        "overlay_rate_hz",
        10.0,
        "At most this many overlay images a second, made only while someone listens.",
        0.1,
        120.0,
    ),
    Row(
        "grow_models",
        False,
        "An object that was onboarded while this was on goes on learning: images that show unseen surface of it while "
        "it is tracked with a high score become views, and its model is made anew from time to time.",
    ),
    Row(
        "onboarding_directory",
        "",
        "Folder that `~/onboard_object` writes models to; empty: it refuses.",
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "onboarding_views",
        RECONSTRUCTION.views,
        "A model is made from at most so many views, spread over all sides.",
        4,
        100,
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "onboarding_voxels",
        RECONSTRUCTION.fusion.voxels,
        "How finely views are fused: so many voxels in the object's box; the time for it grows with them.",
        10_000,
        10_000_000,
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "onboarding_texture",
        RECONSTRUCTION.paint.texture_px,
        "Side of a made model's texture in pixels; 0 colours vertices alone.",
        0,
        4096,
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "onboarding_longest_s",
        RECORDING.longest_s,
        "A recording takes no views after this long.",
        1.0,
        3600.0,
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "onboarding_most_views",
        RECORDING.most_views,
        "A recording keeps no more views than this.",
        4,
        500,
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "onboarding_largest_mb",
        RECORDING.largest_bytes // 1_000_000,
        "... nor more than this.",
        10,
        16_000,
        scope=ParameterScope.ON_CONFIGURE,
    ),
)

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


def method_choice(values: dict[str, Any], threads: int) -> MethodChoice:
    """Take the methods from the node's values by name; raises InputRefused for networks without a folder."""
    if "learned" in (values["refiner"], values["scorer"]) and not values["weights_directory"]:
        raise InputRefused(
            "no_weights", "learned methods need weights: set the parameter weights_directory to their folder"
        )
    return MethodChoice(
        refiner=values["refiner"],
        scorer=values["scorer"],
        weights=Path(values["weights_directory"]).expanduser(),
        device=values["device"],
        threads=threads,
        polish=values["polish"],
        differentiable=values["differentiable"],
        hypotheses=values["hypotheses"],
        precision=values["precision"],
    )


def extrinsics(text: str) -> Pose | None:
    """Parse `x y z qx qy qz qw` to T (4, 4), None for an empty text; raises InputRefused."""
    if not text.strip():
        return None
    try:
        numbers = np.array([float(word) for word in text.replace(",", " ").split()])
    except ValueError:
        numbers = np.zeros(0)
    if numbers.shape != (7,) or not np.isfinite(numbers).all() or not 0.9 < np.linalg.norm(numbers[3:]) < 1.1:
        raise InputRefused(
            "bad_parameter",
            f"depth_extrinsics is {shortened(repr(text))}: give seven numbers, x y z in metres and the quaternion "
            "qx qy qz qw, as static_transform_publisher takes them",
        )
    return se3.from_quaternion_xyzw(numbers[3:], numbers[:3])


def contradiction(values: Mapping[str, Any]) -> str:
    """Say in words which of the node's values can't be true together, '' where all can."""
    if values["regain_score"] < values["lose_score"]:
        return f"regain_score {values['regain_score']:g} is below lose_score {values['lose_score']:g}: raise it first"
    try:
        extrinsics(values["depth_extrinsics"])
    except InputRefused as refused:
        return str(refused)
    for folder in filter(None, values["mesh_directories"]):
        try:
            path = Path(folder).expanduser().resolve()
        except (OSError, RuntimeError, ValueError) as error:  # too long, a user who isn't there, a zero byte
            return f"mesh_directories holds {shortened(repr(folder))}, no folder ({shortened(error)}): take it out"
        if path == path.parent:
            return "mesh_directories holds /, and requests could have any file read: name the folders of meshes alone"
    return ""


def output_frame_settings(values: Mapping[str, Any]) -> OutputFrameSettings | None:
    """Take the settings from the node's values by name; None where poses stay in the image's frame."""
    frame_id = values["output_frame"].lstrip("/")
    hold = values["without_transform"] == "hold"
    return OutputFrameSettings(frame_id, values["transform_wait_s"], hold) if frame_id else None


def tracker_settings(values: dict[str, float]) -> TrackerSettings:
    """Take the settings from the node's values by name."""
    state = StateSettings(
        accept_score=values["accept_score"],
        lose_score=values["lose_score"],
        regain_score=values["regain_score"],
        lost_after_s=values["lost_after_s"],
        lost_after_frames=int(values["lost_after_frames"]),
    )
    recovery = RelocalizationSettings(enabled=bool(values["recovery"]))
    return TrackerSettings(state, recovery, values["retry_first_s"], values["retry_longest_s"])


def onboarding_settings(values: dict[str, Any]) -> OnboardingSettings:
    """Take the settings from the node's values by name."""
    folder = values["onboarding_directory"]
    return OnboardingSettings(
        Path(folder).expanduser().resolve() if folder else None,
        replace(
            RECORDING,
            most_views=values["onboarding_most_views"],
            largest_bytes=values["onboarding_largest_mb"] * 1_000_000,
            longest_s=values["onboarding_longest_s"],
        ),
        replace(
            RECONSTRUCTION,
            views=values["onboarding_views"],
            fusion=replace(RECONSTRUCTION.fusion, voxels=values["onboarding_voxels"]),
            paint=replace(RECONSTRUCTION.paint, texture_px=values["onboarding_texture"]),
        ),
    )
