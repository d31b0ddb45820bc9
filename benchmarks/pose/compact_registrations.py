"""`python -m benchmarks.pose.compact_registrations`: whether a compact refiner's steps help.

Scanned objects in rendered scenes and recordings, none of which it was trained on, are registered from their masks, as
they are seen and with depth lost. Each registration goes on in three ways: not at all, and with the better of its poses
as they are and after the network's steps, or after as many point-to-plane steps more; the first pose is judged.
"""

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Sequence as Several
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.pose.compact_weights import measured_weights, weights_in_words
from benchmarks.pose.lost_depth import LOST, with_less_depth
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import data_folder, origin
from foundation_pose_ros import Frame, InputRefused, ObjectModel
from foundation_pose_ros.arrays import Mask, Pose, Poses
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.estimation.candidates import Candidates
from foundation_pose_ros.estimation.compact_steps import CompactSteps, Mover
from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.estimation.prepared_object import PreparedObject
from foundation_pose_ros.estimation.render_and_compare import RenderAndCompare
from foundation_pose_ros.networks.compact_session import CompactRefinerSession
from foundation_pose_ros.networks.shipped_weights import COMPACT_REFINER, FOLDER
from foundation_pose_ros.object_model.surface_distance import RIGHT_SHARE, SurfaceDistance
from foundation_pose_ros.observation.compared_images import MARGIN, SIZE
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.refinement.compact_refiner import CompactRefiner
from foundation_pose_ros.refinement.geometric import GeometricRefiner
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.imperfections import CameraDefects, DefectiveSequence, scanned
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.sensor import KINECT_V1, REALSENSE_D435

SCENES, VIEWS = 8, 3
RECORDINGS = ("jack_pushed", "pencilbox_handheld", "visp_rbt_desk", "ycbv_0000")
_SMALLEST_MASK_PX = 150
# Changes of less than this share of the diameter are none.
_SAME = 0.002
WAYS = ("alone", "geometric", "network")

Shown = tuple[str, Sequence, Several[str]]
Seen = Callable[[Frame], Frame]
SEEN: dict[str, Seen] = {
    "as seen": lambda frame: frame,
    "50% of depth lost": partial(with_less_depth, lost=0.5),
    f"{LOST:.0%} of depth lost": with_less_depth,
}


@dataclass(frozen=True)
class RegisteredErrors:
    """Largest distances of a surface point, in diameters, of the first pose that a registration has in each way.

    source: what was registered. depth: share of the mask's pixels that have any.
    """

    source: str
    depth: float
    alone: float
    geometric: float
    network: float


@dataclass(frozen=True)
class RegistrationCase:
    """What is found of an object in a frame at a mask (H, W); truth (4, 4)."""

    label: str
    known: "ReadyObject"
    frame: Frame
    mask: Mask
    truth: Pose
    found: Candidates


def main(
    weights: Annotated[Path, typer.Option(help=f"Folder that holds {COMPACT_REFINER}.")] = FOLDER,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
    scenes: Annotated[int, typer.Option(min=1, help="How many.")] = SCENES,
    views: Annotated[int, typer.Option(min=1, help="Of each recording, at most about so many.")] = VIEWS,
) -> None:
    """Register, judge, and write JSON and table."""
    settings = {"scenes": scenes, "views": views}
    found = ((seen, name, list(made)) for seen, name, made in registrations(scenes, views))
    report_on(found, settings, weights, output)


def registrations(scenes: int = SCENES, views: int = VIEWS) -> Iterator[tuple[str, str, Iterator[RegistrationCase]]]:
    """Register what each source shows, in each way of seeing it; by the names of both."""
    for seen in SEEN:
        yield seen, "scanned objects", _registered(_scanned(scenes), SEEN[seen])
        for name in RECORDINGS:
            yield seen, name, _registered(_recorded(name, views), SEEN[seen])


def report_on(
    found: Iterable[tuple[str, str, list[RegistrationCase]]],
    settings: dict[str, Any],
    weights: Path = FOLDER,
    output: Path | None = None,
) -> None:
    """Judge weights on registrations, and write JSON and table."""
    session = CompactRefinerSession(weights / COMPACT_REFINER, threads=1)
    rows: dict[str, dict[str, Any]] = {seen: {} for seen in SEEN}
    for seen, name, made in found:
        if made:
            rows[seen][name] = summed_up([judged(one, session) for one in made])
    report = provenance(settings)
    report |= measured_weights("compact_registrations", weights / COMPACT_REFINER, session.metadata) | {"seen": rows}
    publish(PART, report, output)
    print(PART.markdown(report))


def judged(one: RegistrationCase, session: CompactRefinerSession) -> RegisteredErrors:
    """Return the errors of the first pose in each way."""
    known, frame = one.known, one.frame
    movers: dict[str, Mover] = {
        "geometric": PointToPlane(known.compare),
        "network": CompactRefiner(session, known.compare.model, known.compare.renderer),
    }
    ways = {"alone": one.found} | {
        way: CompactSteps(_Found(one.found), mover, known.compare)(frame, one.mask) for way, mover in movers.items()
    }
    errors = {
        way: float(known.apart(found.refined.T_cam_obj[:1], one.truth)[0]) / known.compare.model.diameter_m
        for way, found in ways.items()
    }
    return RegisteredErrors(one.label, float((frame.depth_m[one.mask] > 0).mean()), **errors)


