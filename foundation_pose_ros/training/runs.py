"""Which network a file trains."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import InputRefused
from ..yaml_settings import read_settings
from .compact_settings import CompactRefineSettings, CompactScoreSettings
from .loop import Trainer
from .network_task import NetworkTask
from .published_settings import RefineNetSettings, ScoreNetSettings
from .refine_net_task import RefineNetTask
from .refine_task import RefineTask
from .score_net_task import ScoreNetTask
from .score_task import ScoreTask
from .settings import TrainSettings

_TASKS: dict[str, tuple[Callable[[Any], NetworkTask[Any]], type[TrainSettings]]] = {
    ScoreTask.kind: (ScoreTask, CompactScoreSettings),
    RefineTask.kind: (RefineTask, CompactRefineSettings),
    ScoreNetTask.kind: (ScoreNetTask, ScoreNetSettings),
    RefineNetTask.kind: (RefineNetTask, RefineNetSettings),
}


def trainer_of(path: Path, say: Callable[[str], None] = print, **changes: Any) -> Trainer[Any]:
    """Make the run that a file describes, with some values replaced.

    Raises InputRefused where no network is named or the settings aren't that network's.
    """
    network = read_settings(path).get("network")
    if network not in _TASKS:
        raise InputRefused("bad_settings", f"{path}: network {network!r}: give one of {', '.join(_TASKS)}")
    task, settings = _TASKS[network]
    return Trainer(task(settings.from_yaml(path, **changes)), say)
