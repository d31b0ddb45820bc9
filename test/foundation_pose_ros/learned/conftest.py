"""Recorded inputs and outputs of the published pipeline, and an image to take crops from."""

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def recorded(data_folder: Path) -> dict[str, np.ndarray]:
    """Skipped, with the reason, where there are none."""
    file = data_folder.parent / "spec" / "foundationpose" / "parity" / "pipeline.npz"
    if not file.is_file():
        pytest.skip(f"no recorded pipeline at {file}")
    with np.load(file) as arrays:
        return dict(arrays)
