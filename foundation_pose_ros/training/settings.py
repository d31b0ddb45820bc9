"""What a training run is made of: one YAML file."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import InputRefused
from ..networks.blocks import INPUT_SIZE
from ..networks.weights_info import Kind
from ..yaml_settings import read_settings, settings_from
from .losses import ROTATION_WEIGHT
from .pairs import Surroundings
from .pose_sampling import Perturbation, ViewDistribution

_STRIDE = 8


@dataclass(frozen=True)
class ResolutionStage:
    """A part of the run: images of size x size, `batch` views a step, with two pairs of each (ScoreNet: a group).

    rate: of its learning rate to the run's, which falls towards the end.
    """

    steps: int
    size: int = INPUT_SIZE
    batch: int = 8
    rate: float = 1.0


@dataclass(frozen=True)
class Pairs:
    """How guesses and pictures are drawn; group_size: guesses at one picture, for ScoreNet."""

    views: ViewDistribution = field(default_factory=ViewDistribution)
    perturbation: Perturbation = field(default_factory=Perturbation)
    surroundings: Surroundings = field(default_factory=Surroundings)
    group_size: int = 5


@dataclass(frozen=True)
class TrainSettings:
    """One run.

    kind: refine or score. output: folder of its checkpoint, log and weights. objects: names of made-up objects
    (`foundation_pose_ros.synthetic.meshes`) or mesh files. rotation_weight: in RefineNet's loss. per_token: weight of
    the same loss on what every token says alone, which speeds up the beginning. precision: fp32 or bf16.
    """

    output: str
    kind: Kind = "refine"
    objects: tuple[str, ...] = ("mug", "cracker_box")
    stages: tuple[ResolutionStage, ...] = (ResolutionStage(steps=1000),)
    pairs: Pairs = field(default_factory=Pairs)
    rotation_weight: float = ROTATION_WEIGHT
    per_token: float = 0.0
    learning_rate: float = 1e-4
    warm_up_steps: int = 30
    weight_decay: float = 1e-4
    clip: float = 1.0
    precision: str = "fp32"
    threads: int = 2
    seed: int = 0
    save_every_s: float = 60.0

    def __post_init__(self) -> None:
        if self.kind not in ("refine", "score"):
            raise InputRefused("bad_settings", f"kind {self.kind!r}: give refine or score")
        if self.precision not in ("fp32", "bf16"):
            raise InputRefused("bad_settings", f"precision {self.precision!r}: give fp32 or bf16")
        if not self.objects or not self.stages:
            raise InputRefused("bad_settings", "give at least one object and one stage")
        for stage in self.stages:
            if (
                stage.size % _STRIDE
                or not 0 < stage.size <= INPUT_SIZE
                or min(stage.batch, stage.steps) < 1
                or stage.rate <= 0
            ):
                raise InputRefused(
                    "bad_settings", f"{stage}: sizes are {_STRIDE}, {2 * _STRIDE}, ... {INPUT_SIZE}, the rest above 0"
                )

    @property
    def steps(self) -> int:
        """Return the steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    @classmethod
    def from_yaml(cls, path: Path, **changes: Any) -> "TrainSettings":
        """Read a file, with some values replaced; raises InputRefused for keys that don't exist."""
        changed = {key: value for key, value in changes.items() if value is not None}
        return settings_from(cls, read_settings(path) | changed, str(path))
