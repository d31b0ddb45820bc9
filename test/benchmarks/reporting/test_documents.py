"""The tables in the documents are those of the committed measurement, to the letter."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.reporting import documents as tables


@pytest.mark.parametrize("name", tables.DOCUMENTS)
def test_documents_hold_the_measured_figures(name: str, repository: Path):
    text = (repository / name).read_text(encoding="utf-8")
    markers = re.findall(r"<!-- measured: (\w+) -->", text)
    assert len(markers) == text.count("<!-- end -->") > 0
    for result in {tables.TABLES[marker][0] for marker in markers}:
        report = json.loads((repository / "benchmarks/results" / result).read_text())
        assert tables.filled(text, result, report) == text, "measure again, or undo the change by hand"


def test_the_measurement_says_where_it_comes_from(repository: Path):
    report = json.loads((repository / "benchmarks/results/cpu.json").read_text())
    assert report["machine"]["cpu"] and report["machine"]["cores"] > 0 and report["commit"]
    for key in ("register_s", "track_s", "floor_rays_per_s"):
        row = report["speed"][key]
        assert row["n"] >= 8 and row["q1"] <= row["median"] <= row["q3"]
    assert all(row["n"] > 0 for row in report["accuracy"])


def test_a_marker_that_names_no_table_is_an_error():
    with pytest.raises(KeyError):
        tables.filled("<!-- measured: weather -->\n<!-- end -->", "cpu.json", {})
