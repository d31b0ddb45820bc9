"""Average recall as the BOP benchmark has it, over VSD, MSSD and MSPD (Hodan et al., ECCV Workshops 2020)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ..datasets.bop_instances import BopTarget
from ..datasets.bop_scene import BopScene
from .bop_errors import VSD_TAUS
from .bop_object_errors import ObjectErrors
from .bop_results import BopResult

# An estimate is right below these: VSD itself, MSSD in diameters, MSPD in pixels of an image 640 wide.
VSD_LIMITS = np.arange(1, 11) * 0.05
MSSD_LIMITS = np.arange(1, 11) * 0.05
MSPD_LIMITS_PX = np.arange(1, 11) * 5.0
_WIDTH_PX = 640


@dataclass(frozen=True)
class BopScore:
    """targets: instances to be found. Counts of those that were: vsd (taus, limits), mssd (limits,), mspd (limits,)."""

    targets: int
    vsd: np.ndarray
    mssd: np.ndarray
    mspd: np.ndarray

    @classmethod
    def none(cls) -> "BopScore":
        """Return the score of nothing looked for."""
        return cls(0, *(np.zeros(shape, int) for shape in ((len(VSD_TAUS), len(VSD_LIMITS)), (10,), (10,))))

    def __add__(self, other: "BopScore") -> "BopScore":
        found = (getattr(self, name) + getattr(other, name) for name in ("vsd", "mssd", "mspd"))
        return BopScore(self.targets + other.targets, *found)

    def average_recall(self) -> dict[str, float]:
        """Return AR_VSD, AR_MSSD, AR_MSPD, and AR, their mean; NaN where there was nothing to find."""
        if self.targets == 0:
            return dict.fromkeys(("AR_VSD", "AR_MSSD", "AR_MSPD", "AR"), np.nan)
        recalls = {f"AR_{name.upper()}": float(getattr(self, name).mean()) / self.targets for name in _ERRORS}
        return recalls | {"AR": float(np.mean(list(recalls.values())))}


_ERRORS = ("vsd", "mssd", "mspd")


class BopJudge:
    """Scores estimates for one scene; the objects' meshes come from models_eval where the dataset has it."""

    def __init__(self, scene: BopScene) -> None:
        self._scene = scene
        self._objects: dict[int, ObjectErrors] = {}

    def score(self, results: Iterable[BopResult], targets: Iterable[BopTarget]) -> dict[int, BopScore]:
        """Score the scene's results per object id.

        Of an object's estimates in an image, the best-scored as many as are asked for are looked at.
        """
        estimates = defaultdict(list)
        for result in results:
            if result.scene_id == self._scene.scene_id:
                estimates[result.image_id, result.object_id].append(result)
        scores: dict[int, BopScore] = defaultdict(BopScore.none)
        for target in targets:
            found = sorted(estimates[int(target.frame_id), target.object_id], key=lambda result: -result.score)
            scores[target.object_id] += self._score_target(target, found[: target.count])
        return dict(scores)

    def _score_target(self, target: BopTarget, found: list[BopResult]) -> BopScore:
        score = replace(BopScore.none(), targets=len(target.T_truths))
        if not found:
            return score
        frame = self._scene.frame(target.frame_id)
        T_estimates = np.stack([np.asarray(result.T_cam_obj, np.float64) for result in found])
        errors = self._errors(target.object_id)(T_estimates, target.T_truths, frame)
        width_scale = frame.camera.width / _WIDTH_PX
        return replace(
            score,
            vsd=np.array([[matches(errors.vsd[..., t], x) for x in VSD_LIMITS] for t in range(len(VSD_TAUS))]),
            mssd=np.array([matches(errors.mssd, x) for x in MSSD_LIMITS]),
            mspd=np.array([matches(errors.mspd_px, x * width_scale) for x in MSPD_LIMITS_PX]),
        )

    def _errors(self, object_id: int) -> ObjectErrors:
        if object_id not in self._objects:
            model, diameter_m = self._scene.evaluation_model(object_id), self._scene.diameter_m(object_id)
            self._objects[object_id] = ObjectErrors(model, diameter_m)
        return self._objects[object_id]


def matches(errors: np.ndarray, limit: float) -> int:
    """Count the truths that are found below a limit: errors (estimates, truths), estimates best-scored first.

    Each estimate takes the truth that it is nearest to, of those that are left.
    """
    left = np.array(errors, np.float64)
    count = 0
    for row in left:
        nearest = int(np.argmin(row))
        if row[nearest] < limit:
            count += 1
            left[:, nearest] = np.inf
    return count
