"""An evaluation as one HTML page that needs nothing else: figures, curves, reliability, and the worst cases drawn."""

import base64
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..atomic_file import write_text
from ..datasets.sequence import Sequence
from .charts import recall_chart, reliability_chart
from .evaluate import JudgedEstimate
from .metrics import RECALL_FRACTION, calibration_error, reliability_diagram
from .strip_chart import Strip, add_right, strip_chart
from .worst_cases import WorstCase, worst_cases

_LIMIT_SHARE = 0.5
_MOST_STRIPS = 40
_COLUMNS = {
    "n": ("n", "{:d}"),
    "mssd_recall_0.1d": ("MSSD < 0.1 d", "{:.3f}"),
    "add_recall_0.1d": ("ADD < 0.1 d", "{:.3f}"),
    "adds_recall_0.1d": ("ADD-S < 0.1 d", "{:.3f}"),
    "add_auc": ("ADD AUC", "{:.3f}"),
    "adds_auc": ("ADD-S AUC", "{:.3f}"),
    "recall_5mm_3deg": ("5 mm 3 deg", "{:.3f}"),
    "median_adds_mm": ("ADD-S, mm", "{:.1f}"),
    "median_translation_mm": ("position, mm", "{:.1f}"),
    "median_rotation_deg": ("rotation, deg", "{:.1f}"),
    "median_time_s": ("time, s", "{:.3f}"),
    "refused": ("no pose", "{:d}"),
    "lost": ("lost", "{:d}"),
}
_BOP_COLUMNS = {
    "targets": ("targets", "{:d}"),
    **{name: (name, "{:.3f}") for name in ("AR_VSD", "AR_MSSD", "AR_MSPD", "AR")},
}
_STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; color: #222; max-width: 75em; margin: 2em auto; padding: 0 1em }
table { border-collapse: collapse } th, td { padding: .2em .7em; text-align: right; border-bottom: 1px solid #ddd }
th:first-child, td:first-child { text-align: left } tr:last-child td { font-weight: bold }
.row { display: flex; flex-wrap: wrap; gap: 1.2em } figure { margin: 0; max-width: 26.5em }
.cases figure { width: 300px } figcaption { font-size: 12px; color: #555 } h2 { margin-top: 1.6em }
.truth { color: #17905f } .estimate { color: #d0542a }
"""


def write_html(path: Path, report: dict[str, Any], sequences: Iterable[Sequence], rows: list[JudgedEstimate]) -> None:
    """Write the page, whole or not at all. report: of `report.as_json` for the same rows, with `bop` where there is."""
    write_text(path, page(report, rows, worst_cases(sequences, rows)))


def page(report: dict[str, Any], rows: list[JudgedEstimate], cases: list[WorstCase]) -> str:
    """Make the page's text."""
    parts = [
        "<h1>Poses compared with the truth</h1>",
        f"<p>{escape(_provenance(report))}</p>",
        _table(report["objects"], report["overall"], _COLUMNS),
        "<p>Every instance weighs the same; mm, deg and s are medians.</p>",
    ]
    if "bop" in report:
        parts += ["<h2>BOP</h2>", _table(report["bop"]["objects"], report["bop"]["overall"], _BOP_COLUMNS)]
    parts += ["<h2>Recall and reliability</h2>", f'<div class="row">{"".join(_charts(rows))}</div>']
    parts += ["<h2>Frame by frame</h2>", *_strips(rows), "<h2>Worst cases</h2>", *_worst(cases)]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"/><title>Pose evaluation</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _provenance(report: dict[str, Any]) -> str:
    machine, settings = report["machine"], report["settings"]
    used = ", ".join(f"{key} {_said(value)}" for key, value in settings.items() if value is not None)
    return (
        f"{report['created']}, version {report['version']}, commit {report['commit']}, {machine['cpu']} "
        f"({machine['cores']} cores). {used}."
    )


def _said(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _table(objects: dict[str, Any], overall: dict[str, Any], columns: dict[str, tuple[str, str]]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title, _ in columns.values())
    lines = []
    for name, figures in [*objects.items(), ("overall", overall)]:
        cells = ["-" if figures[key] is None else form.format(figures[key]) for key, (_, form) in columns.items()]
        lines.append(f"<tr><td>{escape(name)}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return f"<table><tr><th>object</th>{head}</tr>{''.join(lines)}</table>"


def _charts(rows: list[JudgedEstimate]) -> list[str]:
    counted = [row for row in rows if row.counted]
    names = sorted({row.class_name for row in counted})
    figures = []
    for what, key in (("ADD", "add_m"), ("ADD-S", "adds_m")):
        shares = {
            name: np.array([getattr(row, key) / row.diameter_m for row in counted if row.class_name == name])
            for name in names
        }
        chart = recall_chart(shares, _LIMIT_SHARE, RECALL_FRACTION, f"{what} below, in diameters")
        figures.append(f"<figure>{chart}<figcaption>Recall by {what}. No pose is a miss.</figcaption></figure>")
    scored = [(row.estimate.result.score, row) for row in counted if row.estimate.result is not None]
    if scored:
        scores = np.array([score for score, _ in scored])
        right = np.array([row.right for _, row in scored])
        diagram = reliability_diagram(scores, right)
        caption = (
            "Share of poses with MSSD below a tenth of the diameter, by score. Expected calibration error "
            f"{calibration_error(diagram):.3f} over {len(scored)} poses."
        )
        figures.append(f"<figure>{reliability_chart(diagram)}<figcaption>{caption}</figcaption></figure>")
    return figures


def _strips(rows: list[JudgedEstimate]) -> list[str]:
    """Draw every object of every recording as a strip; of many those with most that is wrong."""
    tracks: dict[tuple[str, str], list[JudgedEstimate]] = {}
    for row in rows:
        if row.counted:
            tracks.setdefault((row.sequence, row.estimate.object_name), []).append(row)
    worst = sorted(tracks, key=lambda key: sum(map(add_right, tracks[key])) - len(tracks[key]))[:_MOST_STRIPS]
    picture = strip_chart([Strip(" ".join(key), tracks[key]) for key in tracks if key in worst])
    encoded = cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
    return [
        f'<img alt="errors and scores of each frame" src="{data_uri(encoded, "png")}"/>',
        "<p>A cell per frame. Green: right by ADD. Red: wrong, and believed. Orange: wrong, and in doubt. Grey: no "
        "pose. Black line: ADD, a tenth of the diameter at the thin line. Blue line: score.</p>",
    ]


def _worst(cases: list[WorstCase]) -> list[str]:
    if not cases:
        return ["<p>None: every pose is within 2 % of the diameter.</p>"]
    figures = []
    for case in cases:
        row, estimate = case.row, case.row.estimate
        if estimate.result is None:
            said = f"no pose: {estimate.message}"
        else:
            said = (
                f"ADD {1000 * row.add_m:.1f} mm ({row.add_m / row.diameter_m:.2f} d), "
                f"MSSD {1000 * row.mssd_m:.1f} mm, ADD-S {1000 * row.adds_m:.1f} mm, "
                f"{row.rotation_deg:.0f} deg, score {estimate.result.score:.2f}"
            )
        caption = f"{row.sequence}, {estimate.frame_id}, {estimate.object_name}: {said}"
        figures.append(
            f'<figure><img src="{_image(case.picture)}" width="300" alt="{escape(caption)}"/>'
            f"<figcaption>{escape(caption)}</figcaption></figure>"
        )
    legend = '<p><span class="truth">Green: truth.</span> <span class="estimate">Orange: estimate.</span></p>'
    return [legend, f'<div class="row cases">{"".join(figures)}</div>']


def _image(picture: np.ndarray) -> str:
    encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    return data_uri(encoded.tobytes(), "jpeg")


def data_uri(encoded: bytes, kind: str) -> str:
    """Return what a page names in place of an image's file; kind: png or jpeg."""
    return f"data:image/{kind};base64,{base64.b64encode(encoded).decode()}"
