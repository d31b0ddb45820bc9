"""Markdown of what object models do beside poses: the first masks that they make."""

from typing import Any

# By how high they are.
_WORDS = {
    "cracker_box": "carton, 210 mm",
    "sticker_cube": "sticker cube, 60 mm",
    "mug": "mug, 96 mm",
    "soda_can": "can, 115 mm",
    "bottle": "plain bottle, 205 mm",
}


def first_masks(report: dict[str, Any]) -> str:
    """How often the mask suffices, per object and overall."""
    lines = [
        "| object | overlap (IoU, median) | right | with a score of 0.5 or more | of those right | by the true mask |",
        "|---|---|---|---|---|---|",
    ]
    rows = report["objects"]
    for row in rows:
        lines.append(f"| {_WORDS[row['object']]} | {row['median_iou']:.2f} | {_counts(row)} |")
    total = {key: sum(row[key] for row in rows) for key in ("n", "right", "trusted", "trusted_right", "with_true_mask")}
    return "\n".join([*lines, f"| all | | {_counts(total)} |"])


def _counts(row: dict[str, Any]) -> str:
    right_of_trusted = row["trusted_right"] if row["trusted"] else "-"
    return (
        f"{row['right']} of {row['n']} | {row['trusted']} | {right_of_trusted} | {row['with_true_mask']} of {row['n']}"
    )
