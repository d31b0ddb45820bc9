"""Learned methods, alone or beside geometric ones: RefineNet and ScoreNet from a folder of weights. Needs PyTorch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from ..estimation.methods import Method
from ..estimation.prepared_object import PreparedObject
from ..estimation.registration import Registration
from ..estimation.tracking_step import TrackStep
from ..networks.checkpoints import Network
from ..networks.inference import InferenceSettings, PreparedNetwork
from ..networks.weights_folder import load_from_folder
from ..object_model.model import ObjectModel
from ..refinement.geometric import GeometricRefiner
from ..rendering import make_tensor_renderer
from ..rendering.factory import check_device
from ..selection.geometric import GeometricScorer
from .input_pairs import PairMaker
from .observed_image import ImageSource
from .refiner import LearnedRefiner, LearnedSettings
from .registration import JudgedRegistration, LearnedRegistration, LearnedRegistrationSettings
from .scorer import LearnedScorer
from .start_poses import published_rotations, unique_rotations
from .tracking_step import LearnedTrackStep


@dataclass(frozen=True)
class LearnedMethodsSettings:
    """device: cpu, cuda or cuda:N, of networks and renderings. renderer: of the networks' renderings. threads: of ray
    casting on the CPU.
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
        self.track_step = TrackStep() if refiner is None else LearnedTrackStep()
        self.registration: Registration
        if refiner is not None:
            self.registration = LearnedRegistration(self.settings.registration)
        else:
            self.registration = Registration() if scorer is None else JudgedRegistration()

    @classmethod
    def from_folder(
        cls,
        folder: str | Path,
        refiner: Method = "learned",
        scorer: Method = "learned",
        settings: LearnedMethodsSettings | None = None,
    ) -> LearnedMethods:
        """With the weights in a folder; raises InputRefused, saying the fix, where they aren't there or don't fit."""
        settings = settings or LearnedMethodsSettings()
        check_device(settings.device)
        return cls(
            load_from_folder(Path(folder), "refine", settings.device) if refiner == "learned" else None,
            load_from_folder(Path(folder), "score", settings.device) if scorer == "learned" else None,
            settings,
        )

    def prepare(self, model: ObjectModel) -> PreparedObject:
        """The geometric conditioning, with networks where they are wanted."""
        settings = self.settings
        prepared = PreparedObject.on_cpu(model, settings.threads)
        renderer = make_tensor_renderer(model, settings.device, settings.renderer, settings.threads)
        if self._refiner is not None:
            prepared = replace(
                prepared,
                refiner=LearnedRefiner(
                    self._refiner,
                    PairMaker(renderer, model, self._refiner.info),
                    self._images,
                    GeometricRefiner(model.centre_m, model.diameter_m),
                    settings.refinement,
                ),
            )
            if settings.registration.start != "geometric":
                prepared = replace(prepared, rotations=unique_rotations(published_rotations(), model.symmetries))
        if self._scorer is not None:
            pairs = PairMaker(renderer, model, self._scorer.info)
            geometric = GeometricScorer(model.diameter_m, model.has_colour)
            prepared = replace(prepared, judge=LearnedScorer(self._scorer, pairs, self._images, geometric))
        return prepared
