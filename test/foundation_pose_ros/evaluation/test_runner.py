"""Running an estimator through a recording, and judging it: with a fake estimator, so each outcome is known."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from foundation_pose_ros.camera import Camera
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.estimation.object_proposals import Proposal
from foundation_pose_ros.evaluation import report
from foundation_pose_ros.evaluation.evaluate import evaluate_all
from foundation_pose_ros.evaluation.runner import Estimate, RunSettings, mask_from_truth, run
from foundation_pose_ros.frame import Frame
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.object_model.symmetry import Symmetries
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.rendering.embree import EmbreeRenderer
from foundation_pose_ros.tracking.state_machine import TrackState

CAMERA = Camera(200.0, 200.0, 32.0, 24.0, 64, 48)
BRICK = ObjectModel.from_mesh(trimesh.creation.box((0.08, 0.12, 0.2)), name="brick", symmetries=Symmetries.none())
FRAMES = [f"{number:06d}" for number in range(6)]


def pose(z_m: float, turn_deg: float = 0.0) -> np.ndarray:
    T = np.eye(4, dtype=np.float32)
    T[:3, :3] = Rotation.from_euler("z", turn_deg, degrees=True).as_matrix()
    T[2, 3] = z_m
    return T


@dataclass
class Recording:
    """A brick that comes nearer by 1 cm a frame, in frames given by number; the frame in `broken` can't be read."""

    truths: set[int] = field(default_factory=lambda: set(range(6)))
    masks: set[int] = field(default_factory=lambda: set(range(6)))
    broken: int | None = None
    name: str = "brickyard"
    object_names: tuple[str, ...] = ("brick",)
    frame_ids = FRAMES

    def frame(self, frame_id: str) -> Frame:
        if int(frame_id) == self.broken:
            raise InputRefused("file_missing", f"depth/{frame_id}.png is missing")
        rgb, depth_m = np.zeros((48, 64, 3), np.uint8), np.full((48, 64), 2.0, np.float32)
        return Frame(rgb, depth_m, CAMERA, stamp_ns=int(frame_id) * 10**9, frame_id="camera")

    def mask(self, frame_id: str, object_name: str) -> np.ndarray | None:
        return np.ones((48, 64), bool) if int(frame_id) in self.masks else None

    def truth(self, frame_id: str, object_name: str) -> np.ndarray | None:
        return pose(1.0 - 0.01 * int(frame_id)) if int(frame_id) in self.truths else None

    def model(self, object_name: str) -> ObjectModel:
        return BRICK


class Oracle:
    """Answers with the truth moved by an error per frame; None refuses. A step adds to the pose before it."""

    def __init__(self, errors_m: list[float | None] = (0.0,) * 6, scores: list[float] = (0.9,) * 6) -> None:
        self.errors_m = errors_m
        self.scores = scores
        self.masks: list[np.ndarray] = []
        self.steps_from: list[int] = []

    def register(self, frame: Frame, mask: np.ndarray, object_name: str | None = None) -> PoseResult:
        assert object_name == "brick"
        self.masks.append(mask)
        return self._answer(frame)

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        self.steps_from.append(previous.stamp_ns // 10**9)
        return self._answer(frame)

    def propose(self, frame: Frame, object_name: str | None = None) -> list[Proposal]:
        return []

    def assess(self, frame: Frame, T_cam_obj: np.ndarray, object_name: str | None = None) -> PoseResult:
        return PoseResult("brick", T_cam_obj, 1.0, np.eye(6), stamp_ns=frame.stamp_ns)

    def _answer(self, frame: Frame) -> PoseResult:
        number = frame.stamp_ns // 10**9
        if self.errors_m[number] is None:
            raise InputRefused("no_depth_under_mask", "no depth under the mask: move the camera back")
        T = pose(1.0 - 0.01 * number + self.errors_m[number])
        return PoseResult("brick", T, self.scores[number], np.eye(6), stamp_ns=frame.stamp_ns)


def estimates(recording: Recording, oracle: Oracle, settings: RunSettings) -> list[Estimate]:
    return [estimate for _, found in run(recording, oracle, ["brick"], settings) for estimate in found]


def test_register_treats_frames_alone_and_says_why_there_is_no_pose():
    recording = Recording(truths={0, 1, 2, 3, 4}, masks={0, 1, 3, 4}, broken=4)
    found = estimates(recording, Oracle([0, None, 0, 0, 0, 0]), RunSettings())
    assert [e.frame_id for e in found] == FRAMES
    assert [e.reason for e in found] == ["", "no_depth_under_mask", "no_mask", "", "file_missing", "absent"]
    assert [e.result is not None for e in found] == [True, False, False, True, False, False]
    assert found[0].state is TrackState.TRACKING
    assert found[1].state is TrackState.SEARCHING


def test_a_line_of_output_has_the_documented_keys():
    found = estimates(Recording(masks={0}), Oracle(), RunSettings())
    line = found[0].as_json()
    assert list(line) == ["frame", "object", "T_cam_obj", "score", "state", "time_s"]
    assert (line["frame"], line["object"], line["score"], line["state"]) == ("000000", "brick", 0.9, "TRACKING")
    assert line["T_cam_obj"] == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]]
    absent = found[1].as_json()
    assert (absent["T_cam_obj"], absent["score"], absent["state"], absent["reason"]) == (
        None,
        0,
        "SEARCHING",
        "no_mask",
    )


