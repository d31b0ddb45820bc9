"""Markdown from the measured JSON: nobody types a figure. `python -m benchmarks.reporting.documents` fills it in."""

import json
import re
from pathlib import Path

from benchmarks.reporting.parts import Part, Report, all_parts
from benchmarks.reporting.results import ROOT, write_report
from foundation_pose_ros.atomic_file import write_text

DOCUMENTS = (
    "docs/benchmarks.md",
    "README.md",
    "docs/live_camera.md",
    "docs/scores.md",
    "docs/object_support.md",
    "docs/reference_views.md",
    "foundation_pose_ros/weights/README.md",
    "docs/compact_refiner.md",
    "docs/compact_scorer.md",
    "docs/data_engine.md",
    "docs/scaling.md",
    "docs/neural_field.md",
    "docs/learned.md",
    "docs/manipulation.md",
    "docs/decisions/0030_parts_of_ros.md",
    "docs/training_pose.md",
    "docs/universeg.md",
    "docs/universeg_weights.md",
)


def publish(part: Part, report: Report, output: Path | None = None) -> None:
    """Write a part's report; where it goes to the part's own file, the part's tables in the documents follow it."""
    write_report(output or part.path, report)
    if output in (None, part.path):
        fill(part, report)


def fill(part: Part, report: Report) -> None:
    """Replace what stands between the markers `<!-- measured: NAME -->` and `<!-- end -->` of a part's tables."""
    for path in (ROOT / name for name in DOCUMENTS):
        write_text(path, filled(path.read_text(encoding="utf-8"), part, report))


def filled(text: str, part: Part, report: Report) -> str:
    """Return a document with a part's tables made from its report."""

    def replaced(match: re.Match[str]) -> str:
        table = part.tables.get(match[1])
        return match[0] if table is None else f"<!-- measured: {match[1]} -->\n{table(report)}\n<!-- end -->"

    return re.sub(r"<!-- measured: (\w+) -->\n.*?<!-- end -->", replaced, text, flags=re.DOTALL)


if __name__ == "__main__":
    for each in all_parts().values():
        if each.tables and each.path.is_file():  # what was never measured has no table yet
            fill(each, json.loads(each.path.read_text(encoding="utf-8")))
