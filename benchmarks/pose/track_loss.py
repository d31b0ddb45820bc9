"""`python -m benchmarks.pose.track_loss`: what a tracker says after its object has gone, and when it finds it again.

Events are spliced from rendered scenes, and from recordings where there are any. A track starts from a mask; no mask is
given after that. Writes benchmarks/results/losses.json and its table.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.calibration.workers import worker_processes
from benchmarks.pose.track_loss_events import (
    AFTER,
    DESIGNS,
    KINDS,
    LossEvent,
    possible_kinds,
    recorded_pieces,
    rendered_pieces,
    spliced,
)
from benchmarks.reporting import pose_tables
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part
from benchmarks.reporting.results import data_folder
from foundation_pose_ros import ObjectModel, PoseEstimator
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.sequence import FRAME_RATE_HZ
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.object_model.surface_distance import RIGHT_SHARE, SurfaceDistance
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.recorded_video import RecordedVideo
from foundation_pose_ros.synthetic.video_defects import VideoDefects
from foundation_pose_ros.tracking import ObjectTracker, TrackState
from foundation_pose_ros.tracking.estimator_protocol import TrackingEstimator

RECORDINGS = {"visp_rbt_desk": (0, 14, 28)}
RECORDINGS_BLURRED = (14,)
# Of less of the object than this, a tracker can't know; of more than that, it has to.
GONE, SEEN = 0.1, 0.5
FALSE_S, RECOVERED_S = 0.5, 1.0
# Wrong, and said to be right: not even in doubt.
SILENT_S = 0.2
# A recovery must last this many frames more.
_PROOF = 4


# Where from, whose events, and whether blurred.
Batch = tuple[str, ObjectModel, list[LossEvent], bool]


@dataclass(frozen=True)
class LossOutcome:
    """false_tracking_s: the longest time in which TRACKING was said of a wrong pose, or of an object out of sight.

    called_lost: a right track was given up before the event or after it, though the object was seen. recovered_s: from
    the object's return to the first right pose, None where that never came. started: the first registration was right.
    silent_s: the longest time in which that was said and nothing was in doubt. blurred: by the object's motion.
    """

    kind: str
    source: str
    object_name: str
    started: bool
    false_tracking_s: float = 0.0
    called_lost: bool = False
    recovered_s: float | None = None
    silent_s: float = 0.0
    blurred: bool = False


def main(
    scenes: Annotated[int, typer.Option(help="Rendered scenes, each with another object.")] = 8,
    repeats: Annotated[int, typer.Option(help="Events of each kind from each scene.")] = 4,
    data: Annotated[
        Path | None, typer.Option(help="Folder of recordings; FOUNDATION_PERCEPTION_DATA, or ../shared/data.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Measure, and write JSON and table."""
    command = f"python -m benchmarks.pose.track_loss --scenes {scenes} --repeats {repeats}"
    report = measure(scenes, repeats, data_folder(data)) | {"command": command}
    publish(PART, report, output)
    print(PART.markdown(report))


def measure(scenes: int, repeats: int, data: Path, processes: int = 2) -> dict[str, Any]:
    """Collect outcomes of all events, and their shares by kind; processes: at work side by side."""
    jobs = [*(partial(_rendered, seed, repeats) for seed in range(scenes)), *_recorded_jobs(data)]
    with worker_processes(processes) as pool:
        done = track(pool.map(_outcomes, jobs), "events", total=len(jobs), console=Console(stderr=True))
        outcomes = [outcome for batch in done for outcome in batch]
    return provenance({"scenes": scenes, "repeats": repeats}) | {
        "kinds": {kind: shares([o for o in outcomes if o.kind == kind]) for kind in KINDS},
        "losses": shares([o for o in outcomes if o.kind != "nothing"]),
        "blurred": shares([o for o in outcomes if o.kind != "nothing" and o.blurred]),
        "all": shares(outcomes),
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }


def followed(event: LossEvent, estimator: TrackingEstimator, model: ObjectModel, source: str) -> LossOutcome:
    """Run a tracker through an event, from its first mask on."""
    tracker = ObjectTracker(event.object_name, model.name, estimator)
    distance = SurfaceDistance(model.vertices, model.symmetries)
    limit_m = RIGHT_SHARE * model.diameter_m
    false, silent = _Longest(), _Longest()
    called_lost, recovered_s = False, None
    right, proof = False, 0
    for k, moment in enumerate(event.moments):
        stamp_ns = moment.frame.stamp_ns
        if k == 0:
            assert moment.mask is not None, f"{event.object_name} is hidden at the start"
            try:
                tracked = tracker.register(moment.frame, moment.mask)
            except InputRefused:
                return LossOutcome(event.kind, source, event.object_name, started=False)
        else:
            tracked = tracker.track(moment.frame)
        was_right = right
        says_so = tracked.state is TrackState.TRACKING
        right = says_so and tracked.result is not None and moment.visible >= GONE
        if right and tracked.result is not None:
            right = bool(distance(tracked.result.T_cam_obj[None], moment.T_cam_obj)[0] < limit_m)
        if k == 0 and not right:
            return LossOutcome(event.kind, source, event.object_name, started=False)
        false.note(stamp_ns, says_so and not right)
        silent.note(stamp_ns, says_so and not right and not tracked.in_doubt)
        undisturbed = not event.begins <= k < event.returns and moment.visible >= SEEN
        called_lost |= undisturbed and was_right and not says_so
        if k >= event.returns:
            if right and recovered_s is None:
                recovered_s = (stamp_ns - event.moments[event.returns].frame.stamp_ns) * 1e-9
            proof += recovered_s is not None
            if proof > _PROOF and k >= len(event.moments) - AFTER:
                break
    return LossOutcome(
        event.kind, source, event.object_name, True, false.lasted_s, called_lost, recovered_s, silent.lasted_s
    )


class _Longest:
    """The longest time in which something held on end."""

    def __init__(self) -> None:
        self.lasted_s = 0.0
        self._since_ns: int | None = None

    def note(self, stamp_ns: int, holds: bool) -> None:
        """Take note of whether it holds in the next frame."""
        if not holds:
            self._since_ns = None
            return
        self._since_ns = stamp_ns if self._since_ns is None else self._since_ns
        self.lasted_s = max(self.lasted_s, (stamp_ns - self._since_ns) * 1e-9)


def shares(outcomes: list[LossOutcome]) -> dict[str, Any]:
    """Return shares of started tracks: TRACKING falsely for too long, called LOST though right, recovered in time."""
    started = [o for o in outcomes if o.started]
    if not started:
        return {"n": 0, "not_started": len(outcomes)}
    recovered_s = [np.inf if o.recovered_s is None else o.recovered_s for o in started]
    median_s = float(np.median(recovered_s))
    return {
        "n": len(started),
        "not_started": len(outcomes) - len(started),
        "false_tracking": float(np.mean([o.false_tracking_s > FALSE_S + 1e-6 for o in started])),
        "silently_wrong": float(np.mean([o.silent_s > SILENT_S + 1e-6 for o in started])),
        "called_lost": float(np.mean([o.called_lost for o in started])),
        "recovered": float(np.mean(np.array(recovered_s) <= RECOVERED_S + 1e-6)),
        "median_recovery_s": round(median_s, 3) if np.isfinite(median_s) else None,
    }


def _outcomes(job: Callable[[], Batch]) -> list[LossOutcome]:
    source, model, events, blurred = job()
    estimator = PoseEstimator([model], threads=1)
    return [replace(followed(event, estimator, model, source), blurred=blurred) for event in events]


def _rendered(seed: int, repeats: int) -> Batch:
    """Make events of each kind from one scene."""
    rng = np.random.default_rng([seed, 57])
    # Every design comes to be blurred in another round of seeds.
    blurred = bool((seed + seed // len(DESIGNS)) % 2)
    scene, name, pieces = rendered_pieces(seed, blurred)
    events = [spliced(kind, name, pieces, rng) for kind in possible_kinds(pieces) for _ in range(repeats)]
    return f"rendered {seed}", scene.model(name), events, blurred


def _recorded(folder: Path, name: str, start: int) -> Batch:
    """Make one event of each kind that a piece of a recording allows."""
    recorded, rng = open_sequence(folder), np.random.default_rng([start, 58])
    blurred = start in RECORDINGS_BLURRED
    sequence = RecordedVideo(recorded, VideoDefects(exposure_s=1 / FRAME_RATE_HZ)) if blurred else recorded
    pieces = recorded_pieces(sequence, name, start)
    events = [spliced(kind, name, pieces, rng) for kind in possible_kinds(pieces)]
    return f"{folder.name} {start}", sequence.model(name), events, blurred


def _recorded_jobs(data: Path) -> Iterator[Callable[[], Batch]]:
    for recording, starts in RECORDINGS.items():
        folder = data / "pose" / recording
        try:
            names = open_sequence(folder).object_names
        except InputRefused as refused:
            Console(stderr=True).print(f"left out: {refused}")
            continue
        yield from (partial(_recorded, folder, name, start) for name in names for start in starts)


PART = Part(
    name="track_loss",
    about="what a tracker says after its object has gone, and how soon it finds it again",
    result="losses.json",
    tables={"losses": pose_tables.losses},
    measure=lambda scope: measure(1 if scope.quick else 8, 1 if scope.quick else 4, scope.data),
)


if __name__ == "__main__":
    typer.run(main)
