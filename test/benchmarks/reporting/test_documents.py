"""The tables in the documents are those of the committed measurements, to the letter."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.reporting import documents
from benchmarks.reporting.parts import Part, all_parts

PARTS = all_parts()


@pytest.mark.parametrize("name", documents.DOCUMENTS)
def test_documents_hold_the_measured_figures(name: str, repository: Path):
    text = (repository / name).read_text(encoding="utf-8")
    markers = re.findall(r"<!-- measured: (\w+) -->", text)
    assert len(markers) == text.count("<!-- end -->") > 0
    for part in PARTS.values():
        if part.tables.keys() & set(markers):
            report = json.loads(part.path.read_text())
            assert documents.filled(text, part, report) == text, "measure again, or undo the change by hand"


@pytest.mark.parametrize("name", documents.DOCUMENTS)
def test_each_marker_names_the_table_of_one_part(name: str, repository: Path):
    for marker in re.findall(r"<!-- measured: (\w+) -->", (repository / name).read_text(encoding="utf-8")):
        assert sum(marker in part.tables for part in PARTS.values()) == 1, marker


def test_the_measurement_says_where_it_comes_from(repository: Path):
    report = json.loads((repository / "benchmarks/results/cpu.json").read_text())
    assert report["machine"]["cpu"] and report["machine"]["cores"] > 0 and report["commit"]
    for key in ("register_s", "track_s", "floor_rays_per_s"):
        row = report["speed"][key]
        assert row["n"] >= 8 and row["q1"] <= row["median"] <= row["q3"]
    assert all(row["n"] > 0 for row in report["accuracy"])


def test_only_tables_of_the_part_are_replaced():
    text = "<!-- measured: own -->\nold\n<!-- end -->\n<!-- measured: other -->\nold\n<!-- end -->"
    part = Part("part", "a part", "part.json", {"own": lambda report: report["figure"]})
    assert documents.filled(text, part, {"figure": "new"}) == text.replace("old", "new", 1)


def test_a_report_elsewhere_leaves_the_documents_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    filled: list[str] = []
    monkeypatch.setattr(documents, "fill", lambda part, report: filled.append(part.name))
    part = Part("part", "a part", "part.json", {"own": str})
    documents.publish(part, {"figure": 1}, tmp_path / "there" / "part.json")
    assert json.loads((tmp_path / "there" / "part.json").read_text()) == {"figure": 1}
    assert not filled
