"""`python -m benchmarks.pose.differentiable`: refinement at the end, by depth and outline, or by texture as well.

Both refiners start from the same poses, 4 mm and 4 degrees off, in rendered views with light from the camera and noise
of depth. Writes benchmarks/results/differentiable.json.
"""

import json
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import torch
import typer
from scipy.spatial.transform import Rotation

from benchmarks.pose.pushed_poses import pushed
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part
from foundation_pose_ros import Camera, Frame, ObjectModel, se3
from foundation_pose_ros.arrays import Pose
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.observation.observation import Observation
from foundation_pose_ros.refinement.differentiable import DifferentiableRefiner
from foundation_pose_ros.refinement.geometric import GeometricRefiner
from foundation_pose_ros.refinement.refiner import Refiner
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.rendering.torch_embree import EmbreeTensorRenderer
from foundation_pose_ros.rendering.torch_renderer import Shading
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.meshes import make_mesh

OBJECTS = ("sticker_cube", "soda_can", "mug", "cracker_box")
CAMERA = Camera(600.0, 600.0, 319.5, 239.5, 640, 480)
PUSH_M, TURN_RAD = 0.004, np.deg2rad(4.0)
SIZE, ITERATIONS, ERROR = 64, 8, (0.1, 0.02)
NOISE_M, WALL_M = 0.001, 1.5
DISTANCE_M, ASIDE = (0.4, 0.7), 0.2


def main(
    views: Annotated[int, typer.Option(help="Views of each object.")] = 10,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Measure, and write JSON."""
    report = measure(views) | {"command": f"python -m benchmarks.pose.differentiable --views {views}"}
    publish(PART, report, output)
    print(json.dumps(report["objects"], indent=1))


def measure(views: int) -> dict[str, Any]:
    """Measure figures of each object, on one thread."""
    torch.set_num_threads(1)
    return provenance({"views": views}) | {"objects": {name: of_object(name, views) for name in OBJECTS}}


def of_object(name: str, views: int) -> dict[str, Any]:
    """Return median millimetres, degrees and time of both refiners."""
    model = ObjectModel.from_mesh(make_mesh(name), name=name)
    error_m = (ERROR[0] * model.diameter_m, ERROR[1] * model.diameter_m)
    arrays, tensors = EmbreeRenderer(model, threads=1), EmbreeTensorRenderer(model, threads=1)
    refiners: dict[str, Refiner] = {
        "point_to_plane": GeometricRefiner(model, arrays),
        "differentiable": DifferentiableRefiner(model, tensors),
    }
    rows: dict[str, list[tuple[float, float, float]]] = {key: [] for key in refiners}
    for k in range(views):
        rng = np.random.default_rng([k, *name.encode()])
        truth = anyhow(rng, model)[None]
        start = pushed(rng, truth[0], model, PUSH_M, TURN_RAD)[None]
        observation = seen(rng, model, tensors, truth)
        for key, refiner in refiners.items():
            began = perf_counter()
            found = refiner.refine(observation, start, ITERATIONS, error_m).T_cam_obj
            took_s = perf_counter() - began
            twist = se3.twist_between(found[0], truth[0], model.centre_m)
            rows[key].append((*error(twist), took_s))
    medians = {key: np.median(np.array(values), axis=0) for key, values in rows.items()}
    ratio = medians["differentiable"][2] / medians["point_to_plane"][2]
    named = {
        key: {"mm": round(float(mm), 3), "deg": round(float(deg), 3), "ms": round(1000 * float(s), 1)}
        for key, (mm, deg, s) in medians.items()
    }
    return {"start": {"mm": 1000 * PUSH_M, "deg": 4.0}, **named, "time_ratio": round(float(ratio), 1)}


def anyhow(rng: np.random.Generator, model: ObjectModel) -> Pose:
    """Return a pose (4, 4) near the middle of the picture, turned anyhow."""
    R = Rotation.random(rng=rng).as_matrix()
    z_m = rng.uniform(*DISTANCE_M)
    centre = np.array([*rng.uniform(-ASIDE, ASIDE, 2) * z_m, z_m])
    return se3.from_rotation_translation(R[None], (centre - R @ model.centre_m)[None])[0]


def error(twist: np.ndarray) -> tuple[float, float]:
    """Return millimetres and degrees of a twist (6,)."""
    return 1000 * float(np.linalg.norm(twist[:3])), float(np.rad2deg(np.linalg.norm(twist[3:])))


def seen(rng: np.random.Generator, model: ObjectModel, renderer: EmbreeTensorRenderer, truth: Pose) -> Observation:
    """Return a frame of the object before a wall, cut out about its mask."""
    size = (CAMERA.height, CAMERA.width)
    image = renderer.render_tensors(torch.from_numpy(truth), torch.from_numpy(CAMERA.K), size, Shading(0.5, 0.4))
    hit = image.depth_m[0].numpy() > 0
    rgb = np.where(hit[..., None], image.rgb[0].permute(1, 2, 0).numpy(), 0.5)
    depth_m = np.where(hit, image.depth_m[0].numpy(), np.float32(WALL_M))
    depth_m += rng.normal(0, NOISE_M, size).astype(np.float32)
    frame = Frame((255 * rgb).astype(np.uint8), depth_m, CAMERA, 0, "camera")
    return Crop.around_mask(frame, hit, model.diameter_m).observe(SIZE)


PART = Part(
    name="differentiable",
    about="refinement at the end, by depth and outline or by texture as well",
    result="differentiable.json",
    measure=lambda scope: measure(1 if scope.quick else 10),
    in_bench=False,
)


if __name__ == "__main__":
    typer.run(main)
