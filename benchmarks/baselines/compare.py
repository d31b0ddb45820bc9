"""`python -m benchmarks.baselines.compare`: the same frames and masks to other methods, and to ours, in one run.

Registration beside Open3D's FPFH with RANSAC, OpenCV's point pair features and small_gicp; tracking beside Open3D's
point-to-plane ICP. On rendered scenes, and on recordings where there are any. Writes
benchmarks/results/side_by_side.json and its tables.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.baselines import point_pair_features
from benchmarks.baselines.point_clouds import model_cloud, observed_cloud
from benchmarks.baselines.registration import FeatureRansac, HypothesesGicp
from benchmarks.baselines.tracking import IcpTracker
from benchmarks.reporting import pose_tables
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part
from benchmarks.reporting.results import data_folder
from foundation_pose_ros import Frame, InputRefused, PoseEstimator, PoseResult
from foundation_pose_ros.arrays import Pose
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.evaluation.evaluate import Judge, JudgedEstimate
from foundation_pose_ros.evaluation.report import EvaluationSummary
from foundation_pose_ros.evaluation.runner import Estimate, mask_from_truth
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.trajectory import Motion
from foundation_pose_ros.synthetic.video_defects import VideoDefects
from foundation_pose_ros.tracking import TrackState

OURS = "this package"
THREADS = 2
RENDERED = ("mug", "cracker_box", "soda_can", "bottle", "sticker_cube", "bracket")
RECORDINGS = ("ycbv_0000", "visp_rbt_desk", "tyol_basket")
_THINNED = 0.04


@dataclass(frozen=True, eq=False)
class Subject:
    """One object in some frames of one recording, all with true poses."""

    group: str
    sequence: Sequence
    object_name: str
    frame_ids: list[str]

    def frame_and_mask(self, frame_id: str) -> tuple[Frame, np.ndarray]:
        """Return the mask of the recording, or that of the true pose where it has none."""
        frame, mask = self.sequence.frame(frame_id), self.sequence.mask(frame_id, self.object_name)
        if mask is None:
            T_cam_obj = self.sequence.truth(frame_id, self.object_name)
            assert T_cam_obj is not None
            mask = mask_from_truth(EmbreeRenderer(self.sequence.model(self.object_name)), frame, T_cam_obj)
        return frame, mask


Rows = dict[tuple[str, str], list[JudgedEstimate]]  # by group and method


def main(
    views: Annotated[int, typer.Option(help="Frames to register in, of each object in each recording.")] = 3,
    data: Annotated[
        Path | None, typer.Option(help="Folder of recordings; FOUNDATION_PERCEPTION_DATA, or ../shared/data.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Measure, and write JSON and tables."""
    report = measure(views, data_folder(data)) | {"command": f"python -m benchmarks.baselines.compare --views {views}"}
    publish(PART, report, output)
    print(PART.markdown(report))


def measure(views: int, data: Path) -> dict[str, Any]:
    """Measure figures by task, group and method, and what was left out with the reason."""
    registered: Rows = defaultdict(list)
    left_out: dict[str, str] = {}
    for subject in track(list(_subjects(data, views)), "registration", console=Console(stderr=True)):
        _register(subject, registered, left_out)
    tracked: Rows = defaultdict(list)
    for subject in track(list(_subjects(data, None)), "tracking", console=Console(stderr=True)):
        _track(subject, tracked)
    return provenance({"views": views, "threads": THREADS}) | {
        "registration": _figures(registered),
        "tracking": _figures(tracked),
        "left_out": left_out,
    }


def _subjects(data: Path, views: int | None) -> Iterator[Subject]:
    """views: so many frames spread over each recording; None takes all of those that move."""
    for k, name in enumerate(RENDERED if views else RENDERED[:3]):
        scene = make_scene(
            SceneSettings(
                seed=5000 + k,
                frames=views or 30,
                objects=[name],
                clutter=5,
                motion=Motion(0.3, 45.0),
                rate_hz=1.0 if views else 30.0,
                supersample=1,
                video=VideoDefects.sometimes(np.random.default_rng([k, 78])),
            )
        )
        yield Subject("rendered scenes", scene, name, scene.frame_ids)
    for recording in RECORDINGS if views else RECORDINGS[:2]:
        try:
            sequence = open_sequence(data / "pose" / recording)
        except InputRefused:
            continue
        for name in sequence.object_names:
            ids = [i for i in sequence.frame_ids if sequence.truth(i, name) is not None]
            if views:
                ids = [ids[i] for i in np.unique(np.linspace(0, len(ids) - 1, views).astype(int))]
            yield Subject("recordings", sequence, name, ids)


