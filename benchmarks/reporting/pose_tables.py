"""Markdown of poses measured beside other methods, on synthetic scenes, after losses, and as things grow."""

from typing import Any

from benchmarks.reporting.results import origin

# The share of an object up to which registration is to be right nearly always.
GOAL_HIDDEN = 0.4


def hidden(report: dict[str, Any]) -> str:
    """Return recalls by share hidden."""
    lines = [
        "| objects | hidden | n | ADD < 0.1 d | ADD-S < 0.1 d | 5 mm 3 deg | translation | rotation |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for group in ("printed", "scanned"):
        goal = {"hidden": [0, GOAL_HIDDEN], **report[group]["up_to_goal"]}
        for row in [*report[group]["levels"], goal]:
            if row["n"]:
                low, high = (round(100 * value) for value in row["hidden"])
                lines.append(
                    f"| {group} | {low} to {high} % | {row['n']} | {row['add_recall_0.1d']:.3f} | "
                    f"{row['adds_recall_0.1d']:.3f} | {row['recall_5mm_3deg']:.3f} | {_medians(row)} |"
                )
    return "\n".join([*lines, "", origin(report)])


def hurried(report: dict[str, Any]) -> str:
    """Return one line per sequence."""
    lines = [
        "| object | frames | 95 % of steps below | called lost | ADD-S < 0.1 d | ADD < 0.1 d | 5 mm 3 deg "
        "| translation | rotation |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in report["hurried"]:
        lines.append(
            f"| {row['object']} | {row['n']} | {row['speed_m_s']:.2f} m/s, {row['turn_deg_s']:.0f} deg/s "
            f"| {row['lost']} | {row['adds_recall_0.1d']:.3f} | {row['add_recall_0.1d']:.3f} "
            f"| {row['recall_5mm_3deg']:.3f} | {_medians(row)} |"
        )
    return "\n".join([*lines, "", origin(report)])


def _medians(row: dict[str, Any]) -> str:
    if row["median_translation_mm"] is None:
        return "no pose | "
    return f"{row['median_translation_mm']:.1f} mm | {row['median_rotation_deg']:.1f} deg"


def turned(report: dict[str, Any]) -> str:
    """Return means over objects with their prints and without, and those that weren't right throughout."""
    lines = [
        "| objects | n | right | wrong and in no doubt | wrong and above 0.8 | not right throughout |",
        "|---|---|---|---|---|---|",
    ]
    for name, printed in (("with their prints", True), ("plain", False)):
        rows = [row for row in report["objects"] if row["printed"] is printed]
        right, silent, sure = (sum(row[key] for row in rows) / len(rows) for key in ("right", "silent", "sure"))
        lost = ", ".join(f"{row['object_name']} {row['right']:.2f}" for row in rows if row["right"] < 1)
        lines.append(f"| {name} | {len(rows)} | {right:.3f} | {silent:.3f} | {sure:.3f} | {lost} |")
    return "\n".join([*lines, "", origin(report)])


def losses(report: dict[str, Any]) -> str:
    """Return shares by kind of event."""
    lines = [
        "| event | n | TRACKING though wrong or out of sight, over 0.5 s | right track called LOST "
        "| right pose within 1 s of the return | median |",
        "|---|---|---|---|---|---|",
    ]
    for kind, row in [*report["kinds"].items(), ("all but nothing", report["losses"])]:
        if row["n"]:
            median = "never" if row["median_recovery_s"] is None else f"{row['median_recovery_s']:.2f} s"
            lines.append(
                f"| {kind} | {row['n']} | {100 * row['false_tracking']:.1f} % | {100 * row['called_lost']:.1f} % | "
                f"{100 * row['recovered']:.1f} % | {median} |"
            )
    return "\n".join([*lines, "", origin(report)])


def registrations(report: dict[str, Any]) -> str:
    """Return methods with their recalls and times, ours first."""
    return _methods(report, "registration")


def trackers(report: dict[str, Any]) -> str:
    """Return the same of tracking."""
    return _methods(report, "tracking")


def _methods(report: dict[str, Any], task: str) -> str:
    lines = [
        "| on | method | n | ADD-S < 0.1 d | ADD < 0.1 d | 5 mm 3 deg | median ADD-S | time, ours = 1 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in report[task]:
        adds = "-" if row["median_adds_mm"] is None else f"{row['median_adds_mm']:.1f} mm"
        lines.append(
            f"| {row['group']} | {row['method']} | {row['n']} | {row['adds_recall_0.1d']:.3f} | "
            f"{row['add_recall_0.1d']:.3f} | {row['recall_5mm_3deg']:.3f} | {adds} | {row['times_ours']:.2g} |"
        )
    notes = [f"{name}: {reason}" for name, reason in report["left_out"].items()] if task == "registration" else []
    return "\n".join([*lines, "", *notes, origin(report)])


def sizes(report: dict[str, Any]) -> str:
    """Return times as ratios to the smallest image's."""
    lines = ["| image | registration | tracking step | calls |", "|---|---|---|---|"]
    for row in report["sizes"]:
        cells = (_ratio(row[task]) for task in ("register", "track"))
        lines.append(f"| {row['image']} | {' | '.join(cells)} | {row['register']['n']}, {row['track']['n']} |")
    return "\n".join([*lines, "", origin(report)])


def counts(report: dict[str, Any]) -> str:
    """Return time of a frame as ratios to that with one object."""
    lines = ["| objects | time of a frame | frames | tracks at the end |", "|---|---|---|---|"]
    for row in report["counts"]:
        lines.append(f"| {row['objects']} | {_ratio(row['frame'])} | {row['frame']['n']} | {row['tracking']} |")
    return "\n".join([*lines, "", origin(report)])


def _ratio(row: dict[str, Any]) -> str:
    return f"{row['times']:.2f} ({row['q1']:.2f} to {row['q3']:.2f})"
