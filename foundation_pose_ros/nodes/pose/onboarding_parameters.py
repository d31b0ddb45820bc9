"""The parameters of pose_node that are about making models of what it is shown."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ...reconstruction.capture.view_recorder import RecordingSettings
from ...reconstruction.onboarding import OnboardingSettings
from ...reconstruction.reconstruct import ReconstructionSettings
from ..parameters import ParameterScope, Row

RECORDING, RECONSTRUCTION = RecordingSettings(), ReconstructionSettings()

ONBOARDING = (
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
