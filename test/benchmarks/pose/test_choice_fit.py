"""A network's word is worth as much as it was right."""

import numpy as np
import pytest

from benchmarks.pose.choice_fit import JudgedSet, fitted_choice


def drawn(sharp: float, per_score: float, sets: int = 600) -> list[JudgedSet]:
    """Return sets whose right pose is drawn by ranks and scores."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(sets):
        rank, score = rng.uniform(0, 0.2, 4), rng.uniform(-4, 0, 4)
        said = sharp * rank + per_score * np.maximum(score - score.max(), -6)
        chosen = rng.choice(4, p=np.exp(said) / np.exp(said).sum())
        made.append(JudgedSet(rank, score, np.arange(4) == chosen))
    return made


@pytest.mark.parametrize("per_score", [0.0, 0.8])
def test_the_weight_is_that_by_which_right_poses_were_drawn(per_score: float) -> None:
    fit = fitted_choice(drawn(40.0, per_score), largest=6.0)
    assert fit.weight == pytest.approx(per_score / 40, abs=0.005)
    assert fit.unlikely <= fit.without + 1e-6