def test_masks_from_truth_are_the_silhouette_in_that_frame():
    oracle = Oracle()
    estimates(Recording(masks=set(), truths={0}), oracle, RunSettings(masks="truth"))
    (mask,) = oracle.masks
    # The near face, 80 x 120 mm at 0.9 m and 200 px focal length, is 17.8 x 26.7 pixels.
    rows, columns = np.argwhere(mask).max(axis=0) - np.argwhere(mask).min(axis=0) + 1
    assert (columns, rows) == (17, 27)


def test_mask_from_truth_leaves_out_what_stands_in_front():
    depth_m = np.full((48, 64), 0.9, np.float32)
    depth_m[:, :32] = 0.5
    depth_m[:10] = 0.0
    frame = Frame(np.zeros((48, 64, 3), np.uint8), depth_m, CAMERA)
    whole = mask_from_truth(EmbreeRenderer(BRICK), Recording().frame("000000"), pose(1.0))
    mask = mask_from_truth(EmbreeRenderer(BRICK), frame, pose(1.0))
    assert mask[:, 32:].sum() == whole[:, 32:].sum()
    assert mask[10:, :32].sum() == 0


def test_track_starts_from_the_first_known_pose_and_marks_it_as_given():
    oracle = Oracle()
    found = estimates(Recording(truths={2, 3, 4, 5}), oracle, RunSettings("track", init="gt"))
    assert [e.reason for e in found[:2]] == ["no_truth", "no_truth"]
    assert [e.given for e in found] == [False, False, True, False, False, False]
    assert oracle.steps_from == [2, 3, 4]
    assert oracle.masks == []


def test_track_starts_from_the_first_mask_that_registers():
    oracle = Oracle([0, None, 0, 0, 0, 0])
    found = estimates(Recording(masks={1, 2, 3}), oracle, RunSettings("track", init="mask"))
    assert [e.reason for e in found[:2]] == ["no_mask", "no_depth_under_mask"]
    assert len(oracle.masks) == 2
    assert oracle.steps_from == [2, 3, 4]
    assert not any(e.given for e in found)


class Long(Recording):
    """Twelve frames."""

    frame_ids = tuple(f"{number:06d}" for number in range(12))


def test_a_lost_object_has_no_pose_and_is_looked_for_from_its_last_believed_pose_until_it_has_proved_itself():
    oracle = Oracle([0.0] * 12, scores=[0.9, 0.9, 0.1, 0.1, 0.1, *[0.8] * 7])
    found = estimates(Long(truths=set(range(12))), oracle, RunSettings("track", init="gt"))
    # Four good frames running are asked for.
    assert [e.state.name for e in found] == ["TRACKING"] * 4 + ["LOST"] * 4 + ["TRACKING"] * 4
    assert [e.result is None for e in found] == [e.state is TrackState.LOST for e in found]
    assert {(e.reason, e.message) for e in found[4:8]} == {("lost", "lost: score 0.10 is below 0.65 for 2.0 s")}
    assert oracle.steps_from == [0, 1, 2, 3, 1, 5, 6, 7, 8, 9, 10]


