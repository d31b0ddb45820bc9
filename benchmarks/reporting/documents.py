"""Markdown from the measured JSON: nobody types a figure. `python -m benchmarks.reporting.documents` fills it in."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.reporting import calibration_tables, learned_tables, pose_tables, segmentation_tables
from benchmarks.reporting import reconstruction_tables as object_tables
from benchmarks.reporting.results import provenance

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (
    "docs/benchmarks.md",
    "README.md",
    "docs/scores.md",
    "docs/object_support.md",
    "docs/reference_views.md",
    "docs/neural_field.md",
    "docs/learned.md",
    "docs/training_pose.md",
    "docs/universeg.md",
    "docs/universeg_weights.md",
)


def write(result: str, report: dict[str, Any]) -> None:
    """Replace what stands between the markers `<!-- measured: NAME -->` and `<!-- end -->` of a result's tables."""
    for path in (ROOT / name for name in DOCUMENTS):
        path.write_text(filled(path.read_text(encoding="utf-8"), result, report), encoding="utf-8")


def filled(text: str, result: str, report: dict[str, Any]) -> str:
    """A document with a result's tables made from its report; raises KeyError for a marker that names no table."""

    def replaced(match: re.Match[str]) -> str:
        source, table = TABLES[match[1]]
        return f"<!-- measured: {match[1]} -->\n{table(report)}\n<!-- end -->" if source == result else match[0]

    return re.sub(r"<!-- measured: (\w+) -->\n.*?<!-- end -->", replaced, text, flags=re.DOTALL)


def speed(report: dict[str, Any]) -> str:
    """Times with their spread and their ratio to the floor."""
    data = report["speed"]
    rays = data["floor_rays_per_s"]
    lines = ["| | median | quartiles | n | rays | times the floor |", "|---|---|---|---|---|---|"]
    for key, title in (("register", "registration"), ("track", "tracking step")):
        row, over = data[f"{key}_s"], data[f"{key}_over_floor"]
        quartiles = f"{_ms(row['q1'])} to {_ms(row['q3'])} ms"
        lines.append(
            f"| {title} | {_ms(row['median'])} ms | {quartiles} | {row['n']} | {row['rays'] / 1e6:.2f} M | "
            f"{over['median']:.1f} |"
        )
    lines.append(
        f"| ray caster alone | {rays['median'] / 1e6:.0f} M rays/s | {rays['q1'] / 1e6:.0f} to {rays['q3'] / 1e6:.0f} "
        f"| {rays['n']} | | 1 |"
    )
    return "\n".join([*lines, "", provenance(report)])


