"""What a run that trains a published network, RefineNet or ScoreNet, is made of."""

from dataclasses import dataclass, field

from ..errors import InputRefused
from ..networks.blocks import INPUT_SIZE, STRIDE
from ..networks.weights_info import PUBLISHED_SETTINGS
from .compact_settings import RefineStage, ScoreStage
from .losses import MARGIN, ROTATION_WEIGHT
from .pose_sets import SetSettings
from .settings import TrainSettings, named
from .step_sets import StepSettings
from .wrong_poses import Jitter


def _sized(size: int) -> None:
    if size % STRIDE or not 0 < size <= INPUT_SIZE:
        raise InputRefused("bad_settings", f"size {size}: give {STRIDE}, {2 * STRIDE}, ... {INPUT_SIZE}")


@dataclass(frozen=True)
class OwnCropSteps(StepSettings):
    """How sets of poses are drawn that have a crop each: two, on opposite sides of the truth.

    As far off as one of RefineNet's steps can turn, and as noise of a registration's start is.
    """

    starts: int = 2
    aside: Jitter = field(default_factory=lambda: Jitter(push=0.1, turn_rad=PUBLISHED_SETTINGS["refine"].turn_rad))
    apart: float = 0.5
    opposite: bool = True


@dataclass(frozen=True)
class RefineNetStage(RefineStage):
    """A part of a RefineNet's run. size: of its crops, in pixels: a run may begin small, where a step takes less."""

    size: int = INPUT_SIZE
    drawn: OwnCropSteps = field(default_factory=OwnCropSteps)

    def __post_init__(self) -> None:
        _sized(self.size)


@dataclass(frozen=True)
class RefineNetSettings(TrainSettings):
    """A run of RefineNet.

    rotation_weight: in its loss, see `step_loss`. per_token: weight of the same loss on what every token says alone,
    which speeds up the beginning. dropout: share of what its attention layers leave out in training.
    """

    stages: tuple[RefineNetStage, ...] = (RefineNetStage(steps=1000),)
    rotation_weight: float = ROTATION_WEIGHT
    per_token: float = 0.0
    dropout: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        named(self, "refine_net")


@dataclass(frozen=True)
class ScoreNetStage(ScoreStage):
    """A part of a ScoreNet's run. size: of its crops, in pixels."""

    size: int = INPUT_SIZE
    drawn: SetSettings = field(default_factory=SetSettings)

    def __post_init__(self) -> None:
        _sized(self.size)
        if self.drawn.proposed:
            raise InputRefused(
                "bad_settings", "proposed: poses are proposed in one crop for all, as compact_score sees them: leave 0"
            )


@dataclass(frozen=True)
class ScoreNetSettings(TrainSettings):
    """A run of ScoreNet. margin: by which its loss wants the better of two poses scored higher, see `ranking_loss`."""

    stages: tuple[ScoreNetStage, ...] = (ScoreNetStage(steps=1000),)
    margin: float = MARGIN

    def __post_init__(self) -> None:
        super().__post_init__()
        named(self, "score_net")
