"""Real recordings: registration and tracking judged against their true poses, camera steps of up to 30 mm included."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest

from foundation_pose_ros import PoseEstimator
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.evaluation.evaluate import Judge, JudgedEstimate
from foundation_pose_ros.evaluation.runner import RunSettings, run

OBJECTS = {
    "ycbv_0000": ("009_gelatin_box", "025_mug", "061_foam_brick"),
    "visp_rbt_desk": ("cube", "dragon"),
}
ALL = [(sequence, name) for sequence, names in OBJECTS.items() for name in names]


@pytest.fixture(scope="module")
def estimators() -> dict[tuple[str, str], PoseEstimator]:
    """Conditioned once for all tests here."""
    return {}


@pytest.fixture
def judged(data_folder, estimators):
    """judged(recording, object, settings, step): rows of every step-th frame."""

    def rows(recording: str, name: str, settings: RunSettings, step: int) -> Iterator[JudgedEstimate]:
        folder = data_folder / "pose" / recording
        if not folder.is_dir():
            pytest.skip(f"no recording {folder}")
        sequence: Sequence = open_sequence(folder)
        model = sequence.model(name)
        if (recording, name) not in estimators:
            estimators[recording, name] = PoseEstimator([model])
        judge = Judge(model)
        for _, (estimate,) in run(
            sequence, estimators[recording, name], [name], settings, list(islice(sequence.frame_ids, 0, None, step))
        ):
            yield judge(sequence, estimate)

    return rows


@pytest.mark.parametrize(("recording", "name"), ALL)
def test_every_registration_is_within_a_tenth_of_the_diameter(recording, name, judged):
    rows = list(judged(recording, name, RunSettings("register"), 3 if recording == "ycbv_0000" else 6))
    assert len(rows) >= 4
    assert all(row.adds_m < 0.1 * row.diameter_m for row in rows)
    assert np.median([row.adds_m for row in rows]) < 0.035 * rows[0].diameter_m


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize(("recording", "name"), ALL)
def test_tracks_hold_from_the_first_true_pose_on(recording, name, step, judged):
    """The camera of visp_rbt_desk moves by up to 11 mm a frame."""
    rows = [row for row in judged(recording, name, RunSettings("track", init="gt"), step) if row.counted]
    assert len(rows) >= 3
    assert all(row.estimate.state.name == "TRACKING" for row in rows)
    assert max(row.translation_m for row in rows) < 0.005
    assert np.median([row.rotation_deg for row in rows]) < 3
