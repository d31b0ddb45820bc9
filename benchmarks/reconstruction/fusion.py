"""Models made of reference views against the meshes they show: shape, colour, time, and what they are worth for poses.

    python -m benchmarks.reconstruction.fusion

Every mesh is rendered from 16 and from 4 sides with a depth camera's noise; beside it Open3D's own pipeline on the
same views (VoxelBlockGrid, masked depth; its older ScalableTSDFVolume gives an empty mesh in Open3D 0.20). Models are
registered in scenes, and those of a recording's objects tracked (`benchmarks.reconstruction.recorded_models`). Writes
benchmarks/results/reconstruction.json after each object, and the table of docs/reference_views.md.
"""

import json
import resource
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Annotated, Any, TypeVar

import numpy as np
import open3d as o3d
import typer
from rich.console import Console

from benchmarks.reconstruction.recorded_models import recorded_models
from benchmarks.reporting import reconstruction_tables
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report, Scope
from benchmarks.reporting.results import data_folder, write_report
from foundation_pose_ros import InputRefused, ObjectModel, PoseEstimator
from foundation_pose_ros.arrays import Points
from foundation_pose_ros.evaluation.evaluate import JudgedEstimate, evaluate
from foundation_pose_ros.evaluation.report import EvaluationSummary
from foundation_pose_ros.evaluation.runner import RunSettings
from foundation_pose_ros.reconstruction.reconstruct import Reconstruction, reconstruct
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.reconstruction.report import view_fit
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.meshes import DESIGNS, make_mesh
from foundation_pose_ros.synthetic.reference_views import render_views, sphere_poses
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

_RECORDING = "visp_rbt_desk"
POINTS = 20_000
HELD_OUT = 6
_TRUNCATION = 4.0  # voxels
# Scenes in which poses are compared begin with this seed; their frames lie half a second apart.
_FIRST_SCENE, _RATE_HZ = 5, 2.0
_RECALLS = ("add_recall_0.1d", "adds_recall_0.1d")
_Made = TypeVar("_Made")


def measure_object(model: ObjectModel, scenes: int, frames: int) -> dict[str, Any]:
    """Measure one object; frames of each of the synthetic recordings in which poses are compared."""
    views = render_views(model, sphere_poses(model, 16))
    held_out = render_views(model, sphere_poses(model, HELD_OUT, seed=77))
    made, time = _timed(lambda: reconstruct(views, model.name))
    few, few_time = _timed(lambda: reconstruct(views[::4], model.name))
    (vertices, faces), other_time = _timed(lambda: voxel_block_grid(views, model.diameter_m / 150))
    other = ObjectModel("open3d", vertices, faces)
    return {
        "object": model.name,
        "diameter_mm": 1000 * model.diameter_m,
        "views_16": {**_quality(made, model, held_out), **time, "steps_s": made.report.time_s},
        "views_4": {**_quality(few, model, held_out), **few_time},
        "open3d_voxel_block_grid_16": {
            **_shape(other, model),
            **other_time,
            "watertight": bool(other.mesh.is_watertight),
        },
        "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "pose": _poses(model, made.model, scenes, frames),
    }


