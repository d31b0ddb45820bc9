"""Markdown of what was measured of segmentation."""

from statistics import median
from typing import Any

from benchmarks.reporting.results import origin

_METHODS = {"universeg": "", "random forest": "random forest on the same examples", "mean mask": "mean of their masks"}
_WAYS = {
    "colours": "",
    "afar": ", without the closer look",
    "gray": ", by gray alone",
    "one": "",
}
_KINDS = {
    "recorded": "",
    "gray": ", without likeness",
    "thorough": ", mirrored and closer",
    "recorded_1": "",
    "patients_apart": ", patients apart",
}


def speed(report: dict[str, Any]) -> str:
    """Return time beside the plain form, and over the floor."""
    data = report["speed"]
    lines = [
        "| examples | plain | forward, fp32 | forward, bf16 | MACs | over the floor | largest difference |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in data["time"]:
        macs, plain_macs = row["macs"] / 1e9, row["plain_macs"] / 1e9
        lines.append(
            f"| {row['support']} | {row['plain']:.2f} s | {row['fp32']:.2f} s ({row['ratio']:.1f}x) | "
            f"{row['bf16']:.2f} s ({row['bf16_ratio']:.1f}x) | {macs:.1f} G of {plain_macs:.1f} G "
            f"| {row['over_floor']:.1f} | {row['largest_difference']:.0e}; bf16 {row['largest_difference_bf16']:.0e} |"
        )
    rounds = ", ".join(f"{row['rounds']} rounds of {row['support']}" for row in data["time"])
    return "\n".join([*lines, "", f"{data['threads']} threads, medians of {rounds}. {origin(report)}"])


def load(report: dict[str, Any]) -> str:
    """Return time beside the plain form, without and with a busy process on each core."""
    lines = ["| examples | when | plain | forward |", "|---|---|---|---|"]
    for row in report["rows"]:
        for when, title in (("before", "as the machine was"), ("loaded", "a busy process more on each core")):
            plain_s, forward_s = row[when]["plain"], row[when]["forward"]
            lines.append(
                f"| {row['support']} | {title} | {plain_s:.2f} s | {forward_s:.2f} s ({plain_s / forward_s:.1f}x) |"
            )
    loads = ", ".join(f"{row['load_average']:.1f}" for row in report["rows"])
    rounds = ", ".join(f"{row['rounds']} of {row['support']}" for row in report["rows"])
    note = f"{report['threads']} threads on {report['cores']} cores, medians of rounds: {rounds}"
    return "\n".join([*lines, "", f"{note}; load average beforehand {loads}. {origin(report)}"])


def from_models(report: dict[str, Any]) -> str:
    """Return how often masks from a mesh alone overlap the true ones and lead to the pose, by the kind of support."""
    views = report["views"]
    titles = {
        "tables": f"{report['examples']} pictures rendered on made-up tables",
        "found": "one earlier picture in which the search found it",
    }
    lines = ["| support | views | masks that overlap | median IoU | poses that are right |", "|---|---|---|---|---|"]
    for key, title in titles.items():
        judged = [view[key] for view in views if key in view]
        ious = sorted(one["iou"] for one in judged)
        hits, right = sum(iou >= report["overlaps"] for iou in ious), sum(one["right"] for one in judged)
        lines.append(f"| {title} | {len(ious)} | {hits} | {median(ious):.2f} | {right} |")
    objects = len({(view["recording"], view["object"]) for view in views})
    return "\n".join([*lines, "", f"{objects} objects, overlap: IoU of {report['overlaps']} or more. {origin(report)}"])


def memory(report: dict[str, Any]) -> str:
    """Return peak memory of whole processes."""
    lines = ["| | examples | peak of the process |", "|---|---|---|"]
    for row in report["speed"]["memory"]:
        lines.append(f"| {row['form']} | {row['support']} | {row['peak_mib']:,} MiB |")
    return "\n".join([*lines, "", origin(report)])


def recorded(report: dict[str, Any]) -> str:
    """Return mean Dice of all weights beside the methods that learn nothing across tasks."""
    lines = ["| | examples | mean over tasks | 95 % of it | mean over sources |", "|---|---|---|---|---|"]
    given = report["weights"]
    for name, own in given.items():
        for key, title in _KINDS.items():
            if key not in own:
                continue
            part = own[key]
            which = f"{title} ({len(part['tasks'])} tasks)" if key == "patients_apart" else title
            row = part["overall"]["universeg"]
            lines.append(f"| `{name}`{which} | {part['support']} | {_figures(row)} |")
    first = next(iter(given.values()))["recorded"]
    for method, title in list(_METHODS.items())[1:]:
        lines.append(f"| {title} | {first['support']} | {_figures(first['overall'][method])} |")
    n = first["images"]
    note = f"{n} images of {len(first['tasks'])} tasks, {first['ensemble']} draws averaged. {origin(report)}"
    return "\n".join([*lines, "", note])


def tasks(report: dict[str, Any]) -> str:
    """Return Dice of each recorded task, 16 examples."""
    given = report["weights"]
    methods = [*(f"`{name}`" for name in given), "random forest", "mean mask"]
    lines = [f"| task | n | {' | '.join(methods)} |", "|" + "---|" * (len(methods) + 2)]
    first = next(iter(given.values()))["recorded"]["tasks"]
    for task, entry in first.items():
        own = [weights["recorded"]["tasks"][task]["universeg"] for weights in given.values()]
        dices = [*own, entry["random forest"], entry["mean mask"]]
        lines.append(f"| {task} | {entry['n']} | {' | '.join(f'{dice:.3f}' for dice in dices)} |")
    return "\n".join([*lines, "", origin(report)])


def rendered(report: dict[str, Any]) -> str:
    """Return mean Dice on rendered objects that training never saw, by how they are looked at."""
    given = report["weights"]
    titles = {"scanned": "scanned meshes", "made_up": "made-up designs"}
    ways = [(name, way, by_kind) for name, own in given.items() for way, by_kind in own.items()]
    first = {key: next(by_kind[key] for _, _, by_kind in ways if key in by_kind) for key in titles}
    counts = [f"{titles[key]}: {len(first[key]['tasks'])} objects, {first[key]['images']} images" for key in titles]
    rows = [(f"`{name}`{_WAYS[way]}", "universeg", by_kind) for name, way, by_kind in ways]
    rows += [(title, method, ways[0][2]) for method, title in list(_METHODS.items())[1:]]
    lines = [f"| | examples | {' | '.join(counts)} |", "|---|---|---|---|"]
    for title, method, by_kind in rows:
        dices = (_mean_dice(by_kind.get(key), method) for key in titles)
        lines.append(f"| {title} | {next(iter(by_kind.values()))['support']} | {' | '.join(dices)} |")
    return "\n".join([*lines, "", origin(report)])


def _mean_dice(judged: dict[str, Any] | None, method: str) -> str:
    """Mean over tasks; a kind of objects that was left out isn't one without hits."""
    return "not measured" if judged is None else f"{judged['overall'][method]['mean_dice']:.3f}"


def selection(report: dict[str, Any]) -> str:
    """Return mean Dice with examples drawn at random and with those chosen for the query."""
    lines = ["| | examples | tasks | random | similar |", "|---|---|---|---|---|"]
    for name, own in report["weights"].items():
        row = own["selection"]
        lines.append(f"| `{name}` | {row['support']} | {row['tasks']} | {row['random']:.3f} | {row['similar']:.3f} |")
    return "\n".join([*lines, "", origin(report)])


def _figures(row: dict[str, Any]) -> str:
    low, high = row["mean_dice_95"]
    return f"{row['mean_dice']:.3f} | {low:.2f} to {high:.2f} | {row['mean_dice_over_sources']:.3f}"
