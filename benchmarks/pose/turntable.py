"""`python -m benchmarks.pose.turntable`: scanned objects that are turned upright while camera and lamp stand.

Shade and gloss stay where they are, so that what is followed on a plain surface says that nothing turns. Each object is
shown with its print and without, registered from its first mask and followed for three quarters of a turn. Writes
benchmarks/results/turntable.json and its table.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from scipy.spatial.transform import Rotation

from benchmarks.calibration.scenes import mesh_models
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report, Scope
from benchmarks.reporting.pose_tables import turned
from benchmarks.reporting.results import data_folder
from foundation_pose_ros import Camera, Frame, InputRefused, ObjectModel, PoseEstimator, se3
from foundation_pose_ros.object_model.surface_distance import RIGHT_SHARE, SurfaceDistance
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.sensor import REALSENSE_D435
from foundation_pose_ros.tracking import ObjectTracker

_CAMERA = Camera(600.0, 600.0, 319.5, 239.5, 640, 480)
_RATE_HZ, _DEG_PER_S, _TURN_DEG = 30, 60.0, 270.0
# From so far above the table, and so far away, m; farther from what is large, m.
_ELEVATION_DEG, _NEAR_M, _FAR_M, _LARGE_M = 30.0, 0.65, 1.05, 0.25
_WALL_M = 2.0
_LAMP_CAM = np.array([0.5, -0.6, -0.62])
_AMBIENT, _NOISE = 0.45, 0.01
# A pose that scores more is believed by everyone.
_SURE = 0.8


@dataclass(frozen=True)
class TurnedObject:
    """How one object was followed: shares of n frames.

    right: no point off by a tenth of the diameter. silent: wrong, TRACKING and not in doubt. sure: wrong and above 0.8.
    """

    object_name: str
    printed: bool
    n: int
    right: float
    silent: float
    sure: float


class Turntable:
    """An object on a plain-coloured, mottled table before a wall, as a depth camera sees it."""

    def __init__(self, model: ObjectModel, seed: int = 7) -> None:
        self.model = model
        self._renderer = EmbreeRenderer(model)
        self._rng = np.random.default_rng([seed, *model.name.encode()])
        elevation = np.deg2rad(_ELEVATION_DEG)
        self._up_cam = np.array([0.0, -np.cos(elevation), -np.sin(elevation)])
        self._upright = Rotation.align_vectors(self._up_cam[None], np.array([[0.0, 0.0, 1.0]]))[0]
        self._start_deg = float(self._rng.uniform(0, 360))
        mottle = self._rng.uniform(-0.08, 0.08, (60, 80)).astype(np.float32)
        size = (_CAMERA.width, _CAMERA.height)
        colour = 0.9 * self._rng.uniform(0.3, 0.7, 3)
        self._table_rgb = colour + cv2.resize(mottle, size, interpolation=cv2.INTER_CUBIC)[..., None]
        T = self.pose(0.0)
        lowest_m = float(((model.vertices @ T[:3, :3].T + T[:3, 3]) @ self._up_cam).min())
        u, v = np.meshgrid(np.arange(_CAMERA.width), np.arange(_CAMERA.height))
        down = _CAMERA.rays(u, v) @ self._up_cam
        table_m = lowest_m / np.minimum(down, -1e-6)
        self._table_m = np.where((down < 0) & (table_m < _WALL_M), table_m, _WALL_M)

    def pose(self, turn_deg: float) -> np.ndarray:
        """Return T_cam_obj (4, 4) of the object that is turned by so much since the start."""
        turn = Rotation.from_rotvec(np.deg2rad(self._start_deg + turn_deg) * self._up_cam)
        R = (turn * self._upright).as_matrix()
        away_m = _FAR_M if self.model.diameter_m > _LARGE_M else _NEAR_M
        return se3.from_rotation_translation(R, np.array([0.0, 0.0, away_m]) - R @ self.model.centre_m)

    def frame(self, turn_deg: float, stamp_ns: int) -> tuple[Frame, np.ndarray]:
        """Show it turned by so much, and its mask (H, W) bool."""
        size = (_CAMERA.height, _CAMERA.width)
        T, coloured = self.pose(turn_deg), self.model.has_colour
        shown = self._renderer.render(T[None], _CAMERA.K, size, colour=coloured, normals=True)
        assert shown.normals_cam is not None, "asked for"
        hit = shown.depth_m[0] > 0
        depth_m = np.where(hit, shown.depth_m[0], self._table_m).astype(np.float32)
        normals = np.where(hit[..., None], shown.normals_cam[0], self._up_cam).astype(np.float32)
        own = np.full((*size, 3), 0.6) if shown.rgb is None else shown.rgb[0]
        shade = _AMBIENT + (1 - _AMBIENT) * np.clip(normals @ _LAMP_CAM, 0, 1)[..., None]
        rgb = np.where(hit[..., None], own * shade, self._table_rgb) + self._rng.normal(0, _NOISE, (*size, 3))
        depth_m = REALSENSE_D435.measure(depth_m, normals, _CAMERA, self._rng)
        return Frame((255 * np.clip(rgb, 0, 1)).astype(np.uint8), depth_m, _CAMERA, stamp_ns=stamp_ns), hit


def main(
    data: Annotated[
        Path | None, typer.Option(help="Folder of meshes; FOUNDATION_PERCEPTION_DATA, or ../shared/data.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Measure, and write JSON and table."""
    report = measure(Scope(data_folder(data)))
    report["command"] = "python -m benchmarks.pose.turntable"
    publish(PART, report, output)
    print(PART.markdown(report))


