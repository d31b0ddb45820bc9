"""What registrations keep: the poses of one object in one frame that were compared in the end, and which are right.

From scenes with given meshes and from recordings. Models may have no colours, but none of something else. Every object
is registered from its mask as a camera with defects and
a scan with defects have it; what a scorer would see of each pose is kept beside it, so that any scorer can be judged on
the same ones.
"""

from collections.abc import Iterator
from collections.abc import Sequence as Several
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from benchmarks.pose.defective_scenes import defective_scene
from foundation_pose_ros import InputRefused, ObjectModel
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.object_model.surface_distance import RIGHT_SHARE, SurfaceDistance
from foundation_pose_ros.observation.compared_images import MARGIN, SIZE, compared_poses
from foundation_pose_ros.observation.crop import Crop

# Registrations keep at most so many.
MOST = 6
_SMALLEST_MASK_PX = 150


@dataclass(frozen=True)
class RunnersUp:
    """N registrations of at most MOST poses each, best first; what is beyond `count` is 0.

    rendered (N, MOST, 6, SIZE, SIZE), observed (N, 6, SIZE, SIZE) float16; rank (N, MOST) of the learning-free choice;
    error (N, MOST): largest distance of a surface point over symmetries, in diameters; count (N,); source (N,) text:
    where from, object and frame.
    """

    rendered: np.ndarray
    observed: np.ndarray
    rank: np.ndarray
    error: np.ndarray
    count: np.ndarray
    source: np.ndarray

    def save(self, path: Path) -> None:
        """Write a file, compressed."""
        np.savez_compressed(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "RunnersUp":
        """Read what `save` wrote."""
        with np.load(path) as content:
            return cls(**{field.name: content[field.name] for field in fields(cls)})

    @classmethod
    def collected(cls, looks: list["Look"]) -> "RunnersUp":
        """Stack looks."""
        n = len(looks)
        found = cls(
            np.zeros((n, MOST, 6, SIZE, SIZE), np.float16),
            np.zeros((n, 6, SIZE, SIZE), np.float16),
            np.full((n, MOST), -np.inf),
            np.full((n, MOST), np.inf),
            np.array([len(look.rank) for look in looks]),
            np.array([look.source for look in looks]),
        )
        for k, look in enumerate(looks):
            kept = slice(0, len(look.rank))
            found.rendered[k, kept], found.observed[k] = look.rendered, look.observed
            found.rank[k, kept], found.error[k, kept] = look.rank, look.error
        return found

    @property
    def decidable(self) -> np.ndarray:
        """(N,) bool: a right pose is among them, and a wrong one."""
        right = self.error < RIGHT_SHARE
        among = np.arange(MOST) < self.count[:, None]
        return np.asarray((right & among).any(axis=1) & (~right & among).any(axis=1))


@dataclass(frozen=True)
class Look:
    """One registration, as `RunnersUp` has them."""

    source: str
    rendered: np.ndarray
    observed: np.ndarray
    rank: np.ndarray
    error: np.ndarray


def in_scenes(models: Several[ObjectModel], seeds: Several[int], source: str, frames: int = 2) -> Iterator[Look]:
    """Register two of the models in a scene of each seed."""
    for seed in seeds:
        rng = np.random.default_rng([seed, 91])
        chosen = [models[k] for k in rng.choice(len(models), 2, replace=False)]
        try:
            seen = defective_scene(rng, seed, chosen, frames, rate_hz=1.0)
        except InputRefused:
            continue
        yield from of_sequence(seen, f"{source} {seed}", seen.frame_ids)


def of_sequence(sequence: Sequence, source: str, frame_ids: Several[str]) -> Iterator[Look]:
    """Register every object whose mask and truth are known in these frames."""
    for name in sequence.object_names:
        prepared = None
        for frame_id in frame_ids:
            truth = sequence.truth(frame_id, name)
            mask = sequence.mask(frame_id, name)
            if truth is None or mask is None or np.count_nonzero(mask) < _SMALLEST_MASK_PX:
                continue
            if prepared is None:
                prepared = GeometricMethods(1).prepare(sequence.model(name))
                apart = SurfaceDistance(prepared.model.vertices, prepared.model.symmetries)
            frame = sequence.frame(frame_id)
            try:
                found = prepared.register(frame, mask)
                T_cam_obj = found.refined.T_cam_obj[:MOST]
                crop = Crop.around_pose(frame, prepared.model, T_cam_obj[0], MARGIN)
            except InputRefused:
                continue
            rendered, observed = compared_poses(crop, prepared.renderer, prepared.model, T_cam_obj)
            yield Look(
                f"{source} {name} {frame_id}",
                rendered.astype(np.float16),
                observed[0].astype(np.float16),
                found.evidence.rank[:MOST],
                apart(T_cam_obj, truth) / prepared.model.diameter_m,
            )
