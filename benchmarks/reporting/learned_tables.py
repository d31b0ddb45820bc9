"""Markdown of what learned methods take."""

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
