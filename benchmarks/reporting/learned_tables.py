"""Markdown of what learned methods take, and of what overfitting brings."""

from typing import Any

from benchmarks.reporting.results import origin


def stages(report: dict[str, Any]) -> str:
    """Return seconds per stage, and the ratio to the floor of what is whole."""
    lines = ["| | median | quartiles | n | times the floor |", "|---|---|---|---|---|"]
    for name, row in report["seconds"].items():
        over = report["over_floor"].get(name)
        lines.append(
            f"| {name} | {row['median']:.2f} s | {row['q1']:.2f} to {row['q3']:.2f} s | {row['n']} "
            f"| {'' if over is None else f'{over:.1f}'} |"
        )
    lines += [
        "",
        f"{report['hypotheses']} hypotheses, {report['iterations']} iterations, {report['precision']}, "
        f"threads: {report['threads']}, weights: {report['weights']}; a product of matrices: "
        f"{report['matrix_rate_per_s'] / 1e9:.0f} billion operations/s; at most "
        f"{report['peak_memory_bytes'] / 2**20:.0f} MiB of memory.",
    ]
    return "\n".join([*lines, "", origin(report)])


def overfit(report: dict[str, Any]) -> str:
    """Return medians over held-out views by iteration, and the share of the errors that remains."""
    course = report["medians_by_iteration"]
    last = len(course) - 1
    lines = [
        f"| | start | after 1 | after {last} iterations | remains |",
        "|---|---|---|---|---|",
        *(
            f"| {title} | {course[0][key]:{form}} | {course[1][key]:{form}} | {course[last][key]:{form}} "
            f"| {100 * report['remaining'][key]:.0f} % |"
            for key, title, form in (
                ("add", "ADD, diameters", ".3f"),
                ("centre", "centre, diameters", ".3f"),
                ("angle_deg", "rotation, degrees", ".1f"),
            )
        ),
        "",
        f"{report['steps']} steps, {report['processor_minutes']:.1f} minutes of one core; {report['views_per_object']} "
        f"views of each of {', '.join(report['objects'])}, at {report['size']} x {report['size']}.",
    ]
    return "\n".join([*lines, "", origin(report)])
