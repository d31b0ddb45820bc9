"""`python -m benchmarks.pose.compact_steps`: what five steps of a compact refiner leave.

Objects of the library that training never saw stand in rendered scenes, seen by cameras with defects; each is put 10
degrees and a tenth of its diameter aside, and brought back by steps of the network and depth together, by geometric
refinement, and by one after the other.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer

from benchmarks.pose.compact_weights import measured_weights, weights_in_words
from benchmarks.pose.defective_scenes import defective_scene
from benchmarks.pose.lost_depth import LOST, with_less_depth
from benchmarks.pose.pushed_poses import off, pushed
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import data_folder, origin
from foundation_pose_ros import Frame, InputRefused, ObjectModel
from foundation_pose_ros.arrays import Pose
from foundation_pose_ros.networks.compact_session import CompactRefinerSession
from foundation_pose_ros.networks.shipped_weights import COMPACT_REFINER, FOLDER
from foundation_pose_ros.object_model.surface_distance import SurfaceDistance
from foundation_pose_ros.observation.compared_images import MARGIN, SIZE
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.refinement.compact_refiner import CompactRefiner
from foundation_pose_ros.refinement.geometric import GeometricRefiner
from foundation_pose_ros.rendering.embree import EmbreeRenderer
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.mesh_library import MeshLibrary
from foundation_pose_ros.synthetic.surface_textures import TextureLibrary, drawn_surface

SCENES, STARTS, STEPS = 32, 2, 5
# Geometric steps after the network's.
AFTER = 3
OFF_RAD, OFF_SHARE = float(np.deg2rad(10.0)), 0.1
# Of training's own held-out share.
HELD_OUT = 0.05
_SMALLEST_MASK_PX, _BLUR_PX = 150, 15
_TIMED_PAIRS, _TIMED_S = 64, 5.0


@dataclass(frozen=True)
class KnownObject:
    """What is known of an object."""

    model: ObjectModel
    renderer: EmbreeRenderer
    distance: SurfaceDistance

    @classmethod
    def of(cls, model: ObjectModel) -> "KnownObject":
        return cls(model, EmbreeRenderer(model, 1), SurfaceDistance(model.vertices, model.symmetries))


@dataclass(frozen=True)
class StepStart:
    """A pose that is off, of an object in a frame; T_true (4, 4), T_start (4, 4). plain: what is known but colours."""

    frame: Frame
    known: KnownObject
    plain: KnownObject
    T_true: Pose
    T_start: Pose


def main(
    weights: Annotated[Path, typer.Option(help=f"Folder that holds {COMPACT_REFINER}.")] = FOLDER,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
    scenes: Annotated[int, typer.Option(min=1, help="How many.")] = SCENES,
) -> None:
    """Judge the weights, and write JSON and table."""
    session = CompactRefinerSession(weights / COMPACT_REFINER, threads=1)
    starts = list(_starts(scenes))
    report = provenance({"scenes": scenes, "starts": STARTS, "steps": STEPS})
    report |= measured_weights("compact_steps", weights / COMPACT_REFINER, session.metadata) | {
        "pairs_per_core_s": round(pairs_per_core_s(session), 1),
        "steps_per_core_s": round(steps_per_core_s(session, starts), 1),
        "sources": {name: measured([changed(start) for start in starts], session) for name, changed in SOURCES.items()},
    }
    publish(PART, report, output)
    print(PART.markdown(report))


def measured(starts: list[StepStart], session: CompactRefinerSession) -> dict[str, Any]:
    """Return what is left of errors, by each method: medians, and shares of starts that end farther off."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    before = []
    for start in starts:
        model, distance = start.known.model, start.known.distance
        before.append(float(distance(start.T_start[None], start.T_true)[0]) / model.diameter_m)
        for name, T in _refined(start, session).items():
            found.setdefault(name, []).append(off(T, start.T_true, model, distance))
    return {
        "starts": len(starts),
        "before": round(float(np.median(before)), 4),
        "methods": {name: _summed_up(np.array(rows), np.array(before)) for name, rows in found.items()},
    }


def _refined(start: StepStart, session: CompactRefinerSession) -> dict[str, np.ndarray]:
    """Poses (4, 4) by the name of what refined them."""
    model, renderer = start.known.model, start.known.renderer
    d = model.diameter_m
    geometric = GeometricRefiner(model, renderer)
    observation = Crop.around_pose(start.frame, model, start.T_start, MARGIN).observe(SIZE)
    alone, longer = (
        geometric.refine(observation, start.T_start[None], steps, (0.12 * d, 0.02 * d)).T_cam_obj
        for steps in (STEPS, STEPS + AFTER)
    )
    moved = CompactRefiner(session, model, renderer).moved(start.frame, start.T_start[None], STEPS)
    both = geometric.refine(observation, moved, AFTER, (0.04 * d, 0.02 * d)).T_cam_obj
    return {
        f"{STEPS} geometric": alone[0],
        f"{STEPS + AFTER} geometric": longer[0],
        f"{STEPS} of network and depth": moved[0],
        f"and {AFTER} geometric after them": both[0],
    }