def accuracy(report: dict[str, Any]) -> str:
    """Recalls and medians per recording and mode."""
    lines = [
        "| | mode | n | ADD-S < 0.1 d | ADD < 0.1 d | 5 mm 3 deg | ADD-S | translation | rotation |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in report["accuracy"]:
        lines.append(
            f"| {row['sequence']} | {row['mode']} | {row['n']} | {row['adds_recall_0.1d']:.3f} | "
            f"{row['add_recall_0.1d']:.3f} | {row['recall_5mm_3deg']:.3f} | {row['median_adds_mm']:.1f} mm | "
            f"{row['median_translation_mm']:.1f} mm | {row['median_rotation_deg']:.1f} deg |"
        )
    return "\n".join([*lines, "", provenance(report)])


def summary(report: dict[str, Any]) -> str:
    """What a newcomer wants to know."""
    data = report["speed"]
    lines = ["| | |", "|---|---|"]
    lines.append(f"| registration, 640x480 | {_time(data['register_s'])} |")
    lines.append(f"| tracking step | {_time(data['track_s'])} |")
    for title, mode, recordings in (
        ("registration, rendered scenes", "register", False),
        ("tracking, rendered scenes", "track", False),
        ("registration, real recordings", "register", True),
        ("tracking, real recordings", "track", True),
    ):
        rows = [
            row
            for row in report["accuracy"]
            if row["mode"] == mode and (row["sequence"] != "rendered scenes") == recordings
        ]
        if rows:
            lines.append(f"| {title} | {_right(rows)} |")
    return "\n".join([*lines, "", provenance(report)])


def _time(row: dict[str, Any]) -> str:
    return f"{_ms(row['median'])} ms (median of {row['n']})"


def _ms(seconds: float) -> str:
    """Milliseconds, with a decimal where there are few."""
    return f"{1000 * seconds:.{1 if seconds < 0.01 else 0}f}"


def _right(rows: list[dict[str, Any]]) -> str:
    n = sum(row["n"] for row in rows)
    recall = sum(row["n"] * row["adds_recall_0.1d"] for row in rows) / n
    medians = ", ".join(
        f"{row['median_translation_mm']:.1f} mm {row['median_rotation_deg']:.1f} deg"
        + (f" ({row['sequence']})" if len(rows) > 1 else "")
        for row in rows
    )
    return f"ADD-S below 0.1 diameter in {100 * recall:.1f} % of {n}; median {medians}"


def headline(report: dict[str, Any]) -> str:
    """One line."""
    data = report["speed"]
    registered = [row for row in report["accuracy"] if row["mode"].startswith("register")]
    n = sum(row["n"] for row in registered)
    recall = sum(row["n"] * row["adds_recall_0.1d"] for row in registered) / n
    return (
        f"registration {_ms(data['register_s']['median'])} ms, tracking step "
        f"{_ms(data['track_s']['median'])} ms (times the floor: {data['register_over_floor']['median']:.1f}, "
        f"{data['track_over_floor']['median']:.1f}); ADD-S < 0.1 d in {recall:.3f} of {n} registrations"
    )


# Which measurement a table comes from, and how it is made.
TABLES: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "summary": ("cpu.json", summary),
    "speed": ("cpu.json", speed),
    "accuracy": ("cpu.json", accuracy),
    "calibration": ("calibration.json", calibration_tables.calibration),
    "diagrams": ("calibration.json", calibration_tables.diagrams),
    "percentiles": ("calibration.json", calibration_tables.percentiles),
    "consistency": ("calibration.json", calibration_tables.consistency),
    "registrations": ("side_by_side.json", pose_tables.registrations),
    "trackers": ("side_by_side.json", pose_tables.trackers),
    "sizes": ("scaling.json", pose_tables.sizes),
    "counts": ("scaling.json", pose_tables.counts),
    "hidden": ("synthetic.json", pose_tables.hidden),
    "hurried": ("synthetic.json", pose_tables.hurried),
    "losses": ("losses.json", pose_tables.losses),
    "learned": ("learned_cpu.json", learned_tables.stages),
    "overfit": ("overfit.json", learned_tables.overfit),
    "overfit_full_size": ("overfit_full_size.json", learned_tables.overfit),
    "first_masks": ("first_masks.json", object_tables.first_masks),
    "reconstruction": ("reconstruction.json", object_tables.reconstruction),
    "recorded_models": ("reconstruction.json", object_tables.recorded_models),
    "neural_field": ("neural_field.json", object_tables.neural_field),
    "segmentation_speed": ("segmentation_speed.json", segmentation_tables.speed),
    "segmentation_memory": ("segmentation_speed.json", segmentation_tables.memory),
    "segmentation_recorded": ("segmentation_accuracy.json", segmentation_tables.recorded),
    "segmentation_tasks": ("segmentation_accuracy.json", segmentation_tables.tasks),
    "segmentation_rendered": ("segmentation_accuracy.json", segmentation_tables.rendered),
    "segmentation_selection": ("segmentation_accuracy.json", segmentation_tables.selection),
}


if __name__ == "__main__":
    for measured in sorted({source for source, _ in TABLES.values()}):
        write(measured, json.loads((ROOT / "benchmarks" / "results" / measured).read_text(encoding="utf-8")))
