"""The compact networks whose weights come with the package, and where they are asked without being named."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from .training_facts import TrainingFacts

# Names of the compact networks in their folder.
COMPACT_SCORER, COMPACT_REFINER = "compact_scorer.onnx", "compact_refiner.onnx"
FOLDER = Path(__file__).parents[1] / "weights"


@dataclass(frozen=True)
class ShippedNetwork:
    """One network.

    file: its name in FOLDER. title: what it is; asked_by: the option that asks it; does: what it does then.
    up_to_depth: share of an object's pixels that have depth, up to which it was measured to be better than
    learning-free methods on recordings that neither saw, so that `auto` asks it there: 0 nowhere, 1 everywhere.
    verdict: that measurement in words; page: where it stands.
    """

    file: str
    title: str
    asked_by: str
    does: str
    up_to_depth: float
    verdict: str
    page: str

    @property
    def path(self) -> Path:
        """Return where its file is."""
        return FOLDER / self.file

    @property
    def taken_by_auto(self) -> bool:
        """Return whether it is better anywhere, and can be run."""
        return self.up_to_depth > 0 and find_spec("onnxruntime") is not None

    def facts(self) -> TrainingFacts:
        """Read what its file says of the weights; raises InputRefused where onnxruntime or the file is missing."""
        from .compact_session import metadata_of

        return TrainingFacts.from_metadata(metadata_of(self.path, self.title))


SCORER = ShippedNetwork(
    file=COMPACT_SCORER,
    title="compact scorer",
    asked_by="--scorer compact",
    does="has a word in which pose of a registration comes first",
    up_to_depth=0.0,
    verdict="learning-free evidence chooses the right turn more often",
    page="docs/compact_scorer.md",
)
REFINER = ShippedNetwork(
    file=COMPACT_REFINER,
    title="compact refiner",
    asked_by="--refiner compact",
    does="moves poses of registrations and doubted steps of fast tracks on, where the evidence says that it was better",
    up_to_depth=0.3,
    verdict="more right poses where most depth is lost, no nearer ones elsewhere",
    page="docs/compact_refiner.md",
)
SHIPPED = (SCORER, REFINER)
