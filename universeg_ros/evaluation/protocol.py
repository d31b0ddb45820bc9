"""Judge a segmenter, beside two methods that learn nothing across tasks, by a fixed protocol.

Of each task, support pool and test images are split by a seeded permutation; a prediction averages an ensemble of draws
of the support from the pool; masks are cut at 0.5 and judged by their Dice, at the images' own size.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from foundation_pose_ros.errors import InputRefused

from ..mask_overlap import dice, iou
from ..network.model import UniverSeg
from ..segmenter import Segmenter
from ..segmenter_settings import DEFAULTS, SegmenterSettings
from ..support.example_pools import draw
from ..support.preparation import Preparation
from ..support.support_set import AS_USUAL, SupportSet
from .baselines import RandomForest, mean_mask
from .metrics import hd95_px
from .tasks import EvaluationTask


@dataclass(frozen=True)
class EvaluationSettings:
    """support_size: most examples per draw. ensemble: draws averaged. limit: test images per task, 0 for all."""

    support_size: int = 16
    ensemble: int = 5
    baselines: bool = True
    patients_apart: bool = False
    limit: int = 0
    seed: int = 0


AS_PUBLISHED = EvaluationSettings()
UNIVERSEG = "universeg"


@dataclass(frozen=True)
class Score:
    """One method on one image of a task; time_s is that of the prediction alone."""

    task: str
    image: str
    method: str
    dice: float
    iou: float
    hd95_px: float
    time_s: float


def evaluate(
    model: UniverSeg,
    task: EvaluationTask,
    settings: EvaluationSettings = AS_PUBLISHED,
    device: str = "cpu",
    base: SegmenterSettings = DEFAULTS,
    preparation: Preparation = AS_USUAL,
) -> Iterator[Score]:
    """Return scores of all methods on the test images of a task.

    base: all else that the segmenter is told. preparation: how its images are prepared, at what size above all.
    """
    own = replace(base, support_size=settings.support_size, ensemble=settings.ensemble, seed=settings.seed)
    left = settings.limit or len(task.images)
    for pool, tested in task.splits(settings.patients_apart):
        segmenter = Segmenter(model, device, own).set_support(pool_as_support(task, pool, preparation))
        others = _baselines(task, pool, settings) if settings.baselines else {}
        for i in tested[:left]:
            begin = time.monotonic()
            found = segmenter.segment(task.images[i]).mask > 0
            yield _score(task, i, UNIVERSEG, found, time.monotonic() - begin)
            for name, predict in others.items():
                begin = time.monotonic()
                found = predict(task.images[i].astype(np.float32) / 255) >= own.threshold
                yield _score(task, i, name, found, time.monotonic() - begin)
        left -= len(tested[:left])
        if left <= 0:
            return


def pool_as_support(task: EvaluationTask, pool: np.ndarray, preparation: Preparation = AS_USUAL) -> SupportSet:
    """Return the images of these numbers; those that a support set refuses (repeats, full masks) are left out."""
    support = SupportSet(preparation)
    for i in pool:
        try:
            support.add(task.images[i], task.masks[i], f"{i:05d}")
        except InputRefused as refused:
            reason = refused
    if not len(support):
        raise InputRefused("bad_task", f"{task.name}: none of its images can be a support: {reason}")
    return support


def _baselines(
    task: EvaluationTask, pool: np.ndarray, settings: EvaluationSettings
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Probability of an image (H, W) in 0..1, by name of the method; both see what one draw of the ensemble shows."""
    shown = pool[draw(np.random.default_rng(settings.seed), len(pool), settings.support_size)]
    images, masks = task.images[shown].astype(np.float32) / 255, task.masks[shown]
    average = mean_mask(masks)
    return {"mean mask": lambda _image: average, "random forest": RandomForest(images, masks).probability}


def _score(task: EvaluationTask, i: int, method: str, found: np.ndarray, time_s: float) -> Score:
    truth = task.masks[i]
    return Score(
        task.name, task.sources[i], method, dice(found, truth), iou(found, truth), hd95_px(found, truth), time_s
    )
