"""The outcome of an evaluation: figures per object and overall, as a table and as JSON."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from ..atomic_file import write_text
from ..runtime.provenance import provenance
from ..tracking.state_machine import TrackState
from . import metrics
from .evaluate import JudgedEstimate


@dataclass(frozen=True)
class EvaluationSummary:
    """Figures over all counted instances of an object (or of all objects); NaN where nothing was counted.

    Recalls, areas and the 5 mm 3 degrees share count misses; medians are over the frames with a pose. refused: counted
    frames with no pose. lost: counted frames that the tracker itself called lost.
    """

    n: int
    mssd_recall_0_1d: float
    add_recall_0_1d: float
    adds_recall_0_1d: float
    add_auc: float
    adds_auc: float
    recall_5mm_3deg: float
    median_time_s: float
    median_adds_mm: float
    median_translation_mm: float
    median_rotation_deg: float
    refused: int
    lost: int

    @classmethod
    def of(cls, rows: Iterable[JudgedEstimate]) -> "EvaluationSummary":
        """Sum up judged estimates of whatever objects and recordings."""
        counted = [row for row in rows if row.counted]
        posed = [row for row in counted if row.estimate.result is not None]
        add_m = np.array([row.add_m for row in counted])
        adds_m = np.array([row.adds_m for row in counted])
        limits_m = metrics.RECALL_FRACTION * np.array([row.diameter_m for row in counted])
        near = [metrics.within_5mm_3deg(row.translation_m, row.rotation_deg) for row in counted]
        return cls(
            n=len(counted),
            mssd_recall_0_1d=float(np.mean([row.right for row in counted])) if counted else np.nan,
            add_recall_0_1d=metrics.recall(add_m, limits_m),
            adds_recall_0_1d=metrics.recall(adds_m, limits_m),
            add_auc=metrics.auc(add_m),
            adds_auc=metrics.auc(adds_m),
            recall_5mm_3deg=float(np.mean(near)) if near else np.nan,
            median_time_s=_median([row.estimate.time_s for row in posed]),
            median_adds_mm=1000 * _median([row.adds_m for row in posed]),
            median_translation_mm=1000 * _median([row.translation_m for row in posed]),
            median_rotation_deg=_median([row.rotation_deg for row in posed]),
            refused=len(counted) - len(posed),
            lost=sum(row.estimate.state is TrackState.LOST for row in counted),
        )

    def as_json(self) -> dict[str, float | int | None]:
        """Return figures by documented keys (recalls: `mssd_recall_0.1d`, `add_recall_0.1d`, ...); NaN becomes null."""
        return {name.replace("0_1d", "0.1d"): _finite(value) for name, value in asdict(self).items()}


def summaries(rows: list[JudgedEstimate]) -> tuple[dict[str, EvaluationSummary], EvaluationSummary]:
    """Sum up each object class, by sorted names, and all instances of all objects (each instance weighs the same)."""
    names = sorted({row.class_name for row in rows})
    per_object = {name: EvaluationSummary.of(row for row in rows if row.class_name == name) for name in names}
    return per_object, EvaluationSummary.of(rows)


_COLUMNS = {
    "n": ("n", "{:d}"),
    "mssd_recall_0_1d": ("MSSD\n<0.1d", "{:.3f}"),
    "add_recall_0_1d": ("ADD\n<0.1d", "{:.3f}"),
    "adds_recall_0_1d": ("ADD-S\n<0.1d", "{:.3f}"),
    "add_auc": ("ADD\nAUC", "{:.3f}"),
    "adds_auc": ("ADD-S\nAUC", "{:.3f}"),
    "recall_5mm_3deg": ("5 mm\n3 deg", "{:.3f}"),
    "median_adds_mm": ("ADD-S\nmm", "{:.1f}"),
    "median_translation_mm": ("pos.\nmm", "{:.1f}"),
    "median_rotation_deg": ("rot.\ndeg", "{:.1f}"),
    "median_time_s": ("time\ns", "{:.3f}"),
    "refused": ("no\npose", "{:d}"),
    "lost": ("lost", "{:d}"),
}


def table(rows: list[JudgedEstimate], title: str) -> Table:
    """Make a rich table, one line per object and one for all."""
    per_object, overall = summaries(rows)
    # Narrow enough for a terminal of 80 columns: only the name gives way.
    caption = "overall: every instance weighs the same; mm, deg and s are medians"
    result = Table(title=title, caption=caption, box=None, padding=(0, 0, 0, 1), pad_edge=False)
    result.add_column("object", overflow="fold", min_width=8)
    for heading, _ in _COLUMNS.values():
        result.add_column(heading, justify="right", no_wrap=True)
    for name, summary in [*per_object.items(), ("overall", overall)]:
        cells = [(getattr(summary, key), form) for key, (_, form) in _COLUMNS.items()]
        texts = ["-" if value != value else form.format(value) for value, form in cells]
        result.add_row(name, *texts, style="bold" if name == "overall" else None)
    return result


def as_json(rows: list[JudgedEstimate], settings: dict[str, Any]) -> dict[str, Any]:
    """Make the whole report: where and how it was made, figures per object and overall, and every row."""
    per_object, overall = summaries(rows)
    return provenance(settings) | {
        "objects": {name: summary.as_json() for name, summary in per_object.items()},
        "overall": overall.as_json(),
        "overall_is": "over all instances, each with the same weight",
        "rows": [_row_as_json(row) for row in rows],
    }


def write(path: Path, report: dict[str, Any]) -> None:
    """Write the report as JSON, whole or not at all."""
    write_text(path, json.dumps(report, indent=1, allow_nan=False) + "\n")


def _row_as_json(row: JudgedEstimate) -> dict[str, Any]:
    errors = {
        field.name: _finite(getattr(row, field.name))
        for field in fields(row)
        if field.name in ("add_m", "adds_m", "mssd_m", "translation_m", "rotation_deg")
    }
    return {
        "sequence": row.sequence,
        **row.estimate.as_json(),
        "class": row.class_name,
        "counted": row.counted,
        "diameter_m": round(row.diameter_m, 6),
        **errors,
    }


def _median(values: list[float]) -> float:
    return float(np.median(values)) if values else np.nan


def _finite(value: float | int) -> float | int | None:
    if isinstance(value, int):
        return value
    return round(value, 6) if np.isfinite(value) else None
