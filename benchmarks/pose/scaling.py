"""`python -m benchmarks.pose.scaling`: whether time stays flat as images grow, and how it grows with objects.

Everything that is compared is measured in turns in one run. Writes benchmarks/results/scaling.json and its tables.
"""

from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.reporting import pose_tables
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part
from foundation_pose_ros import PoseEstimator
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.tracking import MultiObjectTracker, TrackState
from foundation_pose_ros.tracking.process_pool import TrackingProcesses

THREADS = 2
SIZES = ((640, 480), (1280, 720), (1920, 1080))
COUNTS = (1, 2, 4, 8)
OBJECTS = ("sticker_cube", "soda_can", "mug", "ball", "bowl", "bracket", "bottle", "book")
_FRAMES = 7


def main(
    rounds: Annotated[int, typer.Option(help="How often everything is measured.")] = 4,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Measure, and write JSON and tables."""
    report = measure(rounds) | {"command": f"python -m benchmarks.pose.scaling --rounds {rounds}"}
    publish(PART, report, output)
    print(PART.markdown(report))


def measure(rounds: int) -> dict[str, Any]:
    """Measure seconds per call by image size, and per frame by number of objects."""
    return provenance({"rounds": rounds, "threads": THREADS}) | {"sizes": _sizes(rounds), "counts": _counts(rounds)}


def ratios(times_s: list[float], base_s: list[float]) -> dict[str, float | int]:
    """Return quartiles of times as multiples of the base's, each by the one that was measured in the same turn."""
    shares = np.array(times_s) / np.array(base_s)
    low, middle, high = (round(float(value), 3) for value in np.quantile(shares, (0.25, 0.5, 0.75)))
    return {"n": len(times_s), "median_s": round(float(np.median(times_s)), 4), "times": middle, "q1": low, "q3": high}


def _sizes(rounds: int) -> list[dict[str, Any]]:
    scenes = [
        make_scene(SceneSettings(seed=11, frames=4, objects=["mug"], clutter=3, width=w, height=h, supersample=1))
        for w, h in SIZES
    ]
    estimator = PoseEstimator([scenes[0].model("mug")], threads=THREADS)
    register_s: list[list[float]] = [[] for _ in SIZES]
    track_s: list[list[float]] = [[] for _ in SIZES]
    for _ in track(range(rounds), "image sizes", console=Console(stderr=True)):
        for k, scene in enumerate(scenes):
            first, *others = scene.frame_ids
            mask = scene.mask(first, "mug")
            assert mask is not None
            result = estimator.register(scene.frame(first), mask)
            register_s[k].append(result.time_s)
            for frame_id in others:
                result = estimator.track(scene.frame(frame_id), result)
                track_s[k].append(result.time_s)
    return [
        {
            "image": f"{w}x{h}",
            "register": ratios(register_s[k], register_s[0]),
            "track": ratios(track_s[k], track_s[0]),
        }
        for k, (w, h) in enumerate(SIZES)
    ]


def _counts(rounds: int) -> list[dict[str, Any]]:
    scene = make_scene(
        SceneSettings(seed=12, frames=_FRAMES, objects=list(OBJECTS), clutter=0, distance_m=(0.75, 0.95), supersample=1)
    )
    estimator = PoseEstimator([scene.model(name) for name in OBJECTS], threads=THREADS)
    # Of what a user has who starts with as many processes as there are cores.
    follow = TrackingProcesses(estimator, THREADS)
    _until_ready(scene, estimator, follow)
    alone_s: list[float] = []
    frame_s: dict[int, list[float]] = {count: [] for count in COUNTS}
    tracking = dict.fromkeys(COUNTS, 0)
    for turn in track(range(rounds), "numbers of objects", console=Console(stderr=True)):
        for count in COUNTS:
            # With one object, another one in every turn: objects differ in what they cost.
            names = OBJECTS[:count] if count > 1 else OBJECTS[turn % 4 : turn % 4 + 1]
            times_s, tracking[count] = _tracked_frames(scene, estimator, names, follow)
            frame_s[count] += times_s
            alone_s += times_s if count == 1 else []
    follow.close()
    base_s = [float(np.mean(alone_s))] * len(alone_s)
    return [
        {"objects": count, "frame": ratios(frame_s[count], base_s), "tracking": tracking[count]} for count in COUNTS
    ]


def _until_ready(scene: SyntheticScene, estimator: PoseEstimator, follow: TrackingProcesses) -> None:
    """Let helpers start, and get ready for every model."""
    while follow.ready < THREADS - 1:
        _tracked_frames(scene, estimator, OBJECTS[:2], follow)


def _tracked_frames(
    scene: SyntheticScene, estimator: PoseEstimator, names: tuple[str, ...], follow: TrackingProcesses
) -> tuple[list[float], int]:
    """Seconds of each frame after the first, and how many objects are tracked in the end."""
    tracker = MultiObjectTracker(estimator, follow=follow)
    for name in names:
        tracker.add(name)
    first, *others = scene.frame_ids
    masks = {name: mask for name in names if (mask := scene.mask(first, name)) is not None}
    tracker.register(scene.frame(first), masks)
    times_s = []
    for frame_id in others:
        frame = scene.frame(frame_id)
        started = perf_counter()
        tracker.track(frame)
        tracker.compare(frame)
        times_s.append(perf_counter() - started)
    return times_s, sum(state is TrackState.TRACKING for state in tracker.states().values())


PART = Part(
    name="scaling",
    about="what larger images and more objects cost",
    result="scaling.json",
    tables={"sizes": pose_tables.sizes, "counts": pose_tables.counts},
    measure=lambda scope: measure(1 if scope.quick else 4),
)


if __name__ == "__main__":
    typer.run(main)
