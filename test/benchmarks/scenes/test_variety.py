"""The kept answers can be used, and a model that repeats itself is seen to do so."""

import json

import pytest

from benchmarks.scenes.variety import ANSWERS, compared, variety_table
from foundation_pose_ros import InputRefused
from foundation_pose_ros.scenes.described import parsed
from foundation_pose_ros.scenes.ideas import SceneIdeas


def test_all_kept_answers_can_be_used():
    scenes = [one for path in ANSWERS.glob("*.json") for one in parsed(SceneIdeas, path.read_bytes(), path.name).scenes]
    assert len(scenes) >= 100


def test_answers_of_a_folder_are_counted(data_folder, tmp_path):
    first = json.loads(min(ANSWERS.glob("*.json")).read_bytes())
    for k in range(2):
        (tmp_path / f"{k}.json").write_text(json.dumps(first))
    report = compared(data_folder, tmp_path)
    *drawn, thought_of = report["composers"]
    assert [one["scenes"] for one in drawn] == [100, 100] and thought_of["scenes"] == 16
    assert thought_of["themes"] == 8 <= thought_of["theme_words"]
    assert drawn[0]["kinds"] == 12 < drawn[1]["kinds"]
    assert "| `llm` | " in variety_table(report | {"command": "python"})


def test_a_folder_without_answers_is_refused(data_folder, tmp_path):
    with pytest.raises(InputRefused, match="has no answers"):
        compared(data_folder, tmp_path)
