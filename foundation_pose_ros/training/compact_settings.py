"""What a run that trains a compact network is made of: one YAML file."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..errors import InputRefused
from ..networks import compact_refine_net, compact_score_net
from ..yaml_settings import read_settings, settings_from
from .drawn_scenes import DrawnSceneSettings
from .pose_sets import SetSettings
from .step_sets import StepSettings

Settings = TypeVar("Settings", bound="CompactTrainSettings")


@dataclass(frozen=True)
class SetStage:
    """A part of the run.

    steps: of the optimiser. sets: in each step's batch. rate: of its learning rate to the run's. drawn: how its sets
    are drawn.
    """

    steps: int
    sets: int = 8
    rate: float = 1.0
    drawn: DrawnSceneSettings = field(default_factory=DrawnSceneSettings)


@dataclass(frozen=True)
class CompactTrainSettings:
    """One run, whichever network it trains.

    network: which. output: folder of its checkpoint, log and weights. begin_with: file of averaged weights that a new
    run begins with, or empty. licence: of what comes out, written into its file. meshes, textures: folders with an
    index, as `synthetic.mesh_library` reads them. pictures: folder that `foundation-pose generate` has filled with
    scenes of the same meshes, for stages that ask for such. held_out: share of the meshes that validation alone sees.
    most_meshes: so many of the others are trained on, 0 for all. average: share of the weights' moving average that a
    step leaves. precision: fp32 or bf16. threads: of the optimiser; workers: processes beside it that make sets, 0 for
    none. validate_every: steps; validation_sets: of held-out meshes, drawn by validation_seed. save_every_s: between
    checkpoints, s.
    """

    network: str
    output: str
    meshes: str
    textures: str
    pictures: str = ""
    begin_with: str = ""
    licence: str = ""
    stages: tuple[SetStage, ...] = (SetStage(steps=1000),)
    held_out: float = 0.05
    most_meshes: int = 0
    left_out: tuple[str, ...] = ()
    learning_rate: float = 1e-3
    warm_up_steps: int = 100
    weight_decay: float = 1e-4
    clip: float = 1.0
    average: float = 0.998
    precision: str = "fp32"
    threads: int = 1
    workers: int = 0
    seed: int = 0
    validation_seed: int = 0
    validate_every: int = 250
    validation_sets: int = 256
    save_every_s: float = 60.0

    def __post_init__(self) -> None:
        if self.precision not in ("fp32", "bf16"):
            raise InputRefused("bad_settings", f"precision {self.precision!r}: give fp32 or bf16")
        if not self.stages or min(min(stage.steps, stage.sets) for stage in self.stages) < 1:
            raise InputRefused("bad_settings", "give at least one stage, of steps and sets from 1")
        if not (0 <= self.average < 1 and 0 < self.held_out < 1):
            raise InputRefused("bad_settings", "average and held_out are shares: from 0, below 1")

    @property
    def steps(self) -> int:
        """Return the steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    def stage(self, step: int) -> SetStage:
        """Return the stage that a step, from 0, belongs to; the last beyond the end."""
        for stage in self.stages:
            if step < stage.steps:
                return stage
            step -= stage.steps
        return self.stages[-1]

    @classmethod
    def from_yaml(cls: type[Settings], path: Path, **changes: Any) -> Settings:
        """Read a file, with some values replaced; raises InputRefused for keys that don't exist."""
        changed = {key: value for key, value in changes.items() if value is not None}
        return settings_from(cls, read_settings(path) | changed, str(path))


@dataclass(frozen=True)
class ScoreStage(SetStage):
    """A part of a scorer's run."""

    drawn: SetSettings = field(default_factory=SetSettings)


@dataclass(frozen=True)
class CompactScoreSettings(CompactTrainSettings):
    """A run of the compact scorer.

    widths: channels of the network at each scale. sharpness: of the loss, see `set_losses`.
    """

    stages: tuple[ScoreStage, ...] = (ScoreStage(steps=1000),)
    widths: tuple[int, int, int] = compact_score_net.WIDTHS
    sharpness: float = 20.0

    def __post_init__(self) -> None:
        super().__post_init__()
        named(self, "compact_score")


@dataclass(frozen=True)
class RefineStage(SetStage):
    """A part of a refiner's run."""

    drawn: StepSettings = field(default_factory=StepSettings)


@dataclass(frozen=True)
class CompactRefineSettings(CompactTrainSettings):
    """A run of the compact refiner.

    widths: channels of the network's grid, and of the coarser one. likelihood: what counts of how unlikely cells' true
    motions are, beside what a step leaves of an error.
    """

    stages: tuple[RefineStage, ...] = (RefineStage(steps=1000),)
    widths: tuple[int, int] = compact_refine_net.WIDTHS
    likelihood: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        named(self, "compact_refine")


def named(settings: CompactTrainSettings, network: str) -> None:
    """Raise InputRefused where settings are of another network than this."""
    if settings.network != network:
        raise InputRefused("bad_settings", f"network {settings.network!r}: give {network}")
