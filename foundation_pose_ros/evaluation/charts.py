"""Small charts as SVG, for a page that needs nothing but itself."""

from collections.abc import Mapping
from html import escape

import numpy as np

from .metrics import ReliabilityBin

# Distinguishable with any colour vision (Okabe and Ito, 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f00", "#444444")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 420, 260, 46, 40, 10, 12


def recall_chart(errors: Mapping[str, np.ndarray], limit: float, mark: float, what: str) -> str:
    """Draw the share of errors below a threshold from 0 to `limit`, a curve per name; `mark`: a threshold to be marked.

    errors: in the unit of limit, infinite for a miss.
    """
    curves = []
    for k, (name, values) in enumerate(errors.items()):
        colour, values = COLOURS[k % len(COLOURS)], np.sort(values)
        below = values[values < limit]
        # A step at every error, and a last one that runs to the border.
        x = np.repeat(np.concatenate([[0.0], below, [limit]]), 2)[1:-1]
        y = np.repeat(np.arange(len(below) + 1) / max(len(values), 1), 2)
        points = " ".join(f"{_x(a, limit):.1f},{_y(b):.1f}" for a, b in zip(x, y, strict=True))
        curves.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        curves.append(
            f'<text x="{_WIDTH - _RIGHT - 4}" y="{_HEIGHT - _BOTTOM - 8 - 14 * (len(errors) - 1 - k)}" fill="{colour}" '
            f'text-anchor="end">{escape(name)}</text>'
        )
    at = _x(mark, limit)
    marked = f'<line x1="{at:.1f}" y1="{_y(0)}" x2="{at:.1f}" y2="{_y(1)}" stroke="#bbb" stroke-dasharray="4 3"/>'
    ticks = [(limit * k / 5, f"{limit * k / 5:g}") for k in range(6)]
    return _chart([*_axes(ticks, limit, what, "recall"), marked, *curves])


def reliability_chart(diagram: list[ReliabilityBin]) -> str:
    """Draw the share of right poses by score, a dot per bin as large as it has poses, on the line of honesty."""
    total = max(sum(b.n for b in diagram), 1)
    parts = [f'<line x1="{_x(0, 1)}" y1="{_y(0)}" x2="{_x(1, 1)}" y2="{_y(1)}" stroke="#bbb" stroke-dasharray="4 3"/>']
    for b in diagram:
        radius = 3 + 12 * np.sqrt(b.n / total)
        parts.append(
            f'<circle cx="{_x(b.said, 1):.1f}" cy="{_y(b.was):.1f}" r="{radius:.1f}" fill="{COLOURS[0]}" '
            f'fill-opacity="0.6"><title>{b.n} poses: said {b.said:.2f}, was {b.was:.2f}</title></circle>'
        )
    ticks = [(k / 5, f"{k / 5:g}") for k in range(6)]
    return _chart(_axes(ticks, 1.0, "score", "share right") + parts)


def _x(value: float, limit: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * value / limit


def _y(share: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share)


def _axes(ticks: list[tuple[float, str]], limit: float, across: str, up: str) -> list[str]:
    parts = []
    for value, text in ticks:
        at = _x(value, limit)
        parts.append(f'<text x="{at:.1f}" y="{_HEIGHT - _BOTTOM + 15}" text-anchor="middle">{text}</text>')
    for share in (0, 0.25, 0.5, 0.75, 1):
        at = _y(share)
        parts.append(f'<line x1="{_LEFT}" y1="{at:.1f}" x2="{_WIDTH - _RIGHT}" y2="{at:.1f}" stroke="#eee"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{share:g}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(across)}</text>')
    turned = f'transform="rotate(-90 12 {_HEIGHT / 2:.0f})"'
    parts.append(f'<text x="12" y="{_HEIGHT / 2:.0f}" text-anchor="middle" {turned}>{escape(up)}</text>')
    return parts


def _chart(parts: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" font-size="11" fill="#333">{"".join(parts)}</svg>'
    )