def _register(subject: Subject, rows: Rows, left_out: dict[str, str]) -> None:
    model = subject.sequence.model(subject.object_name)
    judge, estimator = Judge(model), PoseEstimator([model], threads=THREADS)
    methods: dict[str, Callable[[Frame, np.ndarray], np.ndarray]] = {
        OURS: lambda frame, mask: estimator.register(frame, mask).T_cam_obj,
        FeatureRansac.name: FeatureRansac(model),
    }
    try:
        methods[HypothesesGicp.name] = HypothesesGicp(model)
    except InputRefused as refused:
        left_out[HypothesesGicp.name] = str(refused)
    images = [(frame_id, *subject.frame_and_mask(frame_id)) for frame_id in subject.frame_ids]
    for method in methods.values():
        method(images[0][1], images[0][2])  # the first call of a library takes longer
    for frame_id, frame, mask in images:
        for name, method in methods.items():
            started = perf_counter()
            T_cam_obj = method(frame, mask)
            time_s = perf_counter() - started
            rows[subject.group, name].append(_row(judge, subject, frame_id, T_cam_obj, time_s))
    _register_by_pairs(subject, images, judge, rows, left_out)


def _register_by_pairs(
    subject: Subject, images: list[tuple[str, Frame, np.ndarray]], judge: Judge, rows: Rows, left_out: dict[str, str]
) -> None:
    model = subject.sequence.model(subject.object_name)
    spacing_m, scenes, made_s = _THINNED * model.diameter_m, [], []
    for _, frame, mask in images:
        started = perf_counter()
        cloud = observed_cloud(frame, mask, spacing_m)
        scenes.append(np.hstack([cloud.points, cloud.normals]))
        made_s.append(perf_counter() - started)
    thin = model_cloud(model).downsampled(spacing_m)
    try:
        poses, seconds = point_pair_features.match(np.hstack([thin.points, thin.normals]), scenes)
    except InputRefused as refused:
        left_out[point_pair_features.NAME] = str(refused)
        return
    for (frame_id, _, _), T_cam_obj, first_s, time_s in zip(images, poses, made_s, seconds, strict=True):
        row = _row(judge, subject, frame_id, T_cam_obj, first_s + time_s)
        rows[subject.group, point_pair_features.NAME].append(row)


def _track(subject: Subject, rows: Rows) -> None:
    model, sequence = subject.sequence.model(subject.object_name), subject.sequence
    judge, estimator, icp = Judge(model), PoseEstimator([model], threads=THREADS), IcpTracker(model)
    first, *others = subject.frame_ids
    T_icp = sequence.truth(first, subject.object_name)
    assert T_icp is not None
    result = estimator.assess(sequence.frame(first), T_icp)
    for frame_id in others:
        frame = sequence.frame(frame_id)
        started = perf_counter()
        with suppress(InputRefused):  # out of view: the pose stays where it was, and is judged there
            result = estimator.track(frame, result)
        between = perf_counter()
        T_icp = icp(frame, T_icp)
        ended = perf_counter()
        for name, T, time_s in ((OURS, result.T_cam_obj, between - started), (icp.name, T_icp, ended - between)):
            rows[subject.group, name].append(_row(judge, subject, frame_id, T, time_s))


def _row(judge: Judge, subject: Subject, frame_id: str, T_cam_obj: Pose, time_s: float) -> JudgedEstimate:
    result = PoseResult(subject.object_name, np.asarray(T_cam_obj, np.float32), 1.0, np.zeros((6, 6)))
    estimate = Estimate(frame_id, subject.object_name, TrackState.TRACKING, result, time_s)
    return judge(subject.sequence, estimate)


def _figures(rows: Rows) -> list[dict[str, Any]]:
    """By group and method; times as the median of ratios to ours on the same frame."""
    found = []
    for (group, method), judged in sorted(rows.items(), key=lambda item: (item[0][0], item[0][1] != OURS, item[0][1])):
        ours_s = [row.estimate.time_s for row in rows[group, OURS]]
        ratios = [row.estimate.time_s / ours for row, ours in zip(judged, ours_s, strict=True)]
        low, middle, high = (round(float(value), 3) for value in np.quantile(ratios, (0.25, 0.5, 0.75)))
        figures = {"group": group, "method": method, **EvaluationSummary.of(judged).as_json()}
        found.append(figures | {"times_ours": middle, "times_ours_quartiles": [low, high]})
    return found


PART = Part(
    name="baselines",
    about="the same frames and masks to Open3D, OpenCV and small_gicp",
    result="side_by_side.json",
    tables={"registrations": pose_tables.registrations, "trackers": pose_tables.trackers},
    measure=lambda scope: measure(1 if scope.quick else 3, scope.data),
)


if __name__ == "__main__":
    typer.run(main)
