"""The neural object field beside fusion in a volume, on the same rendered views of made-up objects.

python -m benchmarks.reconstruction.neural_field
"""

import resource
from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import Annotated, Any

import numpy as np
import typer
from scipy.spatial import cKDTree

from benchmarks.reporting import reconstruction_tables
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.reconstruction.fusion.tsdf_fusion import fuse
from foundation_pose_ros.reconstruction.neural_field import FieldSettings, field_surface, train_field
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.reconstruction.surface import ReconstructedSurface
from foundation_pose_ros.reconstruction.surface_choice import held_out_error_mm
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import render_views, sphere_poses

OBJECTS = ("mug", "bowl")
_POINTS = 20_000


def measure(objects: Sequence[str] = OBJECTS, steps: int = 500) -> dict[str, Any]:
    """Measure per object and method: Chamfer distance to the mesh, error on views kept out, and CPU seconds."""
    rows = []
    for name in objects:
        model = ObjectModel.from_mesh(make_mesh(name, 0), name=name)
        views = render_views(model, sphere_poses(model, 16))
        unseen = render_views(model, sphere_poses(model, 4, seed=1), seed=1)
        started = process_time()
        fused = fuse(views)
        rows.append(_row(name, "fusion", model, fused, unseen, process_time() - started))
        started = process_time()
        trained = train_field(views, FieldSettings(steps=steps))
        surface = field_surface(trained)
        rows.append(_row(name, "field", model, surface, unseen, process_time() - started) | {"steps": trained.steps})
    return provenance({"steps": steps}) | {
        "objects": rows,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _row(
    name: str,
    method: str,
    model: ObjectModel,
    surface: ReconstructedSurface,
    unseen: Sequence[ReferenceView],
    cpu_s: float,
) -> dict[str, Any]:
    found = ObjectModel(name, surface.vertices, surface.faces).surface_points(_POINTS)
    true = model.surface_points(_POINTS)
    to_true, to_found = cKDTree(true).query(found)[0], cKDTree(found).query(true)[0]
    return {
        "object": name,
        "method": method,
        "chamfer_mm": 1000 * float(to_true.mean() + to_found.mean()) / 2,
        "accuracy_mm": 1000 * float(to_true.mean()),
        "completeness_mm": 1000 * float(to_found.mean()),
        "error_on_unseen_views_mm": held_out_error_mm(surface, unseen),
        "seen_share": float(np.mean(surface.seen)),
        "cpu_s": cpu_s,
    }


def main(
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
    steps: Annotated[int, typer.Option(help="Of training, at most.")] = 500,
) -> None:
    """Measure, and write JSON and tables."""
    report = measure(steps=steps) | {"command": f"python -m benchmarks.reconstruction.neural_field --steps {steps}"}
    publish(PART, report, output)


PART = Part(
    name="neural_field",
    about="the neural object field beside fusion, on the same views",
    result="neural_field.json",
    tables={"neural_field": reconstruction_tables.neural_field},
    measure=lambda scope: measure(["mug"], steps=50) if scope.quick else measure(),
)


if __name__ == "__main__":
    typer.run(main)
