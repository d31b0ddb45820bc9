"""Markdown from the measured JSON: nobody types a figure. `python -m benchmarks.tables` fills all of it in anew."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import learned_tables, object_tables, pose_tables, segmentation_tables
from benchmarks.origin import provenance

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    "docs/benchmarks.md",
    "README.md",
    "docs/scores.md",
    "docs/object_support.md",
    "docs/learned.md",
    "docs/training_pose.md",
    "docs/universeg.md",
    "docs/universeg_weights.md",
)
_GROUPS = {
    "rendered": "rendered, held out",
    "scanned": "rendered, scanned objects",
    "ycbv_0000": "ycbv_0000",
    "visp_rbt_desk": "visp_rbt_desk",
}
_TASKS = {"register": "registration", "track": "tracking"}


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
        quartiles = f"{1000 * row['q1']:.0f} to {1000 * row['q3']:.0f} ms"
        lines.append(
            f"| {title} | {1000 * row['median']:.0f} ms | {quartiles} | {row['n']} | {row['rays'] / 1e6:.2f} M | "
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
    return f"{1000 * row['median']:.0f} ms (median of {row['n']})"


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
        f"registration {1000 * data['register_s']['median']:.0f} ms, tracking step "
        f"{1000 * data['track_s']['median']:.0f} ms (times the floor: {data['register_over_floor']['median']:.1f}, "
        f"{data['track_over_floor']['median']:.1f}); ADD-S < 0.1 d in {recall:.3f} of {n} registrations"
    )


def calibration(report: dict[str, Any]) -> str:
    """How far scores are from shares of right poses."""
    lines = [
        "| | poses | scenes | calibration error | of that by chance | area under the curve | right, at least 0.5 "
        "| wrong, below 0.35 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for task, group, row in _judged(report["confidence"]):
        lines.append(
            f"| {task}, {group} | {row['n']} | {row['scenes']} | {row['expected_calibration_error']:.3f} "
            f"| {row['of_that_by_chance']:.3f} | {row['auc']:.3f} | {row['right_above_0.5']:.2f} "
            f"| {row['wrong_below_0.35']:.2f} |"
        )
    return "\n".join(lines)


def percentiles(report: dict[str, Any]) -> str:
    """Scores of the estimator's own poses, and of those after the object had gone."""
    lines = ["| | right | taken away | covered | swapped |", "|---|---|---|---|---|"]
    for task, group, row in _judged(report["confidence"]):
        kinds = {(kind["kind"], kind["right"]): kind["percentiles_10_50_90"] for kind in row["kinds"]}
        own = "registered" if task == _TASKS["register"] else "tracked"
        cells = [kinds.get((own, True)), *(kinds.get((kind, False)) for kind in ("taken away", "covered", "swapped"))]
        texts = [" / ".join(f"{value:.2f}" for value in cell) if cell else "" for cell in cells]
        lines.append(f"| {task}, {group} | {' | '.join(texts)} |")
    return "\n".join(lines)


def consistency(report: dict[str, Any]) -> str:
    """Normalised estimation errors squared, beside those of errors that are as their covariances say."""
    lines = [
        "| | poses | turned away | 10 % below | half below | 90 % below |",
        "|---|---|---|---|---|---|",
        "| if errors were as said | | | 2.2 | 5.35 | 10.6 |",
    ]
    for task, group, row in _judged(report["covariance"]):
        low, middle, high = row["percentiles_10_50_90"]
        lines.append(
            f"| {task}, {group} | {row['n']} | {row['turned_the_wrong_way']} | {low:.1f} | {middle:.1f} | {high:.1f} |"
        )
    return "\n".join(lines)


def _judged(part: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for task, task_name in _TASKS.items():
        for group, group_name in _GROUPS.items():
            if part[task].get(group):
                yield task_name, group_name, part[task][group]


# Which measurement a table comes from, and how it is made.
TABLES: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "summary": ("cpu.json", summary),
    "speed": ("cpu.json", speed),
    "accuracy": ("cpu.json", accuracy),
    "calibration": ("calibration.json", calibration),
    "percentiles": ("calibration.json", percentiles),
    "consistency": ("calibration.json", consistency),
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
