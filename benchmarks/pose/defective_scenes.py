"""Rendered scenes among clutter, seen by a camera and known by models with defects."""

from collections.abc import Sequence

import numpy as np

from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.synthetic.imperfections import CameraDefects, DefectiveSequence, scanned
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.sensor import KINECT_V1, REALSENSE_D435


def defective_scene(
    rng: np.random.Generator, seed: int, objects: Sequence[ObjectModel], frames: int = 1, rate_hz: float = 30.0
) -> DefectiveSequence:
    """Render a table with objects, the rest as drawn; raises InputRefused where they don't fit."""
    nearest_m = float(rng.uniform(0.4, 0.8))
    scene = make_scene(
        SceneSettings(
            seed=seed,
            frames=frames,
            objects=list(objects),
            clutter=int(rng.integers(1, 6)),
            occlusion=float(rng.choice([0.0, 0.0, 0.3])),
            rate_hz=rate_hz,
            distance_m=(nearest_m, nearest_m + 0.3),
            depth_sensor=REALSENSE_D435 if rng.random() < 0.7 else KINECT_V1,
            supersample=1,
        )
    )
    known = {name: scanned(scene.model(name), rng, wrong_prints=False) for name in scene.object_names}
    return DefectiveSequence(scene, CameraDefects.drawn(scene.camera, rng), known)
