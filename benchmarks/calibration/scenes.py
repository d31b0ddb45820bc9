"""The recordings that calibration learns from and is judged on: rendered scenes of every difficulty, real ones."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import trimesh

from benchmarks.calibration.sample import Sample
from benchmarks.calibration.samples import Looks, sample_sequence
from foundation_pose_ros import ObjectModel
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.sequence import FRAME_RATE_HZ, Sequence
from foundation_pose_ros.synthetic.events import covered, removed, swapped
from foundation_pose_ros.synthetic.imperfections import CameraDefects, DefectiveSequence, random_direction, scanned
from foundation_pose_ros.synthetic.meshes import DESIGNS, make_mesh
from foundation_pose_ros.synthetic.recorded_video import RecordedVideo
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.sensor import KINECT_V1, REALSENSE_D435
from foundation_pose_ros.synthetic.trajectory import Motion
from foundation_pose_ros.synthetic.video_defects import VideoDefects

_FRAMES = 8
_STRETCHED_SHARE, _STRETCH = 0.6, 0.4
# Designs are smooth. Figures, tools and toys aren't: by shares of the diameter, how deep and how wide their relief is.
_CARVED_SHARE, _RELIEF, _RELIEF_WAVES = 0.4, (0.01, 0.04), (0.12, 0.4)
_WAVES = 6
RECORDINGS = ("ycbv_0000", "visp_rbt_desk", "jack_pushed", "pencilbox_handheld")
# Of these the true poses are good to 4 to 10 mm: enough to tell right from wrong, but not how far off a right one is.
_COARSE_TRUTH = ("jack_pushed", "pencilbox_handheld")
# Every second piece of a recording is filmed with the shutter open for as long as its rate allows.
_BLURRED, _PIECE_FRAMES = VideoDefects(exposure_s=1 / FRAME_RATE_HZ), 10


def rendered_samples(seed: int, looks: Looks, meshes: list[ObjectModel] | None = None) -> list[Sample]:
    """Sample a scene with two objects, made up or of `meshes`, seen by a camera and known by models with defects.

    Everything about it follows from the seed.
    """
    rng = np.random.default_rng([seed, 77])
    if meshes is None:
        chosen = rng.choice(sorted(DESIGNS), 2, replace=False)
        models = [
            ObjectModel.from_mesh(_carved(_stretched(make_mesh(name, seed), rng), rng), name=name) for name in chosen
        ]
    else:
        models = [meshes[k] for k in rng.choice(len(meshes), 2, replace=False)]
    nearest_m = rng.uniform(0.4, 0.9)
    scene = make_scene(
        SceneSettings(
            seed=seed,
            frames=_FRAMES,
            objects=models,
            clutter=int(rng.integers(1, 8)),
            occlusion=float(rng.choice([0.0, 0.0, 0.25, 0.5])),
            hand=bool(rng.random() < 0.3),
            moving_object=bool(rng.random() < 0.25),
            motion=Motion(float(rng.uniform(0.05, 0.5)), float(rng.uniform(10, 80))),
            rate_hz=float(rng.choice([15.0, 30.0])),
            distance_m=(nearest_m, nearest_m + 0.25),
            depth_sensor=REALSENSE_D435 if rng.random() < 0.7 else KINECT_V1,
            supersample=1,
            video=VideoDefects.sometimes(np.random.default_rng([seed, 78])),
        )
    )
    samples: list[Sample] = []
    names = scene.object_names
    known = {name: scanned(scene.model(name), rng) for name in names}
    camera = CameraDefects.drawn(scene.camera, rng)
    for name in names:
        events = {kind: partial(_seen_so, make, camera, known) for kind, make in _events(scene, name, rng).items()}
        seen = DefectiveSequence(scene, camera, known)
        samples += sample_sequence(seen, name, f"rendered {seed}", seed, events, looks.registered, looks.astray)
    return samples


def _seen_so(make: Callable[[], Sequence], camera: CameraDefects, known: dict[str, ObjectModel]) -> DefectiveSequence:
    return DefectiveSequence(make(), camera, known)


def _stretched(mesh: trimesh.Trimesh, rng: np.random.Generator) -> trimesh.Trimesh:
    """Make it longer or flatter than it was made, by up to 1.5: designs are few."""
    if rng.random() < _STRETCHED_SHARE:
        mesh.vertices = mesh.vertices * np.exp(rng.uniform(-_STRETCH, _STRETCH, 3))
    return mesh


def _carved(mesh: trimesh.Trimesh, rng: np.random.Generator) -> trimesh.Trimesh:
    """Give it a relief all over, or leave it as it was."""
    if rng.random() < _CARVED_SHARE:
        diameter_m = float(np.linalg.norm(mesh.extents))
        depth_m = rng.uniform(*_RELIEF) * diameter_m
        moved = np.zeros_like(mesh.vertices)
        for _ in range(_WAVES):
            wave = random_direction(rng) * 2 * np.pi / (rng.uniform(*_RELIEF_WAVES) * diameter_m)
            moved += random_direction(rng) * np.sin(mesh.vertices @ wave + rng.uniform(0, 2 * np.pi))[:, None]
        mesh.vertices = mesh.vertices + depth_m * np.sqrt(2 / _WAVES) * moved
    return mesh


def pieces(folder: Path, name: str) -> list[int]:
    """List the first frames of the pieces into which a recording in data/pose is cut."""
    return list(range(0, len(open_sequence(folder / name).frame_ids), _PIECE_FRAMES))


def real_samples(folder: Path, name: str, start: int, looks: Looks) -> list[Sample]:
    """Sample every object in one piece of a recording in data/pose, which is blurred if it is every second one."""
    recorded = open_sequence(folder / name)
    filmed = RecordedVideo(recorded, _BLURRED) if start // _PIECE_FRAMES % 2 else recorded
    part, place = _RecordingPart(filmed, start, start + _PIECE_FRAMES), f"{name} {start}"
    samples: list[Sample] = []
    for object_name in part.object_names:
        samples += sample_sequence(part, object_name, place, start, None, looks.recorded, looks.astray)
    return [replace(one, error=None) for one in samples] if name in _COARSE_TRUTH else samples


def mesh_models(folder: Path) -> list[ObjectModel]:
    """Read scanned objects, as far as there are any."""
    return [
        ObjectModel.from_mesh(path / "model.obj", name=path.name)
        for path in sorted(folder.glob("*"))
        if (path / "model.obj").is_file()
    ]


def _events(scene: SyntheticScene, name: str, rng: np.random.Generator) -> dict[str, Callable[[], Sequence]]:
    middle = _FRAMES // 2
    events: dict[str, Callable[[], Sequence]] = {"taken away": partial(removed, scene, name, middle)}
    others = [o for o in scene.clutter_names if o != "hand"]
    if others:
        cover, other = rng.choice(others, 2)
        along = float(rng.uniform(0.3, 0.7))
        events["covered"] = partial(covered, scene, name, str(cover), middle, along)
        events["swapped"] = partial(swapped, scene, name, str(other), middle)
    return events


class _RecordingPart:
    """Some consecutive frames of a recording."""

    def __init__(self, sequence: Sequence, start: int, stop: int) -> None:
        self.name, self.object_names = sequence.name, sequence.object_names
        self.frame_ids = sequence.frame_ids[start:stop]
        self.frame, self.mask, self.truth, self.model = (
            sequence.frame,
            sequence.mask,
            sequence.truth,
            sequence.model,
        )
