"""What a training run is made of: one YAML file."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.yaml_settings import read_settings, settings_from

from .augmentation import Augmentation
from .collage_tasks import Collages
from .rendered import RenderedObjects

DEFAULT_RUN = Path(__file__).parent / "default.yaml"


@dataclass(frozen=True)
class UniverSegStage:
    """A part of the run at one image size.

    share: of the run's whole budget. support: least and most items. augmented: share of the run's probabilities, so
    that a run can end on tasks nearer to those in use.
    """

    size: int = 128
    share: float = 1.0
    support: tuple[int, int] = (1, 16)
    batch: int = 4
    augmented: float = 1.0


@dataclass(frozen=True)
class Mix:
    """How often each family of tasks is drawn.

    Real tasks, their maps of likeness and pseudo labels need data, collages meshes and textures; rendered objects are
    rendered first.
    """

    real: float = 0.55
    likeness: float = 0.0
    deformed_maps: float = 0.135
    scattered_shapes: float = 0.135
    pseudo_labels: float = 0.18
    rendered: float = 0.0
    collages: float = 0.0


@dataclass(frozen=True)
class UniverSegTrainSettings:
    """One run.

    output: folder of its checkpoint, log, picture and weights. data: `.npz` files or patterns of tasks to train on;
    exclude and validation: patterns of names among them that are left out, the latter to be measured with. The budget
    is a number of steps, or minutes of work (whichever is above 0; resuming goes on counting). precision: fp32 or bf16.
    initial_weights: what training begins with (a file, or the name of shipped weights) in place of random numbers.
    """

    output: str
    data: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    initial_weights: str = ""
    features: tuple[int, ...] = (32, 32, 32, 32)
    stages: tuple[UniverSegStage, ...] = (UniverSegStage(64, 0.58, (1, 10)), UniverSegStage(128, 0.42, (1, 16)))
    mix: Mix = field(default_factory=Mix)
    objects: RenderedObjects = field(default_factory=RenderedObjects)
    collages: Collages = field(default_factory=Collages)
    augmentation: Augmentation = field(default_factory=Augmentation)
    steps: int = 0
    minutes: float = 0.0
    learning_rate: float = 1e-3
    final_learning_rate: float = 2e-5
    warm_up: float = 0.02
    weight_decay: float = 1e-2
    clip: float = 1.0
    ema: float = 0.999
    precision: str = "fp32"
    device: str = "cpu"
    threads: int = 1
    workers: int = 0
    seed: int = 0
    save_every_s: float = 120.0
    validate_every_s: float = 600.0
    licence: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if (self.steps > 0) == (self.minutes > 0):
            raise InputRefused("bad_settings", "give the run a budget: either steps or minutes, above 0")
        if self.precision not in ("fp32", "bf16"):
            raise InputRefused("bad_settings", f"precision {self.precision!r}: give fp32 or bf16")
        if not self.stages or abs(sum(stage.share for stage in self.stages) - 1) > 1e-6:
            raise InputRefused("bad_settings", "the stages' shares must add up to 1")
        stride = 2 ** (len(self.features) - 1)
        for stage in self.stages:
            if stage.size % stride or not 1 <= stage.support[0] <= stage.support[1] or stage.batch < 1:
                raise InputRefused(
                    "bad_settings", f"{stage}: size in multiples of {stride}, support from 1 up, batch >= 1"
                )
            if not 0 <= stage.augmented <= 1:
                raise InputRefused("bad_settings", f"{stage}: give augmented from 0 to 1")

    @classmethod
    def from_yaml(cls, path: Path, **changes: Any) -> "UniverSegTrainSettings":
        """Read a file, with some values replaced; raises InputRefused for keys that don't exist.

        A file may begin with `based_on`, the name of one beside it whose values hold where it has none of its own.
        """
        content = read_settings(path)
        if base := content.pop("based_on", ""):
            content = read_settings(path.parent / str(base)) | content
        changed = {key: value for key, value in changes.items() if value is not None}
        return settings_from(cls, content | changed, str(path))

    def stage_at(self, progress: float) -> int:
        """Return number of the stage at this part of the budget, 0..1."""
        end = 0.0
        for number, stage in enumerate(self.stages):
            end += stage.share
            if progress < end - 1e-9:
                return number
        return len(self.stages) - 1
