"""Which compact network a file trains."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import InputRefused
from ..yaml_settings import read_settings
from .compact_loop import CompactTrainer
from .compact_settings import CompactRefineSettings, CompactScoreSettings
from .refine_task import RefineTask
from .score_task import ScoreTask


def compact_trainer(path: Path, say: Callable[[str], None] = print, **changes: Any) -> CompactTrainer[Any]:
    """Make the run that a file describes, with some values replaced.

    Raises InputRefused where no compact network is named or the settings aren't that network's.
    """
    network = read_settings(path).get("network")
    if network == ScoreTask.kind:
        return CompactTrainer(ScoreTask(CompactScoreSettings.from_yaml(path, **changes)), say)
    if network == RefineTask.kind:
        return CompactTrainer(RefineTask(CompactRefineSettings.from_yaml(path, **changes)), say)
    raise InputRefused("bad_settings", f"{path}: network {network!r}: give {ScoreTask.kind} or {RefineTask.kind}")
