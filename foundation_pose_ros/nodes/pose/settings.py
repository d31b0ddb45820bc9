"""What pose_node's parameters mean: settings made of their values, and which values can't be true together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ... import se3
from ...arrays import Pose
from ...errors import InputRefused, shortened
from ...method_choice import MethodChoice
from ...tracking import RelocalizationSettings, StateSettings, TrackerSettings
from .output_frame import OutputFrameSettings


def method_choice(values: dict[str, Any], threads: int) -> MethodChoice:
    """Take the methods from the node's values by name; raises InputRefused for learned ones without a folder."""
    folder = values["weights_directory"]
    if "learned" in (values["refiner"], values["scorer"]) and not folder:
        raise InputRefused(
            "no_weights", "RefineNet and ScoreNet need weights: set the parameter weights_directory to their folder"
        )
    return MethodChoice(
        refiner=values["refiner"],
        scorer=values["scorer"],
        weights=Path(folder).expanduser() if folder else None,
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
    if values["marker_meshes"] == "triangles" and not values["publish_tf"]:
        return "marker_meshes is triangles, which stand in the object's TF frame: set publish_tf to true as well"
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
    relocalization = RelocalizationSettings(enabled=bool(values["relocalization"]))
    return TrackerSettings(state, relocalization, values["retry_first_s"], values["retry_longest_s"])
