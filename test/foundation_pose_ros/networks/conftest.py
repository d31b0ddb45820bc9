"""Recorded outputs of the published networks."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def spec_folder(data_folder: Path) -> Path:
    """Names, shapes and recorded outputs of the published networks; skipped, with the reason, where there are none."""
    folder = data_folder.parent / "spec" / "foundationpose"
    if not folder.is_dir():
        pytest.skip(f"no recorded outputs at {folder}")
    return folder
