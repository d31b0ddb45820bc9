"""`python -m benchmarks.scenes.photoreal`: what a picture by Mitsuba takes, and how much noise is left in it.

Scenes as they are drawn by default, with no libraries, at 640 x 480; the noise is what sets a picture apart from one of
many more paths, in the colours that a screen shows. Writes benchmarks/results/photoreal.json and its table.
"""

import time
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import origin
from foundation_pose_ros.runtime.extras import require
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.scenes.libraries import NO_LIBRARIES
from foundation_pose_ros.scenes.mitsuba_scene import PATHS, render_mitsuba
from foundation_pose_ros.scenes.procedural import ProceduralChoices, ProceduralComposer
from foundation_pose_ros.scenes.scene_spec import SceneSpec
from foundation_pose_ros.scenes.spec_scene import make_described

SCENES, REFERENCE_PATHS = 4, 200
CHOICES = ProceduralChoices(width_px=640, height_px=480, frames=2)


def main(scenes: Annotated[int, typer.Option(min=1, help="Of one picture each that counts.")] = SCENES) -> None:
    """Measure, and write JSON and table."""
    report = measure(scenes) | {"command": "python -m benchmarks.scenes.photoreal"}
    publish(PART, report, None)
    print(PART.markdown(report))


def measure(scenes: int) -> Report:
    """Paint one picture of each scene, and the same with many more paths; raises InputRefused without Mitsuba."""
    require("painting by Mitsuba", "photoreal")
    composer = ProceduralComposer(CHOICES)
    seeds = track(range(scenes), "scenes", console=Console(stderr=True))
    rows = [_painted(composer.scene(seed)) for seed in seeds]
    return provenance({"scenes": scenes, "paths": PATHS, "reference_paths": REFERENCE_PATHS}) | {"pictures": rows}


def _painted(spec: SceneSpec) -> dict[str, Any]:
    scene = render_mitsuba(spec, NO_LIBRARIES)
    first, second = scene.frame_ids[:2]
    # The first picture compiles.
    scene.frame(first)
    begun, begun_work = time.perf_counter(), time.process_time()
    picture = scene.frame(second)
    taken = {"s": round(time.perf_counter() - begun, 2), "processor_s": round(time.process_time() - begun_work, 2)}
    reference = render_mitsuba(spec, NO_LIBRARIES, REFERENCE_PATHS).frame(second)
    fast = make_described(spec).frame(second)
    apart = (picture.rgb.astype(float) - reference.rgb) / 255
    return taken | {
        "rms": round(float(np.sqrt(np.mean(apart**2))), 4),
        "same_depth": bool(np.array_equal(picture.depth_m, fast.depth_m)),
    }


def table(report: Report) -> str:
    """Return medians and spreads over pictures."""
    rows, settings = report["pictures"], report["settings"]
    lines = ["| of a picture | median | least to most |", "|---|---|---|"]
    for key, title, form in (
        ("s", "seconds", ".1f"),
        ("processor_s", "processor time, s", ".1f"),
        ("rms", "noise that is left, root mean square in 0..1", ".3f"),
    ):
        values = [row[key] for row in rows]
        lines.append(f"| {title} | {np.median(values):{form}} | {min(values):{form}} to {max(values):{form}} |")
    same = sum(row["same_depth"] for row in rows)
    what = (
        f"{len(rows)} pictures of 640 x 480, {settings['paths']} paths a pixel and a filter, beside "
        f"{settings['reference_paths']} paths; depth is the fast renderer's to the last bit in {same}."
    )
    return "\n".join([*lines, "", f"{what} {origin(report)}"])


PART = Part(
    "photoreal",
    "what a picture by Mitsuba takes, and how much noise is left in it",
    "photoreal.json",
    {"photoreal": table},
)


if __name__ == "__main__":
    typer.run(main)
