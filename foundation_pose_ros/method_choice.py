"""Which methods an estimator works with: what it makes of a model, and how it registers and tracks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .errors import InputRefused
from .networks.shipped_weights import FOLDER, REFINER, SCORER, ShippedNetwork
from .runtime.extras import needed

if TYPE_CHECKING:
    from .estimation.methods import Method, Methods

Auto = Literal["auto"]
DEFAULT_WEIGHTS = Path("weights")
WITH_TORCH = f"{needed('a learned method', 'learned')} (docs/learned.md)"


@dataclass(frozen=True)
class MethodChoice:
    """What a user asks for.

    refiner: compact: learning-free, with a small network's steps beside a registration's last ones and doubted ones of
    fast tracks; auto: so where the shipped network was measured to be better than without, else learning-free. scorer:
    of a registration's last choice; compact: learning-free, with a small network's word beside it; auto: as the refiner
    where that is RefineNet, else as the refiner's auto. weights: folder of the networks' weights; None: compact
    networks are the shipped ones, others are in DEFAULT_WEIGHTS. device: cpu, cuda or cuda:N, of the networks and of
    the final refinement's renderings. polish: RefineNet's poses end with point-to-plane steps. differentiable: all
    poses end with steps on depth, colour and outline. hypotheses: RefineNet starts from the grid of rotations, all or
    ever fewer of which go into each step, or from what the geometric registration finds. precision: fp32, fp16, bf16,
    or auto.
    """

    refiner: Method | Auto = "auto"
    scorer: Method | Auto = "auto"
    weights: Path | None = None
    device: str = "cpu"
    threads: int = 2
    polish: bool = True
    differentiable: bool = False
    hypotheses: Literal["grid", "pruned", "geometric"] = "grid"
    precision: str = "auto"

    @property
    def learning_free(self) -> bool:
        """True where nothing but a CPU and the mesh is needed, so that helper processes can do the same."""
        return self.refiner != "learned" and not self.differentiable

    @property
    def chosen(self) -> tuple[Method, Method]:
        """Return refiner and scorer, with what auto comes to."""
        refiner, scorer = self.refiner, self.scorer
        if scorer == "auto":
            beside: Method = "compact" if SCORER.taken_by_auto else "geometric"
            scorer = "learned" if refiner == "learned" else beside
        if refiner == "auto":
            refiner = "compact" if REFINER.taken_by_auto and scorer != "learned" else "geometric"
        return refiner, scorer

    def methods(self) -> Methods:
        """Make the methods ready; raises InputRefused, with the fix, where weights, packages or device are missing."""
        found = self._without_final_refinement()
        if not self.differentiable:
            return found
        try:
            from .estimation.final_refinement import FinalRefinementMethods
        except ImportError as error:
            raise InputRefused("no_torch", f"{needed('differentiable refinement', 'learned')} ({error})") from None
        return FinalRefinementMethods(found, self.device, self.threads)

    def _without_final_refinement(self) -> Methods:
        refiner, scorer = self.chosen
        if "learned" not in (refiner, scorer):
            return self._on_cpu()
        if "compact" in (refiner, scorer):
            raise InputRefused(
                "methods",
                "compact networks work with geometric methods, not with RefineNet or ScoreNet: choose one kind",
            )
        try:
            from .learned.methods import LearnedMethods, LearnedMethodsSettings
            from .learned.refiner import LearnedSettings
            from .learned.registration import LearnedRegistrationSettings
            from .networks.inference import InferenceSettings
        except ImportError as error:
            raise InputRefused("no_torch", f"{WITH_TORCH} ({error})") from None
        settings = LearnedMethodsSettings(
            device=self.device,
            threads=self.threads,
            inference=InferenceSettings(None if self.precision == "auto" else self.precision),
            refinement=LearnedSettings() if self.polish else LearnedSettings(polish=0),
            registration=LearnedRegistrationSettings(start=self.hypotheses),
        )
        return LearnedMethods.from_folder(self.weights or DEFAULT_WEIGHTS, refiner, scorer, settings)

    def _on_cpu(self) -> Methods:
        """Geometric methods, with compact networks beside them where they are asked for."""
        if self.device != "cpu" and not self.differentiable:
            raise InputRefused(
                "device",
                f"device {self.device!r} is for learned methods and differentiable refinement: "
                "the geometric ones run on cpu",
            )
        from .estimation.methods import GeometricMethods

        refiner, scorer = self.chosen
        if "compact" not in (refiner, scorer):
            return GeometricMethods(self.threads)
        from .networks.compact_session import CompactRefinerSession, CompactScorerSession, LateCompactRefiner

        scores = CompactScorerSession(self._compact(SCORER), self.threads) if scorer == "compact" else None
        if refiner != "compact":
            return GeometricMethods(self.threads, scores)
        if self.refiner == "auto":
            steps = LateCompactRefiner(REFINER.path, self.threads)
            return GeometricMethods(self.threads, scores, steps, REFINER.up_to_depth)
        return GeometricMethods(self.threads, scores, CompactRefinerSession(self._compact(REFINER), self.threads))

    def _compact(self, network: ShippedNetwork) -> Path:
        return (self.weights or FOLDER) / network.file
