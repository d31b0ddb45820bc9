"""What register and track do: poses of one object in the frames of a recording, a JSON line each."""

import sys
from collections import Counter
from pathlib import Path

from ..datasets.sequence import Sequence, known_object, position_of
from ..errors import InputRefused
from ..estimator import PoseEstimator
from ..evaluation.runner import RunSettings, run
from ..method_choice import MethodChoice
from .options import PoseOutputs
from .output import line_writer
from .overlay_writer import OverlayWriter
from .progress import with_progress


def write_poses(
    sequence: Sequence,
    object_name: str | None,
    settings: RunSettings,
    frame_ids: list[str],
    choice: MethodChoice,
    outputs: PoseOutputs,
) -> None:
    """Estimate the object's pose in these frames, and write a line and a picture of each as it comes.

    object_name: may be None where there is only one. Raises InputRefused where no frame has a pose.
    """
    name = the_object(object_name, sequence)
    estimator = PoseEstimator([sequence.model(name)], methods=choice.methods())
    draw = OverlayWriter(outputs.overlay)
    without: Counter[str] = Counter()
    message = ""
    with line_writer(outputs.output) as write:
        results = run(sequence, estimator, [name], settings, frame_ids)
        on_stdout = outputs.output is None
        for frame, estimates in with_progress(results, len(frame_ids), settings.mode, lines_on_stdout=on_stdout):
            for estimate in estimates:
                write(estimate.as_json())
                if estimate.result is None:
                    without[estimate.reason] += 1
                    message = message or estimate.message
            draw(sequence, frame, estimates)
    if without.total() == len(frame_ids):
        raise InputRefused("no_pose", f"no pose of {name} in {sequence.name}: {message}")
    if without:
        listed = ", ".join(f"{count} {reason}" for reason, count in without.most_common())
        print(f"foundation-pose: no pose in {without.total()} of {len(frame_ids)} frames ({listed})", file=sys.stderr)


def the_object(name: str | None, sequence: Sequence) -> str:
    """Return the name of a recording's object, or of its only one; raises InputRefused where that isn't clear."""
    if name is not None:
        return known_object(name, sequence.object_names, sequence.name)
    if len(sequence.object_names) == 1:
        return sequence.object_names[0]
    if not sequence.object_names:
        raise InputRefused("no_object", f"{sequence.name} has no object: put its mesh in mesh/OBJECT/")
    raise InputRefused(
        "which_object",
        f"{sequence.name} has several objects: choose with --object {' or '.join(sequence.object_names)}",
    )


def frame_named(text: str, sequence: Sequence, path: Path) -> str:
    """Return the frame of that name, or of that number with more or fewer zeros. path: what errors name."""
    if text not in sequence.frame_ids and text.isdigit():
        same = [f for f in sequence.frame_ids if f.isdigit() and int(f) == int(text)]
        text = same[0] if same else text
    return sequence.frame_ids[position_of(text, sequence.frame_ids, path)]
