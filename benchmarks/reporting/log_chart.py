"""Charts with both axes logarithmic, as SVG: measured points with bars, and the power laws through them."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 300, 250, 46, 14, 26, 40
_POINT, _LAW = "#0072b2", "#d55e00"


@dataclass(frozen=True)
class LogPanel:
    """One chart. x (P,), y (P,) and bars (P,), half their length; law: points (2, Q) of a line through them."""

    title: str
    across: str
    x: np.ndarray
    y: np.ndarray
    bars: np.ndarray
    law: np.ndarray


def log_charts(panels: Sequence[LogPanel], up: str) -> str:
    """Draw panels side by side, with one range of y."""
    low = 0.95 * min(float((panel.y - panel.bars).min()) for panel in panels)
    high = 1.05 * max(float((panel.y + panel.bars).max()) for panel in panels)
    drawn = [f'<g transform="translate({k * _WIDTH} 0)">{_panel(p, up, low, high)}</g>' for k, p in enumerate(panels)]
    width = _WIDTH * len(panels)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" width="{width}" height="{_HEIGHT}" '
        f'font-family="sans-serif" font-size="11" fill="#333"><rect width="{width}" height="{_HEIGHT}" fill="#fff"/>'
        f"{''.join(drawn)}</svg>\n"
    )


def _panel(panel: LogPanel, up: str, low: float, high: float) -> str:
    left, right = float(panel.x.min()) / 1.2, float(panel.x.max()) * 1.2

    def across(value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * float(np.log(value / left) / np.log(right / left))

    def upwards(value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * float(np.log(high / value) / np.log(high / low))

    parts = [f'<text x="{_WIDTH / 2}" y="15" text-anchor="middle" font-weight="bold">{escape(panel.title)}</text>']
    for value in np.geomspace(low, high, 5):
        y = upwards(value)
        parts.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}" stroke="#eee"/>')
        parts.append(f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{value:.2f}</text>')
    points = " ".join(f"{across(a):.1f},{upwards(b):.1f}" for a, b in panel.law.T)
    parts.append(f'<polyline points="{points}" fill="none" stroke="{_LAW}" stroke-width="1.5" stroke-dasharray="5 3"/>')
    for value, y, bar in zip(panel.x, panel.y, panel.bars, strict=True):
        x, least, most = across(value), upwards(y - bar), upwards(y + bar)
        parts.append(
            f'<line x1="{x:.1f}" y1="{least:.1f}" x2="{x:.1f}" y2="{most:.1f}" stroke="{_POINT}"/>'
            f'<circle cx="{x:.1f}" cy="{upwards(y):.1f}" r="3.5" fill="{_POINT}"/>'
            f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 15}" text-anchor="middle">{_short(value)}</text>'
        )
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    parts.append(f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(panel.across)}</text>')
    turned = f'transform="rotate(-90 11 {middle})"'
    parts.append(f'<text x="11" y="{middle}" text-anchor="middle" {turned}>{escape(up)}</text>')
    return "".join(parts)


def _short(value: float) -> str:
    for least, letter in ((1e6, "M"), (1e3, "k")):
        if value >= least:
            return f"{value / least:.3g}{letter}"
    return f"{value:g}"
