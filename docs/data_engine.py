"""`python docs/data_engine.py`: draws composed scenes and both renderers for docs/data_engine.md, prints its numbers.

Drawn scenes take nothing from libraries of meshes or pictures: all that is shown is the package's own. Without Mitsuba
the pair of renderers is left out.
"""

import time
from dataclasses import asdict
from importlib.util import find_spec

import numpy as np
from written_picture import write

from foundation_pose_ros.overlay import contact_sheet
from foundation_pose_ros.scenes.body_spec import BodySpec, Can, Carton, Design, PlainSurface, SidesSurface, Turned
from foundation_pose_ros.scenes.libraries import NO_LIBRARIES
from foundation_pose_ros.scenes.mitsuba_scene import PATHS, render_mitsuba
from foundation_pose_ros.scenes.procedural import ProceduralChoices, ProceduralComposer
from foundation_pose_ros.scenes.scene_spec import CameraPath, ColourLens, Lamp, SceneSpec, Sensor
from foundation_pose_ros.scenes.spec_scene import make_described
from foundation_pose_ros.scenes.variety import variety

DRAWN, HEAPS, COLUMNS = 9, 3, 4
_FARTHEST_SHOWN_M = 1.2
BOTH = SceneSpec(
    seed=5,
    theme="what both renderers are shown",
    objects=(
        BodySpec(what=Carton(size_m=(0.12, 0.05, 0.17)), material="paper"),
        BodySpec(what=Design(design="mug"), material="ceramic"),
        BodySpec(what=Can(radius_m=0.033, height_m=0.12), material="metal"),
    ),
    clutter=(
        BodySpec(what=Turned(profile_m=((0.03, 0), (0.02, 0.04), (0.035, 0.1))), material="lacquer"),
        BodySpec(what=Design(design="sticker_cube")),
        BodySpec(what=Carton(size_m=(0.05, 0.05, 0.05)), surface=SidesSurface(seed=3)),
        BodySpec(what=Design(design="bowl"), material="ceramic"),
    ),
    lamp=Lamp(azimuth_deg=-150, elevation_deg=45),
    camera=CameraPath(frames=3),
)


def drawn_sheet() -> np.ndarray:
    """Render procedural scenes, some of them heaps where MuJoCo is there, as one picture."""
    cells, captions = [], []
    heaps = HEAPS if find_spec("mujoco") is not None else 0
    for share, count in ((0.0, DRAWN), (1.0, heaps)):
        composer = ProceduralComposer(ProceduralChoices(width_px=320, height_px=240, frames=2, dropped_share=share))
        for seed in range(count):
            spec = composer.scene(seed)
            cells.append(make_described(spec).frame("000001").rgb)
            captions.append(f"seed {seed}, {spec.arrangement}")
    return contact_sheet(cells, COLUMNS, captions, 320)


def both_renderers() -> np.ndarray:
    """Render one description with both, and print how long a picture takes."""
    pictures, captions = [], []
    for name, scene in (("fast", make_described(BOTH)), ("mitsuba", render_mitsuba(BOTH, NO_LIBRARIES))):
        scene.frame("000000")
        began, began_work = time.perf_counter(), time.process_time()
        pictures += [scene.frame(frame_id).rgb for frame_id in ("000001", "000002")]
        seconds, work = (time.perf_counter() - began) / 2, (time.process_time() - began_work) / 2
        print(f"{name}: {seconds:.2f} s, {work:.2f} s of processor time for a picture of 640 x 480")
        captions.append(name + (f", {PATHS} paths a pixel, denoised" if name == "mitsuba" else ""))
    return contact_sheet([pictures[0], pictures[2]], 2, captions, 640)


def both_optics() -> np.ndarray:
    """Render glass and an open lens with both, and what a depth camera makes of glass."""
    clear = {"material": "glass", "surface": PlainSurface(colour=(205, 235, 220))}
    carton, *others = BOTH.objects
    glass = BOTH.model_copy(update={"objects": (carton, *(body.model_copy(update=clear) for body in others))})
    unsharp = BOTH.model_copy(update={"sensor": Sensor(lens=ColourLens(aperture_mm=12, focus_m=0.5))})
    frames = [
        render(spec).frame("000001")
        for spec in (glass, unsharp)
        for render in (make_described, lambda spec: render_mitsuba(spec, NO_LIBRARIES))
    ]
    depth = np.repeat(np.uint8(255 * np.clip(frames[0].depth_m / _FARTHEST_SHOWN_M, 0, 1))[..., None], 3, axis=2)
    cells = [frames[0].rgb, frames[1].rgb, depth, frames[2].rgb, frames[3].rgb]
    captions = ["glass, fast", "glass, mitsuba", "its depth", "12 mm open, fast", "12 mm open, mitsuba"]
    return contact_sheet(cells, 3, captions, 480)


def main() -> None:
    """Draw the pictures, print the numbers."""
    print("procedural:", asdict(variety(ProceduralComposer().compose(range(100)))))
    write("data_engine_drawn.jpg", drawn_sheet())
    if find_spec("mitsuba") is not None:
        write("data_engine_renderers.jpg", both_renderers())
        write("data_engine_optics.jpg", both_optics())


if __name__ == "__main__":
    main()
