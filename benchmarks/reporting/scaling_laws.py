"""Losses against what grows: their means, the power law through them, what it foretells, its table and its figure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.reporting.log_chart import LogPanel, log_charts
from benchmarks.reporting.parts import Report
from benchmarks.reporting.power_law import PowerLaw

# Points of a law's line in the figure.
_LINE = 24


def point(n: float, losses: np.ndarray) -> dict[str, Any]:
    """Return size, mean and standard error of losses (N,), as the JSON has them."""
    return {
        "n": int(n),
        "loss": round(float(losses.mean()), 4),
        "standard_error": round(float(losses.std(ddof=1) / np.sqrt(len(losses))), 4),
    }


def against(n: Sequence[float], losses: np.ndarray, asked: int) -> dict[str, Any]:
    """Return points, law and what it foretells at size `asked`, from losses (P, N) of the same N at sizes n (P,)."""
    sizes = np.array(n, float)
    law = PowerLaw.through(sizes, losses)
    return {
        "points": [point(*one) for one in zip(sizes, losses, strict=True)],
        "floor": _rounded(law.floor),
        "exponent": _rounded(law.exponent),
        "asked": asked,
        "foretold": _rounded(law.at(asked)),
        "law": [[round(float(at), 1), round(law.at(at)[0], 4)] for at in np.geomspace(sizes.min(), sizes.max(), _LINE)],
    }


def _rounded(values: tuple[float, ...]) -> list[float]:
    return [round(value, 4) for value in values]


def laws_table(report: Report, titles: Mapping[str, str]) -> str:
    """Return the power laws and what they foretell, as Markdown. titles: what grows in words, by its key."""
    lines = ["| grows | floor (95 %) | exponent (95 %) | foretold at | loss (95 %) |", "|---|---|---|---|---|"]
    for name, found in report["against"].items():
        floor, exponent, loss = (
            f"{value:.2f} ({low:.2f} to {high:.2f})"
            for value, low, high in (found[key] for key in ("floor", "exponent", "foretold"))
        )
        asked = f"{found['asked']:,}".replace(",", " ")
        lines.append(f"| {titles[name]} | {floor} | {exponent} | {asked} | {loss} |")
    return "\n".join(lines)


def figure(report: Report, titles: Mapping[str, str], up: str) -> str:
    """Draw losses and laws as SVG, one panel for each thing that grows. up: what the loss is, in words."""
    panels = []
    for name, found in report["against"].items():
        n, loss, bars = (np.array([p[key] for p in found["points"]]) for key in ("n", "loss", "standard_error"))
        law = np.array(found["law"]).T
        panels.append(LogPanel(f"loss against {titles[name]}", titles[name], n, loss, bars, law))
    return log_charts(panels, up)
