"""Scores as a table and as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from foundation_pose_ros.atomic_file import write_text
from foundation_pose_ros.runtime.provenance import provenance

from .metrics import bootstrap_interval
from .protocol import UNIVERSEG, Score


def task_means(scores: Sequence[Score], method: str, figure: str = "dice") -> dict[str, float]:
    """Return mean over the test images, per task."""
    tasks = dict.fromkeys(score.task for score in scores)
    by_task = {task: [getattr(s, figure) for s in scores if s.task == task and s.method == method] for task in tasks}
    return {task: float(np.mean(values)) for task, values in by_task.items() if values}


def source_means(means: Mapping[str, float], sources: Mapping[str, str]) -> dict[str, float]:
    """Return mean over the tasks that share images: each source counts once."""
    grouped: dict[str, list[float]] = {}
    for task, value in means.items():
        grouped.setdefault(sources[task], []).append(value)
    return {source: float(np.mean(values)) for source, values in grouped.items()}


def as_json(scores: Sequence[Score], sources: Mapping[str, str], used: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything: per task and overall, per method, and each image."""
    methods = list(dict.fromkeys(score.method for score in scores))
    overall = {}
    tasks: dict[str, dict[str, Any]] = {}
    for method in methods:
        means = task_means(scores, method)
        low, high = bootstrap_interval(np.array(list(means.values())))
        overall[method] = {
            "mean_dice": float(np.mean(list(means.values()))),
            "mean_dice_95": [low, high],
            "mean_dice_over_sources": float(np.mean(list(source_means(means, sources).values()))),
            "mean_iou": float(np.mean(list(task_means(scores, method, "iou").values()))),
            "mean_hd95_px": float(np.mean(list(task_means(scores, method, "hd95_px").values()))),
            "median_time_s": float(np.median([s.time_s for s in scores if s.method == method])),
        }
        for task in means:
            mine = [s for s in scores if s.task == task and s.method == method]
            entry = tasks.setdefault(task, {"n": len(mine), "source": sources[task]})
            entry[method] = {
                "dice": means[task],
                "dice_95": list(bootstrap_interval(np.array([s.dice for s in mine]))),
                "iou": float(np.mean([s.iou for s in mine])),
                "hd95_px": float(np.mean([s.hd95_px for s in mine])),
            }
    return {
        **provenance(dict(used)),
        "overall": overall,
        "tasks": tasks,
        "images": [asdict(score) for score in scores],
    }


def write(path: Path, report: Mapping[str, Any]) -> None:
    """Write indented JSON, whole or not at all."""
    write_text(path, json.dumps(report, indent=2, allow_nan=False) + "\n")


def table(report: Mapping[str, Any], title: str) -> Table:
    """Return Dice per task and overall, each method a column; UniverSeg's HD95 and time beside."""
    methods = list(report["overall"])
    result = Table(title=title, title_justify="left")
    result.add_column("task")
    result.add_column("n", justify="right")
    for method in methods:
        result.add_column(f"{method}\nDice", justify="right")
    result.add_column(f"{UNIVERSEG}\nHD95 px", justify="right")
    for task, entry in report["tasks"].items():
        dices = [f"{entry[method]['dice']:.3f}" for method in methods]
        result.add_row(task, str(entry["n"]), *dices, f"{entry[UNIVERSEG]['hd95_px']:.1f}")
    result.add_section()
    overall = report["overall"]
    count = str(sum(entry["n"] for entry in report["tasks"].values()))
    means = [f"{overall[method]['mean_dice']:.3f}" for method in methods]
    result.add_row("mean over tasks", count, *means, f"{overall[UNIVERSEG]['mean_hd95_px']:.1f}")
    result.add_row("95 % of it", "", *("{:.3f} to {:.3f}".format(*overall[m]["mean_dice_95"]) for m in methods), "")
    result.add_row("mean over image sources", "", *(f"{overall[m]['mean_dice_over_sources']:.3f}" for m in methods), "")
    result.add_row("median time", "", *(f"{1000 * overall[m]['median_time_s']:.0f} ms" for m in methods), "")
    return result
