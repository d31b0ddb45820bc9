"""A file that can't be written is refused before the work, by the option that it was named by."""

from pathlib import Path

import pytest

from foundation_pose_ros.cli.evaluation_options import ReportOptions
from foundation_pose_ros.cli.output import prepared
from foundation_pose_ros.errors import InputRefused


def test_folders_of_output_files_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.json"
    assert prepared(path) == path and path.parent.is_dir()


@pytest.mark.parametrize(("name", "option"), [("output", "--output"), ("html", "--html"), ("bop_csv", "--bop-csv")])
def test_what_can_not_be_written_is_told_by_its_option(tmp_path: Path, name: str, option: str) -> None:
    (tmp_path / "file").touch()
    for path, words in ((tmp_path, f"give {option} the name"), (tmp_path / "file" / "x", f"give another {option}")):
        with pytest.raises(InputRefused, match=words):
            ReportOptions(**{name: path}).prepare()
