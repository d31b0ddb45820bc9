"""How far probabilities are from what happened, and errors from their covariances, with how sure that itself is."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.stats import chi2, rankdata

_BINS = 10
_RESAMPLES = 400
# A pose turned this far is in another local optimum.
_OTHER_OPTIMUM_RAD = np.deg2rad(20.0)


def balanced(right: np.ndarray) -> np.ndarray:
    """Return weights (n,), sum 1, in which right and wrong poses count the same."""
    weight = np.where(right, 0.5 / max(right.sum(), 1), 0.5 / max((~right).sum(), 1))
    return weight / weight.sum()


def reliability(p: np.ndarray, right: np.ndarray) -> tuple[list[dict[str, float]], float]:
    """Compare what probabilities said with what was, in ten bins; with the expected calibration error (Naeini 2015)."""
    return _binned(p, right, _tenth(p))


def swept_error(p: np.ndarray, right: np.ndarray) -> float:
    """Return the error in bins of equal weight, as many as still show a share of right poses that grows.

    Less biased than fixed bins where poses are few (Roelofs et al. 2022).
    """
    order = np.argsort(p, kind="stable")
    p, right = p[order], right[order]
    mass = np.cumsum(balanced(right))
    error = 0.0
    for bins in range(1, len(p) + 1):
        diagram, found = _binned(p, right, np.minimum((mass * bins - 1e-9).astype(int), bins - 1))
        if any(a["was"] > b["was"] for a, b in pairwise(diagram)):
            break
        error = found
    return error


def judged(p: np.ndarray, right: np.ndarray, cluster: np.ndarray) -> dict[str, Any]:
    """Judge how well probabilities (n,) fit what happened, right and wrong poses weighing the same.

    cluster (n,) of int: poses of one object in one scene are alike, and are resampled together (Efron 1979). Gaps of
    bins are too wide by chance: from their squares, the corrected error takes the variance that resampling shows (after
    Kumar, Liang and Ma 2019).
    """
    diagram, error = reliability(p, right)
    again, gap_variance = _resampled(p, right, cluster)
    weight = balanced(right)
    ranks, count = rankdata(p), int(right.sum())
    auc = (ranks[right].sum() - count * (count + 1) / 2) / max(count * (len(p) - count), 1)
    return {
        "n": len(p),
        "clusters": len(np.unique(cluster)),
        "right": round(float(right.mean()), 3),
        "expected_calibration_error": round(error, 4),
        "corrected": round(_corrected(p, right, gap_variance), 4),
        "swept": round(swept_error(p, right), 4),
        "percentiles_5_95": np.percentile(again, [5, 95]).round(4).tolist(),
        "bias": round(float((weight * (p - right)).sum()), 4),
        "auc": round(float(auc), 4),
        "brier": round(float((weight * np.square(p - right)).sum()), 4),
        "right_above_0.5": round(float((p[right] >= 0.5).mean()), 4),
        "wrong_below_0.35": round(float((p[~right] < 0.35).mean()), 4),
        "diagram": diagram,
    }


def consistency(twists: np.ndarray, covariances: np.ndarray) -> dict[str, Any] | None:
    """Sum up normalised estimation errors squared of right poses: twists (n, 6) against covariances (n, 6, 6).

    Those turned the wrong way are counted apart. With 6 degrees of freedom the mean should be 6, the median 5.35.
    """
    turned = in_another_optimum(twists)
    if turned.all():
        return None
    nees = normalised(twists[~turned], covariances[~turned])
    return {
        "n": len(nees),
        "turned_the_wrong_way": int(turned.sum()),
        "mean": round(float(nees.mean()), 2),
        "percentiles_10_50_90": np.percentile(nees, [10, 50, 90]).round(2).tolist(),
        "expected_10_50_90": chi2.ppf([0.1, 0.5, 0.9], 6).round(2).tolist(),
        "within_95_percent": round(float((nees < chi2.ppf(0.95, 6)).mean()), 3),
    }


def in_another_optimum(twists: np.ndarray) -> np.ndarray:
    """Return (n,) bool: turned the wrong way; no covariance of residuals reaches there."""
    return np.asarray(np.linalg.norm(twists[:, 3:], axis=1) > _OTHER_OPTIMUM_RAD)


def normalised(twists: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    """Return (n,): twist' inverse(covariance) twist."""
    return np.einsum("ni,ni->n", twists, np.linalg.solve(covariances, twists[..., None])[..., 0])


def _binned(p: np.ndarray, right: np.ndarray, which: np.ndarray) -> tuple[list[dict[str, float]], float]:
    diagram, error = [], 0.0
    for b, share, said, was in _bins(p, right, which):
        diagram.append({"n": int((which == b).sum()), "said": round(said, 3), "was": round(was, 3)})
        error += share * abs(said - was)
    return diagram, error


def _bins(p: np.ndarray, right: np.ndarray, which: np.ndarray) -> Iterator[tuple[int, float, float, float]]:
    """Yield each bin with its share of the weight, what was said in it, and what was."""
    weight = balanced(right)
    for b in np.unique(which):
        share = weight[which == b].sum()
        said, was = ((weight * x)[which == b].sum() / share for x in (p, right))
        yield int(b), float(share), float(said), float(was)


def _tenth(p: np.ndarray) -> np.ndarray:
    return np.minimum((p * _BINS).astype(int), _BINS - 1)


def _corrected(p: np.ndarray, right: np.ndarray, gap_variance: np.ndarray) -> float:
    bins = _bins(p, right, _tenth(p))
    return float(sum(share * np.sqrt(max((said - was) ** 2 - gap_variance[b], 0.0)) for b, share, said, was in bins))


def _resampled(p: np.ndarray, right: np.ndarray, cluster: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return errors (resamples,) of whole clusters drawn again, and the variance (bins,) of each bin's gap."""
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(cluster == c) for c in np.unique(cluster)]
    errors, gaps = [], np.full((_RESAMPLES, _BINS), np.nan)
    for k in range(_RESAMPLES):
        picked = np.concatenate([members[m] for m in rng.integers(len(members), size=len(members))])
        if right[picked].all() or not right[picked].any():
            continue
        error = 0.0
        for b, share, said, was in _bins(p[picked], right[picked], _tenth(p[picked])):
            gaps[k, b] = said - was
            error += share * abs(said - was)
        errors.append(error)
    seen = np.isfinite(gaps).sum(axis=0) > 1
    variance = np.zeros(_BINS)
    variance[seen] = np.nanvar(gaps[:, seen], axis=0)
    return np.array(errors), variance
