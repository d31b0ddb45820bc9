"""Learned methods, alone or beside geometric ones: RefineNet and ScoreNet from a folder of weights. Needs PyTorch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from ..estimation.methods import Method, first_look, geometric_registration, turns_alike
from ..estimation.object_prior import SizeColourPrior
from ..estimation.prepared_object import PreparedObject, RegistrationStrategy, TrackingStrategy
from ..estimation.render_and_compare import RenderAndCompare
from ..estimation.rivals import RivalSearch
from ..estimation.tracking_step import TrackStep
from ..networks.checkpoints import Network
from ..networks.inference import InferenceSettings, PreparedNetwork
from ..networks.weights_folder import load_from_folder
from ..object_model.model import ObjectModel
from ..refinement.geometric import GeometricRefiner
from ..rendering import make_tensor_renderer
from ..rendering.factory import check_device
from ..rendering.torch_renderer import TensorRenderer
from ..selection.scorer import Scorer
from .input_pairs import PairMaker
from .observed_image import ImageSource
from .refiner import LearnedRefiner, LearnedSettings
from .registration import LearnedRegistration, LearnedRegistrationSettings, ReorderedRegistration
from .scorer import LearnedScorer
from .start_poses import published_rotations, unique_rotations
from .tracking_step import LearnedTrackStep


@dataclass(frozen=True)
class LearnedMethodsSettings:
    """Where and how networks work.

    device: cpu, cuda or cuda:N, of networks and renderings.
    renderer: of the networks' renderings, one of `rendering.RENDERERS`.
    threads: of ray casting on the CPU.
    inference: precision and batches of the networks.
    refinement: steps after RefineNet's.
    registration: where RefineNet starts.
    """

    device: str = "cpu"
    renderer: str = "auto"
    threads: int = 2
    inference: InferenceSettings = field(default_factory=InferenceSettings)
    refinement: LearnedSettings = field(default_factory=LearnedSettings)
    registration: LearnedRegistrationSettings = field(default_factory=LearnedRegistrationSettings)


class LearnedMethods:
    """Methods of an estimator of which refinement, the last choice, or both are learned.

    Scores, covariances and loss come from the geometric evidence on the final pose in any case.
    """

    def __init__(
        self,
        refiner: Network | None = None,
        scorer: Network | None = None,
        settings: LearnedMethodsSettings | None = None,
    ) -> None:
        """A network that is None leaves its part to the geometric method."""
        self.settings = settings or LearnedMethodsSettings()
        device, inference = self.settings.device, self.settings.inference
        self._refiner = None if refiner is None else PreparedNetwork(refiner, device, inference)
        self._scorer = None if scorer is None else PreparedNetwork(scorer, device, inference)
        self._images = ImageSource(device)

    @classmethod
    def from_folder(
        cls,
        folder: str | Path,
        refiner: Method = "learned",
        scorer: Method = "learned",
        settings: LearnedMethodsSettings | None = None,
    ) -> LearnedMethods:
        """Load the weights in a folder; raises InputRefused, saying the fix, where they aren't there or don't fit."""
        settings = settings or LearnedMethodsSettings()
        check_device(settings.device)
        return cls(
            load_from_folder(Path(folder), "refine", settings.device) if refiner == "learned" else None,
            load_from_folder(Path(folder), "score", settings.device) if scorer == "learned" else None,
            settings,
        )

    def prepare(self, model: ObjectModel) -> PreparedObject:
        """Bind the geometric methods to an object, with networks where they are wanted."""
        settings = self.settings
        compare = RenderAndCompare.on_cpu(model, settings.threads)
        renderer = make_tensor_renderer(model, settings.device, settings.renderer, settings.threads)
        scorer = self._learned_scorer(compare, renderer)
        geometric = geometric_registration(compare)
        registration: RegistrationStrategy = geometric
        tracking: TrackingStrategy = TrackStep(compare)
        if self._refiner is not None:
            refiner = self._learned_refiner(self._refiner, compare, renderer)
            tracking = LearnedTrackStep(replace(compare, refiner=refiner), compare)
            start = settings.registration.start
            starts = geometric if start == "geometric" else unique_rotations(published_rotations(), model.symmetries)
            registration = LearnedRegistration(compare, refiner, starts, scorer, settings.registration)
        elif scorer is not None:
            registration = ReorderedRegistration(registration, scorer)
        return PreparedObject(
            model=model,
            renderer=compare.renderer,
            scorer=scorer or compare.scorer,
            registration=registration,
            tracking=tracking,
            prior=SizeColourPrior(model),
            look=first_look(compare, geometric.rotations),
            rivals=RivalSearch(compare, turns_alike(model)),
        )

    def _learned_refiner(
        self, network: PreparedNetwork, compare: RenderAndCompare, renderer: TensorRenderer
    ) -> LearnedRefiner:
        pairs = PairMaker(renderer, compare.model, network.info)
        geometric = GeometricRefiner(compare.model, compare.renderer)
        return LearnedRefiner(network, pairs, self._images, geometric, self.settings.refinement)

    def _learned_scorer(self, compare: RenderAndCompare, renderer: TensorRenderer) -> Scorer | None:
        if self._scorer is None:
            return None
        pairs = PairMaker(renderer, compare.model, self._scorer.info)
        return LearnedScorer(self._scorer, pairs, self._images, compare.scorer)
