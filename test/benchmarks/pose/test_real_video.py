"""Shares of right and of silently wrong poses, and what is played."""

import json

import numpy as np
import pytest

from benchmarks.pose.real_video import by_object, by_variant, draw, report_of, silent_stretches, wanted
from benchmarks.pose.real_video_plays import RECORDINGS, STEPS, VARIANTS, Play, Untextured, WantedPlays
from foundation_pose_ros.evaluation.evaluate import JudgedEstimate
from foundation_pose_ros.evaluation.runner import Estimate
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.tracking import TrackState


def row(add_m: float, score: float | None, in_doubt: bool = False) -> JudgedEstimate:
    result = None if score is None else PoseResult("mug", np.eye(4, dtype=np.float32), score, np.eye(6))
    estimate = Estimate("1", "mug", TrackState.TRACKING, result, in_doubt=in_doubt)
    return JudgedEstimate("desk", "mug", 0.1, estimate, True, add_m, translation_m=0.02, rotation_deg=9, mssd_m=add_m)


def play(rows: list[JudgedEstimate], step: int = 1, variant: str = "as it is") -> Play:
    return Play("desk", "mug", variant, step, False, "gt", rows, [k * step / 30 for k in range(len(rows))])


WRONG = row(0.05, 0.9)
PLAYS = [
    play([row(0.001, 0.9), row(0.002, 0.3)]),
    play([row(0.001, 0.9), WRONG, row(0.05, 0.2), row(np.inf, None)], step=2),
    play([row(0.001, 0.9)], variant="blurred"),
]


def test_shares_by_object_variant_and_step() -> None:
    report = report_of(PLAYS)
    found = [(e["variant"], e["step"], e["n"], e["right"], e["sure"]) for e in report["objects"]]
    assert found == [("as it is", 1, 2, 1.0, 0.0), ("as it is", 2, 4, 0.25, 0.25), ("blurred", 1, 1, 1.0, 0.0)]
    assert by_object(report).splitlines()[2] == (
        "| desk mug | 1.000 (1.000), 0.0 %, 0 of 2 | 0.250 (0.250), 25.0 %, 0 of 4 |"
    )
    assert by_variant(report).splitlines()[3] == "| blurred | 1.000 (1.000), 0.0 %, 0 of 1 |  |"


def test_what_is_wrong_and_believed_for_too_long_is_a_stretch() -> None:
    def stretches(*rows: JudgedEstimate, step: int = 1) -> list[int]:
        return [len(found) for found, _ in silent_stretches(play(list(rows), step))]

    right, doubted = row(0.001, 0.9), row(0.05, 0.9, in_doubt=True)
    assert stretches(right, *[WRONG] * 4, right) == []
    assert stretches(right, *[WRONG] * 5, right, *[WRONG] * 6) == [5, 6]
    assert stretches(*[WRONG] * 3, doubted, *[WRONG] * 3) == []
    assert stretches(*[row(np.inf, None)] * 9) == []
    assert stretches(WRONG, WRONG, step=4) == [2]


def test_stretches_are_listed_with_their_frames() -> None:
    (entry,) = report_of([play([WRONG] * 5)])["silently_wrong"]
    assert entry["frames"] == ["1"] * 5 and entry["worst"] == "20 mm, 9 deg"
    assert entry["track"] == "mug, every 1, forwards, from gt"


def test_words_choose_what_is_played() -> None:
    everything = wanted([])
    assert everything == WantedPlays(RECORDINGS, (), tuple(VARIANTS), (), ("gt", "mask"))
    assert everything.steps_of("as it is") == STEPS and everything.steps_of("blurred") == (1, 3)
    assert wanted(["blurred", "3", "ycbv_0000", "025_mug", "mask"]) == WantedPlays(
        ("ycbv_0000",), ("025_mug",), ("blurred",), (3,), ("mask",)
    )


def test_charts_are_a_page_and_a_picture_for_each_recording_and_variant(tmp_path) -> None:
    draw(PLAYS, report_of(PLAYS) | {"command": "test"}, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"index.html", "desk_as_it_is.png", "desk_blurred.png"}
    assert (tmp_path / "index.html").read_text().count("<img") == 2


def test_reports_are_json() -> None:
    assert json.dumps(report_of(PLAYS), allow_nan=False)


@pytest.fixture(scope="module")
def scene():
    return make_scene(SceneSettings(seed=3, frames=3, objects=["mug"], clutter=0, width=160, height=120, supersample=1))


def test_an_untextured_mesh_has_one_colour_and_the_same_shape(scene) -> None:
    model = Untextured(scene).model("mug")
    assert np.ptp(model.appearance.corner_rgb) == 0
    assert np.array_equal(model.vertices, scene.model("mug").vertices)


def test_variants_keep_frames_and_truth(scene) -> None:
    for make in VARIANTS.values():
        changed = make(scene)
        assert changed.frame_ids == scene.frame_ids
        assert np.array_equal(changed.truth("000001", "mug"), scene.truth("000001", "mug"))
        assert changed.frame("000001").rgb.shape == (120, 160, 3)
