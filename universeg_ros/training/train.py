"""From a file of settings to a file of weights."""

import datetime
import os
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

from foundation_pose_ros.errors import InputRefused

from ..network.checkpoints import UniverSegWeightsInfo, load_checkpoint
from .loop import UniverSegTrainer
from .settings import UniverSegTrainSettings
from .tasks import RecordedTask, read_tasks


def train(settings: UniverSegTrainSettings, say: Callable[[str], None] = print) -> Path:
    """Run the training that the settings describe; returns the file of weights."""
    recorded, held_apart = read_data(settings)
    names = ", ".join(sorted(task.name for task in recorded))
    info = UniverSegWeightsInfo(
        licence=settings.licence,
        trained_on=", ".join(
            ["procedural tasks"]
            + (["rendered objects"] if settings.mix.rendered else [])
            + ([f"{len(recorded)} sets: {names}"] if recorded else [])
            + ([f"before that: {before}"] if (before := _learnt_before(settings)) else [])
        ),
        date=datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        note=settings.note,
    )
    say(f"{len(recorded)} sets to train on, {len(held_apart)} held apart, into {settings.output}")
    return UniverSegTrainer(settings, recorded, held_apart, say, info).run()


def read_data(settings: UniverSegTrainSettings) -> tuple[list[RecordedTask], list[RecordedTask]]:
    """Read the tasks to train on and those held apart for validation."""
    files: list[Path] = []
    for pattern in settings.data:
        path = Path(os.path.expandvars(pattern)).expanduser()
        found = sorted(path.parent.glob(path.name))
        if not found:
            raise InputRefused("no_data", f"{pattern} matches no file: give .npz files of tasks, or leave data empty")
        files += found
    kept = [file for file in dict.fromkeys(files) if not _matches(file, settings.exclude)]
    return (
        read_tasks([file for file in kept if not _matches(file, settings.validation)]),
        read_tasks([file for file in kept if _matches(file, settings.validation)]),
    )


def _learnt_before(settings: UniverSegTrainSettings) -> str:
    """What the initial weights were trained on: data that the new weights owe something to, too."""
    if not settings.initial_weights:
        return ""
    _, info = load_checkpoint(os.path.expandvars(settings.initial_weights))
    return info.trained_on or settings.initial_weights


def _matches(file: Path, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(file.stem, pattern) for pattern in patterns)