def voxel_block_grid(views: tuple[ReferenceView, ...], voxel_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices and faces as Open3D's own pipeline makes them of the same views, colour integrated as well."""
    grid = o3d.t.geometry.VoxelBlockGrid(
        attr_names=("tsdf", "weight", "color"),
        attr_dtypes=(o3d.core.float32,) * 3,
        attr_channels=[o3d.core.SizeVector(channels) for channels in ([1], [1], [3])],
        voxel_size=voxel_m,
        block_resolution=16,
        block_count=20_000,
    )
    for view in views:
        depth = o3d.t.geometry.Image(np.where(view.mask, view.frame.depth_m, 0).astype(np.float32))
        colour = o3d.t.geometry.Image(view.frame.rgb.astype(np.float32) / 255)
        K = o3d.core.Tensor.from_numpy(view.frame.camera.K.astype(np.float64))
        T = o3d.core.Tensor.from_numpy(view.pose.astype(np.float64))
        blocks = grid.compute_unique_block_coordinates(depth, K, T, 1.0, 5.0, _TRUNCATION)
        grid.integrate(blocks, depth, colour, K, T, 1.0, 5.0, _TRUNCATION)
    mesh = grid.extract_triangle_mesh(weight_threshold=1.0)
    return mesh.vertex.positions.numpy(), mesh.triangle.indices.numpy().astype(np.uint32)


def _quality(made: Reconstruction, truth: ObjectModel, held_out: tuple[ReferenceView, ...]) -> dict[str, Any]:
    renderer = EmbreeRenderer(made.model)
    fits = [view_fit(renderer, view, False, made.lit) for view in held_out]
    seen = made.model.face_sigma_m
    return {
        **_shape(made.model, truth, None if seen is None else np.isfinite(seen)),
        "psnr_db": float(np.mean([fit.psnr_db for fit in fits])),
        "outline": float(np.mean([fit.outline for fit in fits])),
        "seen_share": made.report.seen_share,
        "watertight": made.report.watertight,
    }


def _shape(made: ObjectModel, truth: ObjectModel, seen: np.ndarray | None = None) -> dict[str, float]:
    """Mean distances between surfaces in mm: of the model's from the mesh, of the mesh's from the model, their mean."""
    points, faces, _ = made.surface_samples(POINTS)
    off_mm = 1000 * _distance_m(truth, points)
    missed_mm = 1000 * _distance_m(made, truth.surface_points(POINTS))
    shape = {
        "chamfer_mm": float(off_mm.mean() + missed_mm.mean()) / 2,
        "model_off_mm": float(off_mm.mean()),
        "mesh_missed_mm": float(missed_mm.mean()),
    }
    if seen is not None:
        shape["seen_off_mm"] = float(off_mm[seen[faces]].mean())
    return shape


def _distance_m(model: ObjectModel, points: Points) -> np.ndarray:
    query = o3d.core.Tensor.from_numpy(np.ascontiguousarray(points, np.float32))
    scene = o3d.t.geometry.RaycastingScene(nthreads=2)
    scene.add_triangles(o3d.core.Tensor.from_numpy(model.vertices), o3d.core.Tensor.from_numpy(model.faces))
    return scene.compute_distance(query).numpy()


def _poses(mesh: ObjectModel, made: ObjectModel, scenes: int, frames: int) -> dict[str, Any]:
    """Registration of every frame of some recordings, with the mesh and with the model that views gave."""
    rows: dict[str, list[JudgedEstimate]] = {"mesh": [], "views": []}
    for seed in range(_FIRST_SCENE, _FIRST_SCENE + scenes):
        scene = make_scene(SceneSettings(seed=seed, frames=frames, objects=[mesh], clutter=3, rate_hz=_RATE_HZ))
        for name, model in (("mesh", mesh), ("views", made)):
            for _, judged in evaluate(scene, PoseEstimator([model]), [mesh.name], RunSettings("register")):
                rows[name] += judged
    return {name: EvaluationSummary.of(judged).as_json() for name, judged in rows.items()}


def overall(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """Return over all objects how many registrations, the means of their recalls, and the largest errors."""
    rows = [row for row in objects if "pose" in row]
    recalls = {
        name: {key: float(np.mean([row["pose"][name][key] for row in rows])) for key in _RECALLS}
        for name in ("mesh", "views")
    }
    return {
        "n": sum(row["pose"]["views"]["n"] for row in rows),
        **recalls,
        "largest_chamfer_mm": max(row["views_16"]["chamfer_mm"] for row in rows),
        "largest_chamfer_share": max(row["views_16"]["chamfer_mm"] / row["diameter_mm"] for row in rows),
        "least_psnr_db": min(row["views_16"]["psnr_db"] for row in rows),
        "cpu_s": [min(row["views_16"]["cpu_s"] for row in rows), max(row["views_16"]["cpu_s"] for row in rows)],
    }


def _timed(make: Callable[[], _Made]) -> tuple[_Made, dict[str, float]]:
    wall, cpu = perf_counter(), process_time()
    made = make()
    return made, {"wall_s": round(perf_counter() - wall, 2), "cpu_s": round(process_time() - cpu, 2)}


def _models(folder: Path, names: list[str] | None) -> list[ObjectModel]:
    files = sorted(folder.glob("*/model.obj")) if folder.is_dir() else []
    if files:
        return [ObjectModel.from_mesh(p, p.parent.name) for p in files if not names or p.parent.name in names]
    return [ObjectModel.from_mesh(make_mesh(name), name) for name in DESIGNS if not names or name in names]


def measure(
    models: Sequence[ObjectModel],
    scenes: int = 5,
    frames: int = 4,
    recording: Path | None = None,
    so_far: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Measure figures of each object, over all, and of a recording's; so_far: is told the report after each object."""
    console = Console(stderr=True)
    report: Report = provenance({"scenes": scenes, "frames": frames}) | {"objects": []}
    for model in models:
        try:
            row = measure_object(model, scenes, frames)
        except InputRefused as refused:
            row = {"object": model.name, "refused": str(refused)}
        report["objects"].append(row)
        so_far(report)
        console.print(f"{model.name}: {json.dumps(row.get('views_16', row))} {json.dumps(row.get('pose'))}")
    report["overall"] = overall(report["objects"])
    if recording is not None and recording.is_dir():
        report["recorded"] = recorded_models(recording)
    return report


def main(
    data: Annotated[
        Path | None, typer.Option(help="Folder of OBJECT/model.obj; made-up objects where there is none.")
    ] = None,
    objects: Annotated[list[str] | None, typer.Option("--object", help="Only these.")] = None,
    scenes: Annotated[int, typer.Option(help="Synthetic recordings in which poses of an object are compared.")] = 5,
    frames: Annotated[int, typer.Option(help="Of each of them.")] = 4,
    recording: Annotated[Path | None, typer.Option(help="visp_rbt_desk; left out where it isn't there.")] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Measure, and write JSON after each object, tables at the end."""
    command = {"command": "python -m benchmarks.reconstruction.fusion"}
    report = measure(
        _models(data or data_folder() / "meshes", objects),
        scenes,
        frames,
        recording or data_folder() / "pose" / _RECORDING,
        so_far=lambda report: write_report(output or PART.path, report | command),
    )
    publish(PART, report | command, output)


def _measured(scope: Scope) -> Report:
    if scope.quick:
        return measure([ObjectModel.from_mesh(make_mesh("mug"), "mug")], scenes=1, frames=1)
    return measure(_models(scope.data / "meshes", None), recording=scope.data / "pose" / _RECORDING)


PART = Part(
    name="reconstruction",
    about="models from views: fusion beside Open3D's pipeline, and what they are worth for poses",
    result="reconstruction.json",
    tables={
        "reconstruction": reconstruction_tables.reconstruction,
        "recorded_models": reconstruction_tables.recorded_models,
    },
    measure=_measured,
)


if __name__ == "__main__":
    typer.run(main)
