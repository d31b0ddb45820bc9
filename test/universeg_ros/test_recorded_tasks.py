"""The shipped weights on recorded tasks that training never saw: the support says what is segmented."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch isn't installed here")

from universeg_ros import Segmenter
from universeg_ros.evaluation.protocol import pool_as_support
from universeg_ros.evaluation.tasks import EvaluationTask, read_task
from universeg_ros.mask_overlap import dice

QUERIES = 4
SHOWN = 8


def task(data_folder: Path, name: str) -> EvaluationTask:
    path = data_folder / "segmentation" / "eval" / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"no task at {path}")
    return read_task(path)


@pytest.mark.parametrize("weights", ["default", "research"])
def test_with_the_support_of_another_task_it_segments_that_one(data_folder: Path, weights: str) -> None:
    """Nucleus and cytoplasm of the same cells: only the examples' masks tell which is wanted."""
    nuclei, cytoplasm = (task(data_folder, f"wbc_jtsc_{part}") for part in ("nucleus", "cytoplasm"))
    assert np.array_equal(nuclei.images, cytoplasm.images)
    pool, tested = next(nuclei.splits())
    segmenter = Segmenter(weights)
    found = {}
    for wanted in (nuclei, cytoplasm):
        segmenter.set_support(pool_as_support(wanted, pool[:SHOWN]))
        masks = [segmenter.segment(wanted.images[i]).mask > 0 for i in tested[:QUERIES]]
        for judged in (nuclei, cytoplasm):
            dices = [dice(mask, judged.masks[i]) for mask, i in zip(masks, tested[:QUERIES], strict=True)]
            found[wanted.name, judged.name] = float(np.mean(dices))
    for own, other in ((nuclei, cytoplasm), (cytoplasm, nuclei)):
        assert found[own.name, own.name] > 0.65
        # With the other's examples it finds the other, as well as with an eye on it, and not this one.
        assert found[other.name, own.name] < found[own.name, own.name] - 0.4
