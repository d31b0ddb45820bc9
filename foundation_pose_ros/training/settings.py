"""What a run of training is made of: one YAML file."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..errors import InputRefused
from ..yaml_settings import read_settings, settings_from
from .drawn_scenes import DrawnSceneSettings

Settings = TypeVar("Settings", bound="TrainSettings")


@dataclass(frozen=True)
class RunStage:
    """A part of the run.

    steps: of the optimiser. sets: in each step's batch, of each process. rate: of its learning rate to the run's.
    drawn: how its sets are drawn.
    """

    steps: int
    sets: int = 8
    rate: float = 1.0
    drawn: DrawnSceneSettings = field(default_factory=DrawnSceneSettings)


@dataclass(frozen=True)
class TrainSettings:
    """One run, whichever network it trains.

    network: which. output: folder of its checkpoint, log and weights. begin_with: file of averaged weights that a new
    run begins with, or empty. licence: of what comes out, written into its file. meshes, textures: folders with an
    index, as `synthetic.mesh_library` reads them. pictures: folder that `foundation-pose generate` has filled with
    scenes of the same meshes, for stages that ask for such. recordings: folders of real sequences that networks are
    judged on as well, and never trained; what isn't there is left out. held_out: share of the meshes that validation
    alone sees. most_meshes: so many of the others are trained on, 0 for all. falling: whether the learning rate falls
    towards the end of the run, as a cosine does. average: share of the weights' moving average that a step leaves.
    precision: fp32 or bf16. device: cpu, cuda, or auto for a GPU where there is one. threads: of the optimiser;
    workers: processes beside it that make sets, 0 for none; both of each process that torchrun starts. validate_every:
    steps, and after the last; validation_sets: of held-out meshes, drawn by validation_seed; recorded_sets: of
    recordings. save_every_s: between checkpoints, s.
    """

    network: str
    output: str
    meshes: str
    textures: str
    pictures: str = ""
    recordings: tuple[str, ...] = ()
    begin_with: str = ""
    licence: str = ""
    stages: tuple[RunStage, ...] = (RunStage(steps=1000),)
    held_out: float = 0.05
    most_meshes: int = 0
    left_out: tuple[str, ...] = ()
    learning_rate: float = 1e-3
    falling: bool = False
    warm_up_steps: int = 100
    weight_decay: float = 1e-4
    clip: float = 1.0
    average: float = 0.998
    precision: str = "fp32"
    device: str = "auto"
    threads: int = 1
    workers: int = 0
    seed: int = 0
    validation_seed: int = 0
    validate_every: int = 250
    validation_sets: int = 256
    recorded_sets: int = 64
    save_every_s: float = 60.0

    def __post_init__(self) -> None:
        if self.precision not in ("fp32", "bf16"):
            raise InputRefused("bad_settings", f"precision {self.precision!r}: give fp32 or bf16")
        if self.device not in ("auto", "cpu", "cuda"):
            raise InputRefused("bad_settings", f"device {self.device!r}: give cpu, cuda or auto")
        if not self.stages or min(min(stage.steps, stage.sets) for stage in self.stages) < 1:
            raise InputRefused("bad_settings", "give at least one stage, of steps and sets from 1")
        if not (0 <= self.average < 1 and 0 < self.held_out < 1):
            raise InputRefused("bad_settings", "average and held_out are shares: from 0, below 1")

    @property
    def steps(self) -> int:
        """Return the steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    @classmethod
    def from_yaml(cls: type[Settings], path: Path, **changes: Any) -> Settings:
        """Read a file, with some values replaced; raises InputRefused for keys that don't exist."""
        changed = {key: value for key, value in changes.items() if value is not None}
        return settings_from(cls, read_settings(path) | changed, str(path))


def named(settings: TrainSettings, network: str) -> None:
    """Raise InputRefused where settings are of another network than this."""
    if settings.network != network:
        raise InputRefused("bad_settings", f"network {settings.network!r}: give {network}")
