"""`python docs/network_pictures.py`: shows what the compact networks see and say, for their pages.

All that is shown is made up by the package: its own designs in patches of colour, in drawn scenes.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from written_picture import write

from benchmarks.pose.pushed_poses import pushed
from foundation_pose_ros import Camera, ObjectModel, se3
from foundation_pose_ros.arrays import Pose
from foundation_pose_ros.networks.compact_session import CompactRefinerSession, CompactScorerSession
from foundation_pose_ros.networks.shipped_weights import REFINER, SCORER
from foundation_pose_ros.overlay import OverlayPose, contact_sheet, draw_overlay
from foundation_pose_ros.refinement.compact_refiner import CompactRefiner
from foundation_pose_ros.rendering.embree import EmbreeRenderer
from foundation_pose_ros.synthetic.mesh_library import IndexedMesh, MeshLibrary
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.surface_textures import TextureLibrary, patches
from foundation_pose_ros.training.drawn_scenes import DrawnScenes
from foundation_pose_ros.training.pose_sets import PoseSets, SetSettings

DESIGNS = ("mug", "cracker_box", "bottle", "bracket", "book")
SETS, PICTURES, CELL_PX = 5, 12, 150
STARTS, STEPS, STEP_PX = ("mug", "cracker_box", "bottle"), (0, 1, 3, 5), 320
OFF_RAD, OFF_SHARE = float(np.deg2rad(14.0)), 0.13


def score_sheet(folder: Path) -> np.ndarray:
    """Lay out sets of poses as the scorer ranks them, a row each, the picture first."""
    session = CompactScorerSession(SCORER.path)
    cells, captions = [], []
    settings = SetSettings()
    sets = PoseSets(DrawnScenes(*_libraries(folder), settings, seed=11), settings)
    for number in range(SETS):
        made = sets[64 * number]
        scores = session.scores(made.rendered, made.observed[None])
        cells.append(_colours(made.observed))
        captions.append("picture")
        for which in np.argsort(-scores):
            cells.append(_colours(made.rendered[which]))
            captions.append(f"{scores[which] - scores.max():+.1f}, off {made.error[which]:.2f}")
    return contact_sheet(cells, 1 + settings.poses, captions, CELL_PX)


def step_sheet() -> np.ndarray:
    """Draw poses that are off, and where steps of the refiner take them."""
    session = CompactRefinerSession(REFINER.path)
    cells, captions = [], []
    for seed, name in enumerate(STARTS):
        scene = make_scene(SceneSettings(seed=20 + seed, frames=1, objects=[name], clutter=3))
        frame, truth, model = scene.frame(scene.frame_ids[0]), scene.truth(scene.frame_ids[0], name), scene.model(name)
        start = pushed(np.random.default_rng(seed), truth, model, OFF_SHARE * model.diameter_m, OFF_RAD)
        refiner = CompactRefiner(session, model, EmbreeRenderer(model, 1))
        for steps in STEPS:
            T = refiner.moved(frame, start[None], steps)[0] if steps else start
            drawn = draw_overlay(frame.rgb, frame.camera, [OverlayPose(model, T)], axes=False)
            cells.append(_about(drawn, frame.camera, truth, model))
            off_mm = 1000 * np.linalg.norm(se3.twist_between(T, truth, model.centre_m)[:3])
            off_deg = np.rad2deg(se3.rotation_angle_rad(T[:3, :3], truth[:3, :3]))
            captions.append(f"{steps} steps: {off_mm:.1f} mm, {off_deg:.1f} degrees")
    return contact_sheet(cells, len(STEPS), captions, STEP_PX)


def _about(rgb: np.ndarray, camera: Camera, truth: Pose, model: ObjectModel) -> np.ndarray:
    """The part of a picture about an object, as a square."""
    x, y, z = truth[:3, :3] @ model.centre_m + truth[:3, 3]
    side = 1.6 * model.diameter_m * camera.fx / z
    corner = camera.fx * x / z + camera.cx - side / 2, camera.fy * y / z + camera.cy - side / 2
    shift = np.array([[side / STEP_PX, 0, corner[0]], [0, side / STEP_PX, corner[1]]])
    return cv2.warpAffine(rgb, shift, (STEP_PX, STEP_PX), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)


def _libraries(folder: Path) -> tuple[MeshLibrary, TextureLibrary]:
    for name in DESIGNS:
        make_mesh(name, 0).export(folder / f"{name}.glb")
    meshes = tuple(IndexedMesh(name, folder / f"{name}.glb", "Apache-2.0", 0.2) for name in DESIGNS)
    for number in range(PICTURES):
        cv2.imwrite(str(folder / f"{number}.png"), patches(np.random.default_rng(number)))
    return MeshLibrary(meshes), TextureLibrary([folder / f"{number}.png" for number in range(PICTURES)], folder)


def _colours(images: np.ndarray) -> np.ndarray:
    """The first three of channels (6, s, s), as RGB (s, s, 3) uint8."""
    return np.ascontiguousarray((255 * np.clip(images[:3], 0, 1)).astype(np.uint8).transpose(1, 2, 0))


def main() -> None:
    """Draw both pictures."""
    with TemporaryDirectory() as folder:
        write("network_scores.jpg", score_sheet(Path(folder)))
    write("network_steps.jpg", step_sheet())


if __name__ == "__main__":
    main()
