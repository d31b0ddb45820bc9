"""`python -m benchmarks.pose.blurred_tracks`: whether a compact refiner's steps help tracks through blur.

Hurried objects in rendered scenes, printed and scanned ones, and recordings of which every third frame is left, as if
all moved three times as fast; blurred along their motion by an open shutter, with depth lost where surfaces move. Each
is tracked from its first true pose, by learning-free steps alone and with the network's beside those that are in doubt.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.calibration.scenes import mesh_models
from benchmarks.pose.compact_registrations import RECORDINGS
from benchmarks.pose.occlusion_and_speed import PRINTED
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import data_folder, origin
from foundation_pose_ros import ObjectModel, PoseEstimator
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.replayed import Replayed
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.evaluation.evaluate import evaluate
from foundation_pose_ros.evaluation.runner import RunSettings
from foundation_pose_ros.networks.compact_session import CompactRefinerSession
from foundation_pose_ros.networks.shipped_weights import REFINER
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.recorded_video import RecordedVideo
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.trajectory import Motion
from foundation_pose_ros.synthetic.video_defects import VideoDefects

SPEEDS = {"1 m/s": Motion(1.0, 180.0), "1.5 m/s": Motion(1.5, 270.0)}
FRAMES, EVERY = 40, 3
# The shutter of a camera indoors, which takes what 30 images a second leave it.
SHUTTER = VideoDefects(exposure_s=0.033, motion_holes=0.1)
WAYS = ("learning-free", "with the network")


@dataclass(frozen=True)
class HurriedObject:
    """An object of a sequence that moves fast; kind: the table's row."""

    kind: str
    sequence: Sequence
    name: str


def main(seeds: Annotated[int, typer.Option(min=1, help="Scenes of each printed object at each speed.")] = 1) -> None:
    """Measure, and write JSON and table."""
    report = measure(seeds) | {"command": f"python -m benchmarks.pose.blurred_tracks --seeds {seeds}"}
    publish(PART, report, None)
    print(PART.markdown(report))


def measure(seeds: int) -> Report:
    """Track everything in both ways."""
    network = CompactRefinerSession(REFINER.path)
    methods = {WAYS[0]: GeometricMethods(1), WAYS[1]: GeometricMethods(1, step_network=network, up_to_depth=0.0)}
    rows: dict[str, dict[str, list[Any]]] = {}
    # One at a time: frames that were made are kept by their sequence.
    for shown in track(_hurried(seeds), "tracks", console=Console(stderr=True)):
        # Frames are made once, and outside of what is timed.
        for frame_id in shown.sequence.frame_ids:
            shown.sequence.frame(frame_id)
        for way, method in methods.items():
            estimator = PoseEstimator([shown.sequence.model(shown.name)], methods=method)
            begun = time.process_time()
            judged = [
                row for _, (row,) in evaluate(shown.sequence, estimator, [shown.name], RunSettings("track", init="gt"))
            ]
            taken_s = time.process_time() - begun
            rows.setdefault(shown.kind, {}).setdefault(way, []).append((judged[1:], taken_s))
    return provenance({"seeds": seeds, "frames": FRAMES, "every": EVERY}) | {
        "kinds": {kind: {way: _summed_up(found) for way, found in ways.items()} for kind, ways in rows.items()}
    }


def _summed_up(found: list[Any]) -> dict[str, Any]:
    judged = [row for rows, _ in found for row in rows]
    return {
        "tracks": len(found),
        "frames": len(judged),
        "add": round(float(np.mean([row.add_m < 0.1 * row.diameter_m for row in judged])), 4),
        "adds": round(float(np.mean([row.adds_m < 0.1 * row.diameter_m for row in judged])), 4),
        "ms": round(1000 * sum(taken_s for _, taken_s in found) / len(judged), 1),
    }


def _hurried(seeds: int) -> Iterator[HurriedObject]:
    for speed, motion in SPEEDS.items():
        for name in PRINTED:
            for seed in range(seeds):
                yield HurriedObject(f"printed, {speed}", _scene(name, 6000 + seed, motion), name)
    speed, motion = next(iter(SPEEDS.items()))
    for model in mesh_models(data_folder() / "meshes"):
        yield HurriedObject(f"scanned, {speed}", _scene(model, 6100, motion), model.name)
    for recording in RECORDINGS:
        sequence = Replayed(open_sequence(data_folder() / "pose" / recording), EVERY)
        blurred = RecordedVideo(sequence, SHUTTER)
        for name in sequence.object_names:
            yield HurriedObject(f"recordings, every {EVERY}rd frame", blurred, name)


def _scene(subject: str | ObjectModel, seed: int, motion: Motion) -> Sequence:
    return make_scene(
        SceneSettings(
            seed=seed,
            frames=FRAMES,
            objects=[subject],
            clutter=4,
            motion=motion,
            rate_hz=30.0,
            supersample=1,
            video=SHUTTER,
        )
    )


def table(report: Report) -> str:
    """Return how many frames are right in each way, and what they take."""
    lines = [
        f"| | tracks | frames | {' | '.join(f'{way}: right by ADD-S | by ADD | ms' for way in WAYS)} |",
        "|---|---|---" + "|---|---|---" * len(WAYS) + "|",
    ]
    for kind, ways in report["kinds"].items():
        cells = " | ".join(f"{ways[way]['adds']:.3f} | {ways[way]['add']:.3f} | {ways[way]['ms']:.0f}" for way in WAYS)
        first = ways[WAYS[0]]
        lines.append(f"| {kind} | {first['tracks']} | {first['frames']} | {cells} |")
    return "\n".join([*lines, "", origin(report)])


PART = Part(
    "blurred_tracks",
    "whether a compact refiner's steps help tracks through blur",
    "blurred_tracks.json",
    {"blurred_tracks": table},
)


if __name__ == "__main__":
    typer.run(main)
