"""How long an augmented picture takes to draw, as overlay_node draws it: image, depth and known poses to a picture."""

from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any

import cv2
import numpy as np

from benchmarks.reporting.parts import Part, Report, Scope
from benchmarks.reporting.results import origin
from foundation_pose_ros.frame import Frame
from foundation_pose_ros.overlay import PALETTE, AugmentedReality, AugmentedSettings, OverlayPose
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

SIZES = ((640, 480), (1280, 720), (1920, 1080))
OBJECTS = ("mug", "cracker_box", "soda_can")
SURFACES = ("plain", "textured")
PICTURES, THREADS = 60, 2


def measure(scope: Scope) -> Report:
    """Draw the same picture again and again, for each size of image, number of objects and surface."""
    rows = []
    for width, height in SIZES:
        settings = SceneSettings(
            seed=5, frames=6, objects=OBJECTS, clutter=4, occlusion=0.3, width=width, height=height, supersample=1
        )
        scene = make_scene(settings)
        frame_id = scene.frame_ids[3]
        frame = scene.frame(frame_id)
        poses = [
            OverlayPose(scene.model(name), scene.truth(frame_id, name), f"{name} 0.97", colour)
            for name, colour in zip(OBJECTS, PALETTE, strict=False)
        ]
        for count in (1, len(poses)):
            for surface in SURFACES:
                figures = _timed(_drawing(frame, poses[:count], surface), PICTURES // (10 if scope.quick else 1))
                rows.append({"width": width, "height": height, "objects": count, "surface": surface} | figures)
    jpeg = _timed(lambda: cv2.imencode(".jpg", frame.rgb), PICTURES // (10 if scope.quick else 1))
    return provenance({"pictures": PICTURES, "threads": THREADS}) | {"rows": rows, "jpeg_of_the_largest": jpeg}


def table(report: Report) -> str:
    """Return milliseconds a picture."""
    lines = ["| image | objects | meshes | ms a picture | 95 % below | ms of one core |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row['width']}x{row['height']} | {row['objects']} | {row['surface']} | {row['median_ms']:.1f} "
        f"| {row['p95_ms']:.1f} | {row['processor_ms']:.1f} |"
        for row in report["rows"]
    ]
    return "\n".join([*lines, "", origin(report)])


def _drawing(frame: Frame, poses: list[OverlayPose], surface: str) -> Callable[[], Any]:
    reality = AugmentedReality(AugmentedSettings(surface=surface), THREADS)
    return lambda: reality.draw(frame.rgb, frame.camera, poses, frame.depth_m)


def _timed(work: Callable[[], Any], times: int) -> dict[str, float]:
    """Median and 95th percentile of the time that passes, and the median of the processor's, in ms."""
    work()  # caches fill
    passed_s, used_s = [], []
    for _ in range(times):
        began_s, had_used_s = perf_counter(), process_time()
        work()
        passed_s.append(perf_counter() - began_s)
        used_s.append(process_time() - had_used_s)
    return {
        "median_ms": round(1e3 * float(np.median(passed_s)), 2),
        "p95_ms": round(1e3 * float(np.quantile(passed_s, 0.95)), 2),
        "processor_ms": round(1e3 * float(np.median(used_s)), 2),
    }


PART = Part(
    "augmented_pictures",
    "time to draw meshes into a live picture",
    "augmented_pictures.json",
    {"augmented_pictures": table},
    measure,
)
