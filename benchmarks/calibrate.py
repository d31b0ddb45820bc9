"""`python -m benchmarks.calibrate`: fits the probability that a pose is right and the scale of covariances.

Learns from rendered scenes, and is judged on other rendered scenes, on scenes with scanned objects, and on recordings,
none of which it learned from. Prints the constants of foundation_pose_ros/confidence.py and covariance.py, and writes
benchmarks/results/calibration.json.
"""

import json
import os
import pickle
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from scipy.stats import chi2, rankdata

from benchmarks import tables
from benchmarks.calibration_samples import Sample
from benchmarks.calibration_scenes import RECORDINGS, mesh_models, real_samples, rendered_samples
from foundation_pose_ros.confidence import FOUND, REGISTERED, TRACKED, Confidence, Cues
from foundation_pose_ros.covariance import covariance_about_centre
from foundation_pose_ros.evaluation.provenance import commit, version
from foundation_pose_ros.selection.scorer import Evidence

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "results" / "calibration.json"
TASKS = {"register": REGISTERED, "find": FOUND, "track": TRACKED}
_FIRST_SEED = {"fit": 5000, "rendered": 9000, "scanned": 9500}
# Weights are held back as if they came from a normal distribution this wide.
_WEIGHT_SIGMA = 10.0
_BINS = 10
_OTHER_OPTIMUM_RAD = np.deg2rad(20.0)
_ESTIMATED = ("registered", "tracked", "tracked, first step")


def main(
    fit: Annotated[int, typer.Option(help="Rendered scenes to learn from.")] = 32,
    held_out: Annotated[int, typer.Option(help="Rendered scenes to judge by; two thirds as many scanned ones.")] = 12,
    processes: Annotated[int, typer.Option(help="At work side by side.")] = 2,
    samples: Annotated[Path | None, typer.Option(help="Keeps the samples: read if there, else written.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of recordings; FOUNDATION_PERCEPTION_DATA, or ../shared/data.")
    ] = None,
    output: Annotated[Path, typer.Option(help="The JSON file.")] = RESULT,
) -> None:
    """Fit, judge, write."""
    data = data or Path(os.environ.get("FOUNDATION_PERCEPTION_DATA", ROOT.parent / "shared" / "data"))
    fresh = samples is None or not samples.is_file()
    if samples is not None and samples.is_file():
        groups: dict[str, list[Sample]] = pickle.loads(samples.read_bytes())
    else:
        groups = _collected(fit, held_out, processes, data)
        if samples is not None:
            samples.write_bytes(pickle.dumps(groups))
    report: dict[str, Any] = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version(),
        "commit": commit(),
        "command": "python -m benchmarks.calibrate",
        "samples": "of this run" if fresh else "of earlier runs, read from a file: older than the commit above",
        "confidence": {},
        "covariance": {},
    }
    for task, used in TASKS.items():
        learned = [s for s in groups["fit"] if s.task == task and s.refined]
        fitted = fitted_confidence(learned, [name for name, _ in used.weights])
        print(f"{task}: {fitted}  # n = {len(learned)}")
        report["confidence"][task] = {
            "fitted": {"intercept": fitted.intercept, **dict(fitted.weights)},
            "in_use": {"intercept": used.intercept, **dict(used.weights)},
            **{g: judged(used, [s for s in part if s.task == task and s.refined]) for g, part in groups.items()},
        }
    for task in TASKS:
        report["covariance"][task] = {g: consistency([s for s in part if s.task == task]) for g, part in groups.items()}
    output.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")
    if output == RESULT:
        tables.write(RESULT.name, report)
    Console(stderr=True).print(f"written to {output}")


def fitted_confidence(samples: list[Sample], names: list[str]) -> Confidence:
    """Logistic regression with right and wrong poses weighing the same; no cue may speak against a pose."""
    right = np.array([s.right for s in samples], float)
    weight = np.where(right > 0, 0.5 / right.mean(), 0.5 / (1 - right.mean()))
    cues = _cues(samples)
    while True:
        x = np.stack([np.ones(len(samples)), *(getattr(cues, name) for name in names)], axis=1)
        held = np.diag([0.0, *[_WEIGHT_SIGMA**-2] * len(names)])
        beta = np.zeros(x.shape[1])
        for _ in range(50):
            p = 1 / (1 + np.exp(-x @ beta))
            gradient = x.T @ (weight * (right - p)) - held @ beta
            step = np.linalg.solve((x * (weight * p * (1 - p))[:, None]).T @ x + held, gradient)
            beta += step
            if np.abs(step).max() < 1e-6:
                break
        against = [name for name, b in zip(names, beta[1:], strict=True) if b < 0]
        if not against:
            return Confidence(
                round(float(beta[0]), 2), tuple((n, round(float(b), 2)) for n, b in zip(names, beta[1:], strict=True))
            )
        names = [name for name in names if name not in against]


