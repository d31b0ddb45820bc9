"""`python -m benchmarks.pose.compact_registrations`: whether a compact refiner's steps help.

Scanned objects in rendered scenes and recordings, none of which it was trained on, are registered from their masks, and
each registration goes on with the network's steps beside it; the first pose is judged before and after.
"""

from collections.abc import Iterator
from collections.abc import Sequence as Several
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.pose.compact_weights import measured_weights, weights_in_words
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import data_folder, origin
from foundation_pose_ros import Frame, InputRefused, ObjectModel
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.estimation.candidates import Candidates
from foundation_pose_ros.estimation.compact_steps import CompactSteps
from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.estimation.render_and_compare import RenderAndCompare
from foundation_pose_ros.networks.compact_session import CompactRefinerSession
from foundation_pose_ros.networks.shipped_weights import COMPACT_REFINER, FOLDER
from foundation_pose_ros.object_model.surface_distance import RIGHT_SHARE, SurfaceDistance
from foundation_pose_ros.provenance import provenance
from foundation_pose_ros.refinement.compact_refiner import CompactRefiner
from foundation_pose_ros.synthetic.imperfections import CameraDefects, DefectiveSequence, scanned
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.sensor import KINECT_V1, REALSENSE_D435

SCENES, VIEWS = 8, 6
RECORDINGS = ("jack_pushed", "pencilbox_handheld", "visp_rbt_desk", "ycbv_0000", "tyol_basket")
_SMALLEST_MASK_PX = 150
# Changes of less than this share of the diameter are none.
_SAME = 0.002


@dataclass(frozen=True)
class Registered:
    """Largest distances of a surface point, in diameters, of the first pose without and with the network's steps."""

    source: str
    alone: float
    beside: float


def main(
    weights: Annotated[Path, typer.Option(help=f"Folder that holds {COMPACT_REFINER}.")] = FOLDER,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
    scenes: Annotated[int, typer.Option(min=1, help="How many.")] = SCENES,
    views: Annotated[int, typer.Option(min=1, help="Of each recording, at most about so many.")] = VIEWS,
) -> None:
    """Register, judge, and write JSON and table."""
    session = CompactRefinerSession(weights / COMPACT_REFINER, threads=1)
    sources = {"scanned objects": list(_scanned(scenes, session))}
    sources |= {name: list(_recorded(name, views, session)) for name in RECORDINGS}
    report = provenance({"scenes": scenes, "views": views})
    report |= measured_weights("compact_registrations", weights / COMPACT_REFINER, session.metadata) | {
        "sources": {name: summed_up(found) for name, found in sources.items() if found},
    }
    publish(PART, report, output)
    print(PART.markdown(report))


def summed_up(found: list[Registered]) -> dict[str, Any]:
    """Return shares of right poses and median errors of those, without and with the network, and what it changed."""
    alone, beside = (np.array([getattr(one, name) for one in found]) for name in ("alone", "beside"))
    both = (alone < RIGHT_SHARE) & (beside < RIGHT_SHARE)
    errors = [round(float(np.median(values[both])), 4) if both.any() else None for values in (alone, beside)]
    return {
        "registrations": len(found),
        "right": [round(float((values < RIGHT_SHARE).mean()), 4) for values in (alone, beside)],
        "error": errors,
        "nearer": int((beside < alone - _SAME).sum()),
        "farther": int((beside > alone + _SAME).sum()),
    }


def registered(
    sequence: Sequence, source: str, frame_ids: Several[str], session: CompactRefinerSession
) -> Iterator[Registered]:
    """Register every object whose mask and truth are known in these frames."""
    for name in sequence.object_names:
        prepared = None
        for frame_id in frame_ids:
            truth, mask = sequence.truth(frame_id, name), sequence.mask(frame_id, name)
            if truth is None or mask is None or np.count_nonzero(mask) < _SMALLEST_MASK_PX:
                continue
            if prepared is None:
                model = sequence.model(name)
                prepared = GeometricMethods(1).prepare(model)
                compare = RenderAndCompare.on_cpu(model, 1)
                refiner = CompactRefiner(session, model, compare.renderer)
                apart = SurfaceDistance(model.vertices, model.symmetries)
            frame = sequence.frame(frame_id)
            try:
                found = prepared.register(frame, mask)
            except InputRefused:
                continue
            beside = CompactSteps(_Found(found), refiner, compare)(frame, mask)
            errors = [float(apart(c.refined.T_cam_obj[:1], truth)[0]) / model.diameter_m for c in (found, beside)]
            yield Registered(f"{source} {name} {frame_id}", *errors)


@dataclass(frozen=True)
class _Found:
    """A registration that was done."""

    candidates: Candidates

    def __call__(self, frame: Frame, mask: np.ndarray, possible: np.ndarray | None = None) -> Candidates:
        return self.candidates


def _scanned(scenes: int, session: CompactRefinerSession) -> Iterator[Registered]:
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
        seen = DefectiveSequence(scene, CameraDefects.drawn(scene.camera, rng), known)
        yield from registered(seen, f"scanned {seed}", seen.frame_ids, session)


def _recorded(name: str, views: int, session: CompactRefinerSession) -> Iterator[Registered]:
    sequence = open_sequence(data_folder() / "pose" / name)
    frame_ids = list(sequence.frame_ids)
    yield from registered(sequence, name, frame_ids[:: max(1, len(frame_ids) // views)], session)


def table(report: Report) -> str:
    """Return what the network's steps change."""
    lines = ["| | n | right | error of right ones, % of d | nearer | farther |", "|---|---|---|---|---|---|"]
    for source, row in report["sources"].items():
        right = " -> ".join(f"{share:.3f}" for share in row["right"])
        error = " -> ".join("" if share is None else f"{100 * share:.2f}" for share in row["error"])
        lines.append(f"| {source} | {row['registrations']} | {right} | {error} | {row['nearer']} | {row['farther']} |")
    return "\n".join([*lines, "", f"{weights_in_words(report)}. {origin(report)}"])


PART = Part(
    "compact_registrations",
    "whether a compact refiner's steps help registrations",
    "compact_registrations.json",
    {"compact_registrations": table},
)


if __name__ == "__main__":
    typer.run(main)