def test_a_mask_is_used_to_start_a_track_only_and_starts_none_where_the_registration_scores_low():
    oracle = Oracle(scores=[0.3, 0.9, 0.1, 0.1, 0.1, 0.1])
    found = estimates(Recording(), oracle, RunSettings("track", init="mask"))
    assert [e.state.name for e in found] == ["SEARCHING"] + ["TRACKING"] * 3 + ["LOST"] * 2
    assert (found[0].result, found[0].reason) == (None, "low_score")
    assert found[0].message == "registration scored 0.30, below 0.50"
    assert len(oracle.masks) == 2


def test_masks_that_start_no_track_are_tried_frame_by_frame_though_frames_are_near_in_time():
    class Fast(Recording):
        def frame(self, frame_id: str) -> Frame:
            return replace(super().frame(frame_id), stamp_ns=int(frame_id) * 33_000_000)

    class Dull(Oracle):
        def _answer(self, frame: Frame) -> PoseResult:
            return PoseResult("brick", pose(1.0), 0.2, np.eye(6), stamp_ns=frame.stamp_ns)

    oracle = Dull()
    assert {e.reason for e in estimates(Fast(), oracle, RunSettings("track", init="mask"))} == {"low_score"}
    assert len(oracle.masks) == len(FRAMES)


def test_a_frame_that_cannot_be_read_leaves_a_track_as_it_was():
    found = estimates(Recording(broken=3), Oracle(), RunSettings("track", init="gt"))
    assert [e.state.name for e in found] == ["TRACKING"] * 6
    assert (found[3].result, found[3].reason) == (None, "file_missing")


def judged(recording: Recording, oracle: Oracle, settings: RunSettings) -> list:
    found = evaluate_all([recording], lambda models: oracle, settings)
    return [row for _, _, rows in found for row in rows]


def test_misses_count_and_frames_without_truth_do_not():
    recording = Recording(truths={0, 1, 2, 3, 4}, broken=4)
    # Along z: 4 mm, 30 mm (above 0.1 of the diameter of 0.2466 m), refused, 0, unreadable, and one with no truth.
    rows = judged(recording, Oracle([0.004, 0.03, None, 0.0, 0.0, 0.0]), RunSettings())
    assert [row.counted for row in rows] == [True] * 5 + [False]
    assert [row.add_m for row in rows[:4]] == pytest.approx([0.004, 0.03, np.inf, 0.0], abs=1e-6)
    summary = report.EvaluationSummary.of(rows)
    assert (summary.n, summary.refused, summary.lost) == (5, 2, 0)
    assert summary.add_recall_0_1d == pytest.approx(2 / 5)
    assert summary.recall_5mm_3deg == pytest.approx(2 / 5)
    assert summary.add_auc == pytest.approx((0.96 + 0.7 + 0 + 1 + 0) / 5, abs=1e-5)
    assert summary.median_translation_mm == pytest.approx(4, abs=1e-3)


def test_a_first_mask_that_cannot_be_read_is_a_miss():
    class Torn(Recording):
        def mask(self, frame_id: str, object_name: str) -> np.ndarray | None:
            if frame_id == FRAMES[0]:
                raise InputRefused("unreadable_image", "masks/brick/000000.png is no image")
            return super().mask(frame_id, object_name)

    rows = judged(Torn(), Oracle([0.0] * 6), RunSettings())
    assert [row.estimate.reason for row in rows] == ["unreadable_image"] + [""] * 5
    assert all(row.counted for row in rows) and rows[0].add_m == np.inf


def test_the_given_pose_of_a_track_is_not_counted():
    rows = judged(Recording(), Oracle(), RunSettings("track", init="gt"))
    assert [row.counted for row in rows] == [False] + [True] * 5
    assert report.EvaluationSummary.of(rows).adds_recall_0_1d == 1.0


