"""What a run that trains a compact network is made of."""

from dataclasses import dataclass, field

from ..networks import compact_refine_net, compact_score_net
from .pose_sets import SetSettings
from .settings import RunStage, TrainSettings, named
from .step_sets import StepSettings


@dataclass(frozen=True)
class ScoreStage(RunStage):
    """A part of a scorer's run."""

    drawn: SetSettings = field(default_factory=SetSettings)


@dataclass(frozen=True)
class CompactScoreSettings(TrainSettings):
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
class RefineStage(RunStage):
    """A part of a refiner's run."""

    drawn: StepSettings = field(default_factory=StepSettings)


@dataclass(frozen=True)
class CompactRefineSettings(TrainSettings):
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
