"""Markdown of object models: the first masks that they make, and those that are made of views."""

from typing import Any

from benchmarks.reporting.results import origin

# By how high they are.
_WORDS = {
    "cracker_box": "carton, 210 mm",
    "sticker_cube": "sticker cube, 60 mm",
    "mug": "mug, 96 mm",
    "soda_can": "can, 115 mm",
    "bottle": "plain bottle, 205 mm",
}


def first_masks(report: dict[str, Any]) -> str:
    """Tell how often the mask suffices, per object and overall."""
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


def reconstruction(report: dict[str, Any]) -> str:
    """Return shape, colour and worth for poses of models made of views, per object and overall."""
    lines = [
        "| object | diameter, mm | Chamfer, mm | seen, mm | colour, dB | Chamfer of 4 | colour of 4 | Open3D | "
        "ADD mesh / model | ADD-S mesh / model |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in report["objects"]:
        full, few, other = row["views_16"], row["views_4"], row["open3d_voxel_block_grid_16"]
        lines.append(
            f"| {row['object']} | {row['diameter_mm']:.0f} | {full['chamfer_mm']:.2f} | {full['seen_off_mm']:.2f} | "
            f"{full['psnr_db']:.1f} | {few['chamfer_mm']:.2f} | {few['psnr_db']:.1f} | {other['chamfer_mm']:.2f} | "
            f"{_recalls(row['pose'])} |"
        )
    total = report["overall"]
    lines.append(f"| mean, {total['n']} registrations each | | | | | | | | {_recalls(total, 3)} |")
    return "\n".join([*lines, "", origin(report)])


def _recalls(of: dict[str, Any], digits: int = 2) -> str:
    keys = ("add_recall_0.1d", "adds_recall_0.1d")
    return " | ".join(f"{of['mesh'][key]:.{digits}f} / {of['views'][key]:.{digits}f}" for key in keys)


def recorded_models(report: dict[str, Any]) -> str:
    """Tell how well models of half a recording are tracked through the other."""
    lines = ["| object | model from | median | worst | median | worst |", "|---|---|---|---|---|---|"]
    for row in report.get("recorded", []):
        lines.append(
            f"| {row['object']} | {row['model']} | {row['median_mm']:.1f} mm | {row['largest_mm']:.1f} mm | "
            f"{row['median_deg']:.1f} deg | {row['largest_deg']:.2f} deg |"
        )
    return "\n".join(lines)


def neural_field(report: dict[str, Any]) -> str:
    """Return the field beside fusion."""
    lines = [
        "| 16 rendered views | method | Chamfer distance | off in views kept out | CPU time |",
        "|---|---|---|---|---|",
    ]
    for row in report["objects"]:
        method = f"field, {row['steps']} steps" if "steps" in row else row["method"]
        lines.append(
            f"| {row['object']} | {method} | {row['chamfer_mm']:.2f} mm | {row['error_on_unseen_views_mm']:.2f} mm | "
            f"{row['cpu_s']:.0f} s |"
        )
    return "\n".join([*lines, "", origin(report)])