def _summed_up(rows: np.ndarray, before: np.ndarray) -> dict[str, float]:
    """rows (N, 3): surface and centre in diameters, degrees."""
    return {
        "rotation_deg": round(float(np.median(rows[:, 2])), 2),
        "centre": round(float(np.median(rows[:, 1])), 4),
        "surface": round(float(np.median(rows[:, 0])), 4),
        "within_a_fifth": round(float((rows[:, 0] < 0.2 * before).mean()), 4),
        "farther": round(float((rows[:, 0] > before).mean()), 4),
    }


def pairs_per_core_s(session: CompactRefinerSession) -> float:
    """Return how many pairs the network takes in a second of one core's time."""
    rng = np.random.default_rng(0)
    rendered, observed = rng.uniform(-1, 1, (2, _TIMED_PAIRS, 6, SIZE, SIZE)).astype(np.float32)
    session.equations(rendered, observed)
    begun, done = time.process_time(), 0
    while time.process_time() - begun < _TIMED_S:
        session.equations(rendered, observed)
        done += _TIMED_PAIRS
    return done / (time.process_time() - begun)


def steps_per_core_s(session: CompactRefinerSession, starts: list[StepStart]) -> float:
    """Return how many steps are taken in a second of one core's time, rendered, said and solved."""
    begun = time.process_time()
    for start in starts:
        CompactRefiner(session, start.known.model, start.known.renderer).moved(start.frame, start.T_start[None], STEPS)
    return STEPS * len(starts) / (time.process_time() - begun)


def _starts(scenes: int) -> Iterator[StepStart]:
    """Two objects that were held out in each scene, each put aside a few times."""
    _, held = MeshLibrary.from_folder(data_folder() / "meshes_train").parted(HELD_OUT)
    textures = TextureLibrary.from_folder(data_folder() / "textures_train")
    for seed in range(scenes):
        rng = np.random.default_rng([seed, 92])
        chosen = [held.meshes[k].model() for k in rng.choice(len(held), 2, replace=False)]
        dressed = [model.repainted(drawn_surface(model, textures, rng, 0.5)) for model in chosen]
        try:
            seen = defective_scene(rng, seed, dressed)
        except InputRefused:
            continue
        for name in seen.object_names:
            mask = seen.mask(seen.frame_ids[0], name)
            if mask is None or np.count_nonzero(mask) < _SMALLEST_MASK_PX:
                continue
            frame, T_true = seen.frame(seen.frame_ids[0]), seen.truth(seen.frame_ids[0], name)
            assert T_true is not None
            model = seen.model(name)
            coloured, plain = KnownObject.of(model), KnownObject.of(model.repainted(None))
            for _ in range(STARTS):
                T_start = pushed(rng, T_true, model, OFF_SHARE * model.diameter_m, OFF_RAD)
                yield StepStart(frame, coloured, plain, T_true, T_start)


def _blurred(start: StepStart) -> StepStart:
    """The camera or the object moves across the picture while the shutter is open."""
    line = np.full((1, _BLUR_PX), 1 / _BLUR_PX, np.float32)
    rgb = np.asarray(cv2.filter2D(start.frame.rgb, -1, line), np.uint8)
    return replace(start, frame=replace(start.frame, rgb=rgb))


def _little_depth(start: StepStart) -> StepStart:
    return replace(start, frame=with_less_depth(start.frame))


SOURCES: dict[str, Callable[[StepStart], StepStart]] = {
    "as cameras see it": lambda start: start,
    f"colour blurred over {_BLUR_PX} px": _blurred,
    f"{LOST:.0%} of depth lost": _little_depth,
    "colours not known": lambda start: replace(start, known=start.plain),
}


def table(report: Report) -> str:
    """Return what is left by each method."""
    lines = [
        "| | starts | steps | rotation, degrees | centre, % of d | surface, % of d | left a fifth at most | farther |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {source} | {row['starts']} | {name} | {one['rotation_deg']:.1f} | {100 * one['centre']:.1f} "
        f"| {100 * one['surface']:.1f} (of {100 * row['before']:.0f}) | {one['within_a_fifth']:.2f} "
        f"| {one['farther']:.2f} |"
        for source, row in report["sources"].items()
        for name, one in row["methods"].items()
    ]
    pace = f"{report['pairs_per_core_s']:.0f} pairs a second and core, {report['steps_per_core_s']:.0f} whole steps"
    return "\n".join([*lines, "", f"Medians. {weights_in_words(report)}; {pace}. {origin(report)}"])


PART = Part(
    "compact_steps",
    "what five steps of a compact refiner leave of an error",
    "compact_steps.json",
    {"compact_steps": table},
)


if __name__ == "__main__":
    typer.run(main)