def test_symmetric_objects_are_judged_over_their_symmetries():
    symmetries = Symmetries.from_config({"continuous": [{"axis": [0, 0, 1]}]})
    can = ObjectModel.from_mesh(trimesh.creation.cylinder(0.04, 0.1), name="can", symmetries=symmetries)

    class Turned(Oracle):
        def _answer(self, frame: Frame) -> PoseResult:
            return PoseResult("brick", pose(1.0, turn_deg=77.3), 0.9, np.eye(6), stamp_ns=frame.stamp_ns)

    class Cans(Recording):
        def model(self, object_name: str) -> ObjectModel:
            return ObjectModel("brick", can.vertices, can.faces, None, can.declared_symmetries)

    row = judged(Cans(truths={0}), Turned(), RunSettings())[0]
    # The nearest degree is 0.3 degrees off: at most 40 mm * 0.3 degrees = 0.21 mm at the rim.
    assert row.rotation_deg == pytest.approx(0.3, abs=1e-3)
    assert row.add_m < 0.00021


def test_a_sphere_is_judged_by_its_centre_alone():
    off_centre = trimesh.creation.icosphere(subdivisions=2, radius=0.05).apply_translation((0.3, 0, 0))
    axes = [{"axis": axis, "point": [0.3, 0, 0]} for axis in ([1, 0, 0], [0, 1, 0])]
    ball = ObjectModel.from_mesh(off_centre, name="brick", symmetries=Symmetries.from_config({"continuous": axes}))
    T_truth = pose(1.0)
    T_estimate = pose(1.0, turn_deg=77.3)
    T_estimate[:3, 3] += (T_truth - T_estimate)[:3, :3] @ (0.3, 0, 0) + (0.003, 0, 0)

    class Turned(Oracle):
        def _answer(self, frame: Frame) -> PoseResult:
            return PoseResult("brick", T_estimate, 0.9, np.eye(6), stamp_ns=frame.stamp_ns)

    class Balls(Recording):
        def model(self, object_name: str) -> ObjectModel:
            return ball

    row = judged(Balls(truths={0}), Turned(), RunSettings())[0]
    assert row.rotation_deg == pytest.approx(0, abs=1e-3)
    assert (row.translation_m, row.add_m) == (pytest.approx(0.003, abs=1e-6), pytest.approx(0.003, abs=1e-6))


@pytest.mark.parametrize(
    ("recording", "settings", "fix"),
    [
        (Recording(truths=set()), RunSettings(), "gt/"),
        (Recording(masks=set()), RunSettings(), "--mask truth"),
        (Recording(masks=set()), RunSettings("track", init="mask"), "--mask truth"),
    ],
)
def test_a_recording_that_cannot_be_judged_is_refused_with_the_fix(recording, settings, fix):
    with pytest.raises(InputRefused, match=fix):
        judged(recording, Oracle(), settings)


def test_report_has_figures_per_object_and_over_all_instances(tmp_path):
    rows = judged(Recording(truths={0, 1, 2}), Oracle([0.004, 0.03, None, 0, 0, 0]), RunSettings())
    made = report.as_json(rows, {"mode": "register"})
    figures = made["objects"]["brick"]
    assert figures == made["overall"]
    assert set(figures) >= {
        "n", "add_recall_0.1d", "adds_recall_0.1d", "add_auc", "adds_auc", "recall_5mm_3deg", "median_time_s",
    }  # fmt: skip
    assert (figures["n"], figures["add_recall_0.1d"]) == (3, pytest.approx(1 / 3, abs=1e-6))
    assert len(made["rows"]) == 6
    assert (made["rows"][2]["add_m"], made["rows"][2]["reason"]) == (None, "no_depth_under_mask")
    assert made["machine"]["cores"] >= 1
    report.write(tmp_path / "report.json", made)
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_overall_weighs_every_instance_the_same():
    rows = judged(Recording(truths={0, 1, 2}), Oracle(), RunSettings())
    others = judged(Recording(truths={0}), Oracle([0.09] * 6), RunSettings())
    others = [type(row)(**{**vars(row), "class_name": "plank"}) for row in others]
    per_object, overall = report.summaries(rows + others)
    assert (per_object["brick"].add_recall_0_1d, per_object["plank"].add_recall_0_1d) == (1.0, 0.0)
    assert overall.add_recall_0_1d == pytest.approx(3 / 4)