def summed_up(found: list[RegisteredErrors]) -> dict[str, Any]:
    """Return shares of right poses and median errors of each way, and what the network changed of the geometric one."""
    errors = {way: np.array([getattr(one, way) for one in found]) for way in WAYS}
    network, geometric = errors["network"], errors["geometric"]
    return {
        "registrations": len(found),
        "depth": round(float(np.median([one.depth for one in found])), 2),
        "right": {way: round(float((values < RIGHT_SHARE).mean()), 4) for way, values in errors.items()},
        "error": {way: round(float(np.median(values)), 4) for way, values in errors.items()},
        "nearer": int((network < geometric - _SAME).sum()),
        "farther": int((network > geometric + _SAME).sum()),
    }


def _registered(sequences: Iterator[Shown], seen: Seen) -> Iterator[RegistrationCase]:
    """Register every object whose mask and truth are known."""
    for source, sequence, frame_ids in sequences:
        for name in sequence.object_names:
            known = None
            for frame_id in frame_ids:
                truth, mask = sequence.truth(frame_id, name), sequence.mask(frame_id, name)
                if truth is None or mask is None or np.count_nonzero(mask) < _SMALLEST_MASK_PX:
                    continue
                known = known or ReadyObject.of(sequence.model(name))
                frame = seen(sequence.frame(frame_id))
                try:
                    found = known.prepared.register(frame, mask)
                except InputRefused:
                    continue
                yield RegistrationCase(f"{source} {name} {frame_id}", known, frame, mask, truth, found)


@dataclass(frozen=True)
class ReadyObject:
    """An object made ready, and what its poses are judged by."""

    prepared: PreparedObject
    compare: RenderAndCompare
    apart: SurfaceDistance

    @classmethod
    def of(cls, model: ObjectModel) -> "ReadyObject":
        """Make an object ready."""
        apart = SurfaceDistance(model.vertices, model.symmetries)
        return cls(GeometricMethods(1).prepare(model), RenderAndCompare.on_cpu(model, 1), apart)


class PointToPlane:
    """As many geometric steps as the network has, on its own crops."""

    def __init__(self, compare: RenderAndCompare) -> None:
        self._model, self._refiner = compare.model, GeometricRefiner(compare.model, compare.renderer)

    def moved(self, frame: Frame, T_cam_obj: Poses, iterations: int) -> Poses:
        """Return poses (B, 4, 4) after so many steps; those that leave the image stay as they are."""
        error_m = 0.12 * self._model.diameter_m, 0.04 * self._model.diameter_m
        moved = np.array(T_cam_obj, np.float32)
        for b, pose in enumerate(T_cam_obj):
            try:
                crop = Crop.around_pose(frame, self._model, pose, MARGIN)
            except InputRefused:
                continue
            moved[b] = self._refiner.refine(crop.observe(SIZE), pose[None], iterations, error_m).T_cam_obj[0]
        return moved


@dataclass(frozen=True)
class _Found:
    """A registration that was done."""

    candidates: Candidates

    def __call__(self, frame: Frame, mask: Mask, possible: Mask | None = None) -> Candidates:
        return self.candidates


def _scanned(scenes: int) -> Iterator[Shown]:
    folders = sorted(folder for folder in (data_folder() / "meshes").iterdir() if folder.is_dir())
    models = [ObjectModel.from_mesh(folder / "model.obj", name=folder.name) for folder in folders]
    for seed in range(scenes):
        rng = np.random.default_rng([seed, 93])
        nearest_m = float(rng.uniform(0.4, 0.8))
        settings = SceneSettings(
            seed=seed,
            frames=1,
            objects=[models[k] for k in rng.choice(len(models), 2, replace=False)],
            clutter=int(rng.integers(1, 6)),
            occlusion=float(rng.choice([0.0, 0.0, 0.3])),
            distance_m=(nearest_m, nearest_m + 0.3),
            depth_sensor=REALSENSE_D435 if rng.random() < 0.7 else KINECT_V1,
            supersample=1,
        )
        try:
            scene = make_scene(settings)
        except InputRefused:
            continue
        known = {name: scanned(scene.model(name), rng, wrong_prints=False) for name in scene.object_names}
        sequence = DefectiveSequence(scene, CameraDefects.drawn(scene.camera, rng), known)
        yield f"scanned {seed}", sequence, sequence.frame_ids


def _recorded(name: str, views: int) -> Iterator[Shown]:
    sequence = open_sequence(data_folder() / "pose" / name)
    frame_ids = list(sequence.frame_ids)
    yield name, sequence, frame_ids[:: max(1, len(frame_ids) // views)]


def table(report: Report) -> str:
    """Return what the network's steps change."""
    lines = [
        "| | pixels with depth | n | right: alone | geometric steps | network's steps | error, % of d: alone "
        "| geometric | network | nearer | farther |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for seen, sources in report["seen"].items():
        for source, row in sources.items():
            right = " | ".join(f"{row['right'][way]:.3f}" for way in WAYS)
            error = " | ".join(f"{100 * row['error'][way]:.2f}" for way in WAYS)
            lines.append(
                f"| {source}, {seen} | {row['depth']:.2f} | {row['registrations']} | {right} | {error} "
                f"| {row['nearer']} | {row['farther']} |"
            )
    return "\n".join([*lines, "", f"{weights_in_words(report)}. {origin(report)}"])


PART = Part(
    "compact_registrations",
    "whether a compact refiner's steps help registrations",
    "compact_registrations.json",
    {"compact_registrations": table},
)


if __name__ == "__main__":
    typer.run(main)
