"""Points of a law of a compact network: runs of training, each judged on sets of meshes that none has seen."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.reporting.results import data_folder
from foundation_pose_ros import InputRefused
from foundation_pose_ros.atomic_file import replacing
from foundation_pose_ros.training.loop import Trainer
from foundation_pose_ros.training.network_task import NetworkTask
from foundation_pose_ros.training.settings import TrainSettings

# Weights of steps long past would say how few steps were taken.
_AVERAGE = 0.98


@dataclass(frozen=True)
class CompactRun:
    """One training, made as far as it is asked for.

    folder: of its checkpoint, and of what was found. task: makes a network's part of a run from settings. settings: the
    run's, whose folders are set here. kept: what of a validation the points are made from, (N,) or a number each.
    judged_too: what else is asked of a trained run.
    """

    folder: Path
    task: Callable[[Any], NetworkTask[Any]]
    settings: Callable[..., TrainSettings]
    kept: Callable[[Any], dict[str, Any]]
    judged_too: Callable[[Trainer[Any]], dict[str, Any]] = lambda trainer: {}

    def at(self, steps: int) -> dict[str, np.ndarray]:
        """Return sizes and what was found after so many steps; trains to there unless that was done.

        Fewer steps are asked for before more: raises InputRefused where the run is beyond them.
        """
        path = self.folder / f"validation_{steps}.npz"
        if not path.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            found = self._trained(steps)
            with replacing(path) as unfinished:
                np.savez(unfinished, **found)
        with np.load(path) as content:
            return {name: content[name] for name in content.files}

    def _trained(self, steps: int) -> dict[str, Any]:
        data = data_folder()
        settings = self.settings(
            output=str(self.folder),
            meshes=str(data / "meshes_train"),
            textures=str(data / "textures_train"),
            average=_AVERAGE,
        )
        trainer = Trainer(self.task(settings), lambda line: print(f"{self.folder.name}: {line}", flush=True))
        trainer.run(until=steps)
        if trainer.step > steps:
            raise InputRefused(
                "run_beyond", f"{self.folder} is at step {trainer.step}, not {steps}: begin in another folder"
            )
        sizes = {
            "meshes": len(trainer.meshes),
            "pairs": trainer.pairs,
            "parameters": sum(p.numel() for p in trainer.network.parameters()),
        }
        return sizes | self.kept(trainer.validated()) | self.judged_too(trainer)
