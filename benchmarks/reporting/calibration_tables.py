"""Tables of docs/scores.md, from what `python -m benchmarks.calibration` found."""

from collections.abc import Iterator
from typing import Any

_GROUPS = {
    "rendered": "rendered, held out",
    "scanned": "rendered, scanned objects",
    "recordings": "all recordings",
    "ycbv_0000": "ycbv_0000",
    "visp_rbt_desk": "visp_rbt_desk",
    "jack_pushed": "jack_pushed",
    "pencilbox_handheld": "pencilbox_handheld",
}
_TASKS = {"every": "every score", "register": "registration", "find": "search without a mask", "track": "tracking"}
_OWN = {"register": "registered", "find": "found", "track": "tracked"}
_GONE = ("taken away", "covered", "swapped")


def calibration(report: dict[str, Any]) -> str:
    """Tell how far scores are from shares of right poses."""
    lines = [
        "| | poses | clusters | error | 90 % of resamples | less chance | swept | area under the curve "
        "| right, at least 0.5 | wrong, below 0.35 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for task, group, row in _judged(report["confidence"]):
        low, high = row["percentiles_5_95"]
        lines.append(
            f"| {_TASKS[task]}, {group} | {row['n']} | {row['clusters']} | {row['expected_calibration_error']:.3f} "
            f"| {low:.3f} to {high:.3f} | {row['corrected']:.3f} | {row['swept']:.3f} | {row['auc']:.3f} "
            f"| {row['right_above_0.5']:.2f} | {row['wrong_below_0.35']:.2f} |"
        )
    return "\n".join(lines)


def diagrams(report: dict[str, Any]) -> str:
    """Return reliability diagrams: what was right of the poses whose scores lie in each tenth."""
    tenths = [f"{k / 10:.1f} to {(k + 1) / 10:.1f}" for k in range(10)]
    lines = ["| | " + " | ".join(tenths) + " |", "|---" * 11 + "|"]
    for task, group, row in _judged(report["confidence"]):
        cells = [""] * 10
        for entry in row["diagram"]:
            cells[min(int(entry["said"] * 10), 9)] = f"{entry['was']:.2f} ({entry['n']})"
        lines.append(f"| {_TASKS[task]}, {group} | {' | '.join(cells)} |")
    return "\n".join(lines)


def percentiles(report: dict[str, Any]) -> str:
    """Return scores of the estimator's own poses, and of those after the object had gone."""
    lines = ["| | right | taken away | covered | swapped |", "|---|---|---|---|---|"]
    for task, group, rows in _judged(report["kinds"]):
        kinds = {(row["kind"], row["right"]): row["percentiles_10_50_90"] for row in rows}
        gone = [f"found, {kind}" if task == "find" else kind for kind in _GONE]
        cells = [kinds.get((_OWN[task], True)), *(kinds.get((kind, False)) for kind in gone)]
        texts = [" / ".join(f"{value:.2f}" for value in cell) if cell else "" for cell in cells]
        lines.append(f"| {_TASKS[task]}, {group} | {' | '.join(texts)} |")
    return "\n".join(lines)


def consistency(report: dict[str, Any]) -> str:
    """Return normalised estimation errors squared, beside those of errors that are as their covariances say."""
    lines = [
        "| | poses | turned away | mean | 10 % below | half below | 90 % below | within 95 % |",
        "|---|---|---|---|---|---|---|---|",
        "| if errors were as said | | | 6 | 2.2 | 5.35 | 10.6 | 0.95 |",
    ]
    for task, group, row in _judged(report["covariance"]):
        low, middle, high = row["percentiles_10_50_90"]
        lines.append(
            f"| {_TASKS[task]}, {group} | {row['n']} | {row['turned_the_wrong_way']} | {row['mean']:.1f} | {low:.1f} "
            f"| {middle:.1f} | {high:.1f} | {row['within_95_percent']:.2f} |"
        )
    return "\n".join(lines)


def stated(report: dict[str, Any]) -> str:
    """Return shares of right poses whose errors are within what is stated for 68 and 95 % of them."""
    lines = ["| | poses | position, 68 % | position, 95 % | rotation, 68 % | rotation, 95 % |", "|---" * 6 + "|"]
    for task, group, row in _judged(report["errors"]):
        shares = " | ".join(f"{share:.2f}" for share in (*row["translation"], *row["rotation"]))
        lines.append(f"| {_TASKS[task]}, {group} | {row['n']} | {shares} |")
    return "\n".join(lines)


def _judged(part: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for task in _TASKS:
        for group, group_name in _GROUPS.items():
            row = part.get(task, {}).get(group)
            if row:
                yield task, group_name, row
