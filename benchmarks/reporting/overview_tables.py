"""Markdown of what a newcomer asks first: how long registration and tracking take, and how right they are."""

from typing import Any

from benchmarks.reporting.results import origin


def speed(report: dict[str, Any]) -> str:
    """Return times with their spread and their ratio to the floor."""
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
    return "\n".join([*lines, "", origin(report)])


def accuracy(report: dict[str, Any]) -> str:
    """Return recalls and medians per recording and mode."""
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
    return "\n".join([*lines, "", origin(report)])


def summary(report: dict[str, Any]) -> str:
    """Return what a newcomer wants to know."""
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
    return "\n".join([*lines, "", origin(report)])


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
