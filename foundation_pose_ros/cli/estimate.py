"""The commands register and track: poses of a recording, one line a frame."""

from typing import Annotated

import typer

from .method_options import MethodOptions
from .option_groups import with_option_groups
from .options import MasksOption, MaskSource, MeshOptions, ObjectOption, PoseOutputs, SequenceArgument, TrackStart

REGISTER_EXAMPLES = (
    "**Examples**\n\n"
    "- `foundation-pose register recordings/desk --object mug`\n"
    "- `foundation-pose register recordings/desk --object mug --frame 000001 --overlay pictures`\n"
    "- `foundation-pose register ycbv/test/000048 --object obj_000014 --output poses.jsonl`\n"
)


@with_option_groups
def register(
    sequence: SequenceArgument,
    *,
    object_name: ObjectOption = None,
    frame: Annotated[
        str | None,
        typer.Option("--frame", metavar="F", help="Only this frame, such as 000001 or 1.", show_default="every frame"),
    ] = None,
    masks: MasksOption = MaskSource.FILE,
    methods: MethodOptions,
    meshes: MeshOptions,
    outputs: PoseOutputs,
) -> None:
    """Find the object in each frame alone, from its mask in that frame.

    Prints one JSON line per frame with T_cam_obj (object to camera, 4x4, metres), a score in 0..1 and the time. A frame
    without the object has "T_cam_obj": null and the reason.
    """
    from ..evaluation.runner import RunSettings
    from .pose_lines import frame_named, write_poses

    opened = meshes.opened(sequence)
    frame_ids = opened.frame_ids if frame is None else [frame_named(frame, opened, sequence)]
    write_poses(opened, object_name, RunSettings("register", masks=masks.value), frame_ids, methods.choice(), outputs)


TRACK_EXAMPLES = (
    "**Examples**\n\n"
    "- `foundation-pose track recordings/desk --object mug --output poses.jsonl`\n"
    "- `foundation-pose track recordings/desk --object mug --init gt --overlay pictures`\n"
)


@with_option_groups
def track(
    sequence: SequenceArgument,
    *,
    object_name: ObjectOption = None,
    init: Annotated[
        TrackStart, typer.Option("--init", help="Start from the first mask, or from the first known pose (gt/).")
    ] = TrackStart.MASK,
    masks: MasksOption = MaskSource.FILE,
    methods: MethodOptions,
    meshes: MeshOptions,
    outputs: PoseOutputs,
) -> None:
    """Follow the object through all frames from its first mask or known pose.

    Prints one JSON line per frame as register does; "state" is SEARCHING before the start, then TRACKING or LOST.
    A lost object has no pose, and is looked for with no mask.
    """
    from ..evaluation.runner import RunSettings
    from .pose_lines import write_poses

    opened = meshes.opened(sequence)
    settings = RunSettings("track", init.value, masks.value)
    write_poses(opened, object_name, settings, opened.frame_ids, methods.choice(), outputs)
