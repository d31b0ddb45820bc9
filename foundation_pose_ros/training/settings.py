"""What a training run is made of: one YAML file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputRefused
from ..networks.blocks import INPUT_SIZE
from ..networks.weights_info import Kind
from .losses import ROTATION_WEIGHT
from .pairs import Surroundings
from .perturbation import Perturbation
from .views import Views

_STRIDE = 8
_LARGEST_FILE_BYTES = 1 << 20


@dataclass(frozen=True)
class Stage:
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

    views: Views = field(default_factory=Views)
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
    stages: tuple[Stage, ...] = (Stage(steps=1000),)
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
        """Of all stages."""
        return sum(stage.steps for stage in self.stages)

    @classmethod
    def from_yaml(cls, path: Path, **changes: Any) -> "TrainSettings":
        """Read a file, with some values replaced; raises InputRefused for keys that don't exist."""
        try:
            if path.stat().st_size > _LARGEST_FILE_BYTES:
                raise InputRefused("bad_settings", f"{path} is larger than a megabyte: no settings")
            content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
            raise InputRefused("bad_settings", f"{path} can't be read: {' '.join(str(error).split())}") from None
        if not isinstance(content, dict):
            raise InputRefused("bad_settings", f"{path} must hold keys and values, such as output: runs/first")
        return _made(cls, content | {key: value for key, value in changes.items() if value is not None}, str(path))


_PARTS: dict[str, Any] = {"pairs": Pairs, "views": Views, "perturbation": Perturbation, "surroundings": Surroundings}


def _made(kind: Any, content: Mapping[str, Any], where: str) -> Any:
    known = {f.name for f in fields(kind)}
    unknown = sorted(set(content) - known)
    if unknown:
        raise InputRefused("bad_settings", f"{where}: no setting {unknown[0]!r}; there are {', '.join(sorted(known))}")
    values: dict[str, Any] = {}
    for name, value in content.items():
        if name in _PARTS:
            value = _made(_PARTS[name], value or {}, f"{where}, {name}")
        elif name == "stages":
            value = tuple(_made(Stage, stage, f"{where}, stages") for stage in value)
        elif isinstance(value, list):
            value = tuple(value)
        values[name] = value
    try:
        return kind(**values)
    except TypeError as error:
        raise InputRefused("bad_settings", f"{where}: {error}") from None
