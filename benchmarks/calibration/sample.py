"""One pose with what a look at a frame says of it, and whether it is right."""

from dataclasses import dataclass, field, fields

import numpy as np

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.arrays import Pose
from foundation_pose_ros.estimation.candidates import Candidates
from foundation_pose_ros.object_model.surface_distance import RIGHT_SHARE, SurfaceDistance
from foundation_pose_ros.selection.plausibility import Plausibility
from foundation_pose_ros.selection.rivals import NO_RIVAL, Rivals

# Nobody can know a pose that is hidden by so much, or that next to no depth agrees with.
_LEAST_VISIBLE, _LEAST_AGREEMENT = 0.1, 0.02


@dataclass(frozen=True)
class PoseError:
    """twist (6,): about the centre, to the nearest equivalent truth. distance_m: from camera to centre.

    information (6, 6), variance_m2, points_information (6, 6): what the last step knew of it.
    """

    twist: np.ndarray
    information: np.ndarray
    variance_m2: float
    points_information: np.ndarray
    distance_m: float


@dataclass(frozen=True)
class Sample:
    """task: register, find or track. evidence: of one pose, by name. error_share: MSSD in diameters, infinite where
    the object isn't there, or where too little of it is seen to know; error: None there. lead: over the pose's
    rivals. rivals: of a registration, each by how much it is behind, and its own error_share. plausible: of a
    registration's or a search's pose, for what no evidence along its surface says. earlier_lead: the largest in
    looks before at a track's pose; as if there were no rival where it was led astray from a right one. ways: for how
    many rivals the best one stands. cluster: poses of one object in one scene are alike.
    """

    task: str
    kind: str
    place: str
    object_name: str
    evidence: dict[str, float]
    error_share: float
    diameter_m: float
    error: PoseError | None = None
    lead: float = 0.0
    rivals: tuple[tuple[float, float], ...] = ()
    plausible: Plausibility = field(default_factory=Plausibility)
    earlier_lead: float = NO_RIVAL
    ways: float = 1.0

    @property
    def cluster(self) -> tuple[str, str]:
        """Return what poses share that are alike: place and object."""
        return self.place, self.object_name

    @property
    def right(self) -> bool:
        """No point off by a tenth of the diameter, and seen.

        A track stays right behind a cover that doesn't move, but nobody can know it.
        """
        seen = self.evidence["visible"] >= _LEAST_VISIBLE and self.evidence["agreement"] >= _LEAST_AGREEMENT
        return seen and self.error_share < RIGHT_SHARE


class Truth:
    """Compares poses of one object in one place with the true ones."""

    def __init__(self, model: ObjectModel, place: str) -> None:
        self._model, self._place = model, place
        self._distance = SurfaceDistance(model.vertices, model.symmetries)

    def error_share(self, T_cam_obj: Pose, T_truth: Pose) -> float:
        """Return the largest error of any surface point, over symmetries, as a share of the diameter."""
        return float(self._distance(T_cam_obj[None], T_truth)[0]) / self._model.diameter_m

    def sample(
        self, task: str, kind: str, candidates: Candidates, T_truth: Pose | None, compared: float | Rivals
    ) -> Sample:
        """Make a sample of the first of candidates; T_truth (4, 4): None where the object can't be seen.

        compared: its rivals, or its lead over them.
        """
        model, refined, evidence = self._model, candidates.refined.at(0), candidates.evidence
        said = {item.name: float(getattr(evidence, item.name)[0]) for item in fields(evidence)}
        rivals = compared if isinstance(compared, Rivals) else Rivals(np.zeros((0, 4, 4)), np.zeros(0))
        lead = compared.lead if isinstance(compared, Rivals) else compared
        if T_truth is None:
            return Sample(
                task, kind, self._place, model.name, said, np.inf, model.diameter_m, lead=lead, ways=rivals.ways
            )
        equivalent = model.symmetries.nearest(refined.T_cam_obj, T_truth)
        error = PoseError(
            se3.twist_between(equivalent, T_truth, model.centre_m),
            refined.information,
            float(refined.variance_m2),
            refined.points_information,
            float(np.linalg.norm(se3.transform_points(T_truth, model.centre_m[None]))),
        )
        share = self.error_share(refined.T_cam_obj, T_truth)
        shares = [self.error_share(T, T_truth) for T in rivals.T_cam_obj]
        behind = tuple(zip(map(float, rivals.behind), shares, strict=True))
        return Sample(
            task, kind, self._place, model.name, said, share, model.diameter_m, error, lead, behind, ways=rivals.ways
        )