def judged(confidence: Confidence, samples: list[Sample]) -> dict[str, Any] | None:
    """How well probabilities fit what happened, right and wrong poses weighing the same."""
    if not samples:
        return None
    right = np.array([s.right for s in samples])
    p = confidence(_cues(samples))
    diagram, error = reliability(p, right)
    # Of labels drawn as the probabilities say, at this set's share of right poses.
    odds = p / (1 - p) * right.mean() / max(1 - right.mean(), 1e-9)
    rng = np.random.default_rng(0)
    by_chance = [reliability(p, rng.random(len(p)) < odds / (1 + odds))[1] for _ in range(200)]
    weight = _balanced(right)
    ranks, count = rankdata(p), int(right.sum())
    auc = (ranks[right].sum() - count * (count + 1) / 2) / max(count * (len(p) - count), 1)
    kinds = sorted({(s.kind, s.right) for s in samples})
    return {
        "n": len(samples),
        "scenes": len({s.place for s in samples}),
        "right": round(float(right.mean()), 3),
        "expected_calibration_error": round(error, 4),
        "of_that_by_chance": round(float(np.mean(by_chance)), 4),
        "auc": round(float(auc), 4),
        "brier": round(float((weight * np.square(p - right)).sum()), 4),
        "right_above_0.5": round(float((p[right] >= 0.5).mean()), 4),
        "wrong_below_0.35": round(float((p[~right] < 0.35).mean()), 4),
        "diagram": diagram,
        "kinds": [
            {
                "kind": kind,
                "right": is_right,
                "n": int(picked.sum()),
                "percentiles_10_50_90": np.percentile(p[picked], [10, 50, 90]).round(3).tolist(),
            }
            for kind, is_right in kinds
            if (picked := np.array([(s.kind, s.right) == (kind, is_right) for s in samples])).any()
        ],
    }


def reliability(p: np.ndarray, right: np.ndarray) -> tuple[list[dict[str, float]], float]:
    """What probabilities said and what was, in ten bins, and the expected calibration error."""
    weight = _balanced(right)
    which = np.minimum((p * _BINS).astype(int), _BINS - 1)
    diagram, error = [], 0.0
    for b in np.unique(which):
        share = weight[which == b].sum()
        said, was = ((weight * x)[which == b].sum() / share for x in (p, right))
        diagram.append({"n": int((which == b).sum()), "said": round(float(said), 3), "was": round(float(was), 3)})
        error += share * abs(said - was)
    return diagram, float(error)


def _balanced(right: np.ndarray) -> np.ndarray:
    """Weights (n,), sum 1, in which right and wrong poses count the same."""
    weight = np.where(right, 0.5 / max(right.mean(), 1e-9), 0.5 / max(1 - right.mean(), 1e-9))
    return weight / weight.sum()


def _cues(samples: list[Sample]) -> Cues:
    names = [name for name in Evidence.__dataclass_fields__ if name != "rank"]
    said = {name: np.array([s.evidence[name] for s in samples]) for name in names}
    return Cues.of(Evidence(rank=np.zeros(len(samples)), **said))


def consistency(samples: list[Sample]) -> dict[str, Any] | None:
    """Normalised estimation error squared (6 degrees of freedom) of right poses that an estimator gave.

    Those that are turned the wrong way, and right by ADD-S all the same, are counted apart: they are in another local
    optimum, which no covariance reaches.
    """
    estimated = [s for s in samples if s.right and s.kind in _ESTIMATED]
    nees, turned = [], 0
    for s in estimated:
        assert s.twist is not None and s.information is not None
        if np.linalg.norm(s.twist[3:]) > _OTHER_OPTIMUM_RAD:
            turned += 1
            continue
        covariance = covariance_about_centre(s.information, s.variance_m2, s.diameter_m)
        nees.append(float(s.twist @ np.linalg.solve(covariance, s.twist)))
    if not nees:
        return None
    return {
        "n": len(nees),
        "turned_the_wrong_way": turned,
        "percentiles_10_50_90": np.percentile(nees, [10, 50, 90]).round(2).tolist(),
        "expected_10_50_90": chi2.ppf([0.1, 0.5, 0.9], 6).round(2).tolist(),
        "within_95_percent": round(float((np.array(nees) < chi2.ppf(0.95, 6)).mean()), 3),
    }


def _collected(fit: int, held_out: int, processes: int, data: Path) -> dict[str, list[Sample]]:
    """Samples by group: fit, rendered, scanned, and one per recording."""
    groups: dict[str, list[Sample]] = {}
    with ProcessPoolExecutor(processes) as pool:
        recordings = [name for name in RECORDINGS if (data / "pose" / name).is_dir()]
        for name, part in zip(recordings, pool.map(partial(real_samples, data / "pose"), recordings), strict=True):
            groups[name] = part
        meshes = mesh_models(data / "meshes")
        counts = {"fit": fit, "rendered": held_out, "scanned": 2 * held_out // 3 if meshes else 0}
        for group, count in counts.items():
            chosen = meshes if group == "scanned" else None
            seeds = range(_FIRST_SEED[group], _FIRST_SEED[group] + count)
            parts: Iterable[list[Sample]] = pool.map(rendered_samples, seeds, [chosen] * count)
            bar = track(parts, description=group, total=count, console=Console(stderr=True))
            groups[group] = [sample for part in bar for sample in part]
    return groups


if __name__ == "__main__":
    typer.run(main)
