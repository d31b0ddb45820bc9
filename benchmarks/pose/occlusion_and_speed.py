"""`python -m benchmarks.pose.occlusion_and_speed`: registration by share hidden, tracking of a hurried hand.

Printed made-up objects, and scanned ones where there are any, on a cluttered table before a RealSense D435. Everything
follows from seeds. Writes benchmarks/results/synthetic.json and its tables.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.calibration.scenes import mesh_models
from benchmarks.reporting import pose_tables
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report, Scope
from benchmarks.reporting.pose_tables import GOAL_HIDDEN
from benchmarks.reporting.results import data_folder
from foundation_pose_ros import ObjectModel, PoseEstimator, se3
from foundation_pose_ros.evaluation.evaluate import JudgedEstimate, evaluate
from foundation_pose_ros.evaluation.report import EvaluationSummary
from foundation_pose_ros.evaluation.runner import RunSettings
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.trajectory import Motion
from foundation_pose_ros.synthetic.video_defects import VideoDefects

# All that carry a print which no turn maps onto itself.
PRINTED = ("mug", "cracker_box", "soda_can", "bottle", "sticker_cube", "book")
ASKED = (0.0, 0.2, 0.4, 0.6)
# Bodies hide what they happen to hide: rows are counted by what was hidden.
LEVELS = ((0.0, 0.1), (0.1, 0.25), (0.25, 0.4), (0.4, 0.55), (0.55, 0.75))
HURRIED = Motion(speed_m_s=0.5, turn_deg_s=90.0)
_VIEWS, _STEPS = 3, 45


def main(
    seeds: Annotated[int, typer.Option(help="Scenes of each object at each level, and sequences of each object.")] = 1,
    data: Annotated[
        Path | None, typer.Option(help="Folder of meshes; FOUNDATION_PERCEPTION_DATA, or ../shared/data.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Measure, and write JSON and tables."""
    report = measure(seeds, data_folder(data)) | {
        "command": f"python -m benchmarks.pose.occlusion_and_speed --seeds {seeds}"
    }
    publish(PART, report, output)
    print(PART.markdown(report))


def measure(seeds: int, data: Path, names: Sequence[str] = PRINTED) -> dict[str, Any]:
    """Measure registration of printed and of scanned objects by level, and tracking of printed ones."""
    printed = list(_registered([(name, s) for name in names for s in range(seeds)], "printed"))
    scans = [(model, s) for model in mesh_models(data / "meshes") for s in range(seeds)]
    scanned = list(_registered(scans, "scanned", asked=(0.0, 0.4)))
    return provenance({"seeds": seeds, "image": "640x480", "rate_hz": 30.0}) | {
        "printed": by_level(printed),
        "scanned": by_level(scanned),
        "hurried": [_tracked(name, s) for name in names for s in range(seeds)],
    }


def by_level(rows: list[tuple[float, JudgedEstimate]]) -> dict[str, Any]:
    """Return figures by share hidden, by object up to the goal's share, and what was wrong by ADD."""
    near = [row for hidden, row in rows if hidden <= GOAL_HIDDEN]
    return {
        "levels": [
            {
                "hidden": list(level),
                **EvaluationSummary.of(row for hidden, row in rows if level[0] <= hidden < level[1]).as_json(),
            }
            for level in LEVELS
        ],
        "up_to_goal": EvaluationSummary.of(near).as_json(),
        "objects": {
            name: EvaluationSummary.of(row for row in near if row.class_name == name).as_json()
            for name in sorted({row.class_name for row in near})
        },
        "misses": [
            {
                "scene": row.sequence,
                "object": row.class_name,
                "frame": row.estimate.frame_id,
                "hidden": round(hidden, 3),
                "add_share": round(row.add_m / row.diameter_m, 3) if np.isfinite(row.add_m) else None,
                "adds_share": round(row.adds_m / row.diameter_m, 3) if np.isfinite(row.adds_m) else None,
                "score": round(row.estimate.result.score, 3) if row.estimate.result else None,
            }
            for hidden, row in rows
            if not row.add_m < 0.1 * row.diameter_m
        ],
    }


def _registered(
    subjects: Sequence[tuple[str | ObjectModel, int]], what: str, asked: tuple[float, ...] = ASKED
) -> Iterator[tuple[float, JudgedEstimate]]:
    """Share hidden and row of every registration; each scene shows its object from a few sides."""
    shown = track(subjects, description=f"registration, {what}", console=Console(stderr=True))
    for k, (subject, seed) in enumerate(shown):
        for level, share in enumerate(asked):
            scene = make_scene(
                SceneSettings(
                    seed=3000 + 100 * seed + 10 * level,
                    frames=_VIEWS,
                    objects=[subject],
                    clutter=4,
                    occlusion=share,
                    rate_hz=1.0,
                    motion=Motion(0.3, 45.0),
                    supersample=1,
                    video=VideoDefects.sometimes(np.random.default_rng([k, seed, level])),
                )
            )
            yield from _rows(scene, RunSettings("register"))


def _rows(scene: SyntheticScene, settings: RunSettings) -> Iterator[tuple[float, JudgedEstimate]]:
    (name,) = scene.object_names
    estimator = PoseEstimator([scene.model(name)])
    for _, (row,) in evaluate(scene, estimator, [name], settings):
        yield 1 - scene.visible_fraction(row.estimate.frame_id, name), row


def _tracked(name: str, seed: int) -> dict[str, Any]:
    scene = make_scene(
        SceneSettings(
            seed=4000 + seed,
            frames=_STEPS,
            objects=[name],
            clutter=4,
            motion=HURRIED,
            rate_hz=30.0,
            supersample=1,
            video=VideoDefects.sometimes(np.random.default_rng([*name.encode(), seed])),
        )
    )
    steps = track(
        _rows(scene, RunSettings("track")),
        f"tracking, {name}",
        total=len(scene.frame_ids),
        console=Console(stderr=True),
    )
    rows = [row for _, row in steps][1:]
    T = scene.T_world_cam
    metres = np.linalg.norm(np.diff(T[:, :3, 3], axis=0), axis=1)
    radians = se3.rotation_angle_rad(T[:-1, :3, :3], T[1:, :3, :3])
    return {
        "object": name,
        "seed": seed,
        **EvaluationSummary.of(rows).as_json(),
        "speed_m_s": round(float(np.quantile(metres, 0.95)) * 30.0, 3),
        "turn_deg_s": round(float(np.rad2deg(np.quantile(radians, 0.95))) * 30.0, 1),
    }


def _measured(scope: Scope) -> Report:
    # A place without meshes: made-up objects alone.
    return measure(1, scope.data / "none", PRINTED[:1]) if scope.quick else measure(1, scope.data)


PART = Part(
    name="occlusion_and_speed",
    about="registration the more of an object is hidden, tracking of a hurried hand",
    result="synthetic.json",
    tables={"hidden": pose_tables.hidden, "hurried": pose_tables.hurried},
    measure=_measured,
)


if __name__ == "__main__":
    typer.run(main)
