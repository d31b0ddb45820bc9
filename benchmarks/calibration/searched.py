"""Tables on which objects are searched for, some of which aren't there, and samples of what is found."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from benchmarks.calibration.sample import Sample
from benchmarks.calibration.sampler import Sampler
from foundation_pose_ros import ObjectModel
from foundation_pose_ros.synthetic.imperfections import CameraDefects, DefectiveSequence, scanned
from foundation_pose_ros.synthetic.mesh_library import MeshLibrary
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.sensor import KINECT_V1, REALSENSE_D435

# Objects of a table, and other bodies among them: of each kind, by its name.
KINDS = {"rendered": (4, 4), "crowded": (5, 9)}
# Views of each table; of the objects that aren't on it so many are searched for.
_VIEWS, ABSENT = 2, 2
# An object that is hidden by more isn't asked for.
VISIBLE = 0.5
# Of the meshes of this size so many that are printed are known, and so many without colours.
_DRAWN_BY, _DIAMETER_M, _PRINTED, _GREY = 9000, (0.06, 0.35), 12, 6


def table(seed: int, kind: str, meshes: list[ObjectModel]) -> tuple[SyntheticScene, list[ObjectModel]]:
    """Render a table with objects, and choose some that aren't on it."""
    rng = np.random.default_rng([seed, 19])
    chosen = rng.permutation(len(meshes))
    objects, clutter = KINDS[kind]
    scene = make_scene(
        SceneSettings(
            seed=seed,
            frames=_VIEWS,
            objects=[meshes[k] for k in chosen[:objects]],
            clutter=clutter,
            rate_hz=0.5,
            depth_sensor=KINECT_V1 if seed % 2 else REALSENSE_D435,
            supersample=1,
        )
    )
    return scene, [meshes[k] for k in chosen[objects : objects + ABSENT]]


@lru_cache(maxsize=1)
def models_to_fit(folder: Path) -> list[ObjectModel]:
    """Draw objects that constants may be fitted to from a folder of meshes; raises InputRefused where there is none."""
    smallest_m, largest_m = _DIAMETER_M
    meshes = MeshLibrary.from_folder(folder).meshes
    meshes = tuple(mesh for mesh in meshes if smallest_m < mesh.diameter_m < largest_m)
    rng = np.random.default_rng(_DRAWN_BY)
    printed = rng.permutation([k for k, mesh in enumerate(meshes) if mesh.textured])[:_PRINTED]
    grey = rng.permutation([k for k, mesh in enumerate(meshes) if not mesh.textured])[:_GREY]
    return [meshes[k].model() for k in printed] + [meshes[k].model().repainted(None) for k in grey]


def searched_samples(seed: int, meshes: list[ObjectModel]) -> list[Sample]:
    """Sample searches for the objects of a crowded table and for others, with defects of cameras and models."""
    scene, absent = table(seed, "crowded", meshes)
    rng = np.random.default_rng([seed, 77])
    known = {model.name: scanned(model, rng) for model in [*map(scene.model, scene.object_names), *absent]}
    seen = DefectiveSequence(scene, CameraDefects.drawn(scene.camera, rng), known)
    samples: list[Sample] = []
    for name, model in known.items():
        sampler = Sampler(model, f"crowded {seed}", rng)
        for frame_id in scene.frame_ids:
            there = name in scene.object_names
            if there and scene.visible_fraction(frame_id, name) < VISIBLE:
                continue
            truth = scene.truth(frame_id, name) if there else None
            samples += sampler.found(seen.frame(frame_id), truth, "found" if there else "found, absent")
    return samples