def measure(scope: Scope) -> Report:
    """Return how each scanned object was followed, with its print and without."""
    models = mesh_models(scope.data / "meshes")[: 2 if scope.quick else None]
    if not models:
        raise InputRefused("no_meshes", f"no meshes in {scope.data / 'meshes'}: give the folder that holds them")
    shown = [(model, printed) for printed in (True, False) for model in models]
    found = [
        followed(model if printed else _plain(model), printed)
        for model, printed in track(shown, description="turned", console=Console(stderr=True))
    ]
    return provenance({"deg_per_s": _DEG_PER_S, "turn_deg": _TURN_DEG}) | {"objects": [asdict(one) for one in found]}


def followed(model: ObjectModel, printed: bool) -> TurnedObject:
    """Register an object from its first mask and follow it while it is turned."""
    table, distance = Turntable(model), SurfaceDistance(model.vertices, model.symmetries)
    tracker = ObjectTracker(model.name, model.name, PoseEstimator([model], threads=1))
    right, silent, sure = [], [], []
    for k in range(round(_TURN_DEG / _DEG_PER_S * _RATE_HZ)):
        turn_deg = k * _DEG_PER_S / _RATE_HZ
        frame, mask = table.frame(turn_deg, 1_000_000_000 + round(k * 1e9 / _RATE_HZ))
        seen = tracker.track(frame) if k else tracker.register(frame, mask)
        pose = seen.result
        off_m = np.inf if pose is None else float(distance(pose.T_cam_obj[None], table.pose(turn_deg))[0])
        right.append(off_m < RIGHT_SHARE * model.diameter_m)
        silent.append(pose is not None and not right[-1] and not seen.in_doubt)
        sure.append(pose is not None and not right[-1] and pose.score > _SURE)
    shares = (round(float(np.mean(one)), 4) for one in (right, silent, sure))
    return TurnedObject(model.name, printed, len(right), *shares)


def _plain(model: ObjectModel) -> ObjectModel:
    return ObjectModel(model.name, model.vertices, model.faces, None, model.declared_symmetries)


PART = Part(
    name="turntable",
    about="how objects are followed that are turned while camera and lamp stand",
    result="turntable.json",
    tables={"turntable": turned},
    measure=measure,
)


if __name__ == "__main__":
    typer.run(main)
