"""Compare estimates with true poses, frame by frame."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..datasets.sequence import Sequence
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..object_model.surface_distance import RIGHT_SHARE, SurfaceDistance
from . import metrics
from .runner import AssessingEstimator, Estimate, RunSettings, run

# Enough that the mean distance is stable to some 1 % of itself.
SURFACE_POINTS = 2000


@dataclass(frozen=True)
class JudgedEstimate:
    """One object in one frame of one recording, with its errors where both pose and truth are there.

    counted: it enters the metrics, as a miss where there is no pose. Not counted are frames without truth and a
    pose that was handed in. class_name: the model that all instances of an object share. Metres and degrees; all but
    ADD-S are over the object's symmetries. mssd_m: the largest error of any point of the surface.
    """

    sequence: str
    class_name: str
    diameter_m: float
    estimate: Estimate
    counted: bool
    add_m: float = np.inf
    adds_m: float = np.inf
    translation_m: float = np.inf
    rotation_deg: float = np.inf
    mssd_m: float = np.inf

    @property
    def right(self) -> bool:
        """Return whether it is what a score is the probability of: no point is off by a tenth of the diameter."""
        return self.mssd_m < RIGHT_SHARE * self.diameter_m


class Judge:
    """Compares poses of one object with true ones."""

    def __init__(self, model: ObjectModel) -> None:
        self._points = model.surface_points(SURFACE_POINTS)
        self._symmetries = model.symmetries
        # Fine steps, so that a continuous symmetry leaves at most half a degree. A sphere has too many turns to list:
        # its pose is judged against the truth that is turned like it.
        self._turns = np.eye(4)[None] if self._symmetries.is_sphere else self._symmetries.transforms(step_deg=1.0)
        self._surface_distance = SurfaceDistance(model.vertices, self._symmetries)
        self._diameter_m = model.diameter_m
        self._class_name = model.name

    def __call__(self, sequence: Sequence, estimate: Estimate) -> JudgedEstimate:
        """Return an estimate with its errors against the recording's truth."""
        T_truth = sequence.truth(estimate.frame_id, estimate.object_name)
        counted = T_truth is not None and not estimate.given
        if T_truth is None or estimate.result is None:
            return JudgedEstimate(sequence.name, self._class_name, self._diameter_m, estimate, counted)
        T_estimate = estimate.result.T_cam_obj
        if self._symmetries.is_sphere:
            T_truth = self._symmetries.nearest(T_truth, T_estimate)
        translation_m, rotation_deg = metrics.pose_error(T_estimate, T_truth, self._turns)
        return JudgedEstimate(
            sequence.name,
            self._class_name,
            self._diameter_m,
            estimate,
            counted,
            metrics.add_m(T_estimate, T_truth, self._points, self._turns),
            metrics.adds_m(T_estimate, T_truth, self._points),
            translation_m,
            rotation_deg,
            float(self._surface_distance(T_estimate[None], T_truth)[0]),
        )


def evaluate(
    sequence: Sequence, estimator: AssessingEstimator, object_names: list[str], settings: RunSettings
) -> Iterator[tuple[Frame | None, list[JudgedEstimate]]]:
    """Run the estimator through the recording and judge every estimate; one list of rows per frame."""
    judges: dict[str, Judge] = {}
    for name in object_names:
        model = sequence.model(name)
        if model.name not in judges:
            judges[model.name] = Judge(model)
    for frame, estimates in run(sequence, estimator, object_names, settings):
        yield frame, [judges[sequence.model(e.object_name).name](sequence, e) for e in estimates]


def objects_to_judge(sequence: Sequence, settings: RunSettings, object_names: list[str] | None = None) -> list[str]:
    """Return the names of the objects (of those asked for) of which a true pose is known in at least one frame.

    Raises InputRefused where there are none, and where masks are needed but an object has none at all.
    """
    wanted = object_names or sequence.object_names
    names = [n for n in sequence.object_names if n in wanted and _any(sequence, sequence.truth, n)]
    if not names:
        raise InputRefused(
            "no_truth",
            f"{sequence.name} has no true poses of {', '.join(wanted) or 'any object'}: "
            "put them in gt/OBJECT/FRAME.txt, or leave the recording out",
        )
    needs_masks = settings.masks == "file" and (settings.mode == "register" or settings.init == "mask")
    for name in names if needs_masks else []:
        if not _any(sequence, sequence.mask, name):
            raise InputRefused(
                "no_mask",
                f"{sequence.name} has no masks of {name}: put them in masks/{name}/, or use --mask truth",
            )
    return names


def _any(sequence: Sequence, known: Callable[[str, str], np.ndarray | None], object_name: str) -> bool:
    for frame_id in sequence.frame_ids:
        try:
            if known(frame_id, object_name) is not None:
                return True
        except InputRefused:  # there is one: why it can't be used is said of its frame
            return True
    return False


def evaluate_all(
    sequences: list[Sequence],
    make_estimator: Callable[[list[ObjectModel]], AssessingEstimator],
    settings: RunSettings,
    object_names: list[str] | None = None,
) -> Iterator[tuple[Sequence, Frame | None, list[JudgedEstimate]]]:
    """Run `evaluate` on several recordings, each with an estimator for the objects in it that have true poses.

    object_names: only these. Raises InputRefused as `objects_to_judge` does.
    """
    for sequence in sequences:
        names = objects_to_judge(sequence, settings, object_names)
        models = {sequence.model(name).name: sequence.model(name) for name in names}
        estimator = make_estimator(list(models.values()))
        for frame, rows in evaluate(sequence, estimator, names, settings):
            yield sequence, frame, rows
