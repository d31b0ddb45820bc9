"""What a scorer learns from: poses of one object in one picture, and how wrong each is as far as it shows."""

from dataclasses import dataclass, field

import numpy as np

from ..arrays import Intrinsics, Pose, Poses
from ..observation.compared_images import SIZE, crop_camera
from ..rendering import Rendering
from ..rendering.embree import EmbreeRenderer
from .drawn_scenes import DrawnSceneSettings
from .mixed_scenes import Scenes
from .posed_scene import CropsOf, PosedScene, centre_of
from .proposed_poses import kept_side_by_side
from .wrong_poses import Jitter, distance, laid_on_depth, turned, wrong_turns

# Renderings that differ less than the first of these, as a mean over both, can't be told apart, those that differ by
# more than the second can; depth counts as different in full from this share of the diameter on, colour from this.
_TOLD_APART = (0.01, 0.04)
_DEPTH_SHARE, _COLOUR = 0.08, 0.3
_LARGEST_ERROR = 0.5


@dataclass(frozen=True)
class SetSettings(DrawnSceneSettings):
    """How sets are drawn, beside their scenes.

    poses: in each set. right: of them at most so many are right but for jitter, at least one. jitter: of all. proposed:
    share of sets that hold what a registration's steps make of the truth and of so many wrong turns (tried), the best
    of them; in the others wrong turns are only laid on the depth.
    """

    poses: int = 6
    right: int = 2
    jitter: Jitter = field(default_factory=Jitter)
    proposed: float = 0.0
    tried: int = 24


@dataclass(frozen=True)
class PoseSet:
    """rendered (L, 6, s, s), observed (6, s, s) in one crop for all, or (L, 6, s, s).

    error (L,): how wrong each pose is as far as it shows, the largest distance of a model point in diameters, at most
    0.5.
    """

    rendered: np.ndarray
    observed: np.ndarray
    error: np.ndarray


class PoseSets:
    """Sets by their number, of the objects in scenes: the same number gives the same set."""

    def __init__(self, scenes: Scenes, settings: SetSettings, crops: CropsOf = PosedScene.crops) -> None:
        """crops: of the poses of a set, as a network sees them; of those that steps propose, always one for all."""
        self._scenes, self._settings, self._crops = scenes, settings, crops

    def __getitem__(self, number: int) -> PoseSet:
        """Make one set."""
        scene, settings = self._scenes[number], self._settings
        if settings.proposed and scene.rng.random() < settings.proposed:
            return self._proposed(scene)
        model, rng, points = scene.shown.model, scene.rng, scene.mesh.points
        clean, K_true = self._clean_poses(scene)
        wrong = _shown_error(scene, clean, K_true)
        poses = settings.jitter.drawn(rng, clean, model).astype(np.float32)
        off = np.array([distance(T[None], C, points)[0] for T, C in zip(poses, clean, strict=True)])
        crops = self._crops(scene, poses)
        error = np.minimum(wrong + off / model.diameter_m, _LARGEST_ERROR).astype(np.float32)
        return PoseSet(crops.rendered, crops.observed, error)

    def _clean_poses(self, scene: PosedScene) -> tuple[np.ndarray, np.ndarray]:
        """Poses (L, 4, 4) without jitter, of which some are right, in any order; a crop's camera about the truth."""
        rng, settings = scene.rng, self._settings
        right = int(rng.integers(1, settings.right + 1))
        wrong, K = self._laid_on_depth(scene, settings.poses - right)
        clean = np.concatenate([np.repeat(scene.T_true[None], right, axis=0), wrong])
        return clean[rng.permutation(len(clean))], K

    def _laid_on_depth(self, scene: PosedScene, count: int) -> tuple[Poses, Intrinsics]:
        """Wrong turns (count, 4, 4) where depth wants them, and a crop's camera about the truth."""
        model, rng, T_true = scene.shown.model, scene.rng, scene.T_true
        K = crop_camera(np.eye(3), centre_of(model, T_true), model.diameter_m)
        axes = np.eye(3) if rng.random() < 0.5 else scene.mesh.axes
        wrong = turned(T_true, wrong_turns(rng, count, axes), model.centre_m).astype(np.float32)
        return laid_on_depth(wrong, T_true, K, SIZE, scene.shown), K

    def _proposed(self, scene: PosedScene) -> PoseSet:
        """Make a set of what a registration's steps make of the truth and of many wrong turns, in one picture."""
        settings = self._settings
        starts, K_true = self._laid_on_depth(scene, settings.tried)
        near = settings.jitter.drawn(scene.rng, scene.T_true[None], scene.shown.model).astype(np.float32)
        seen = scene.seen_about(near[0])
        poses = kept_side_by_side(seen, np.concatenate([near, starts]), settings.poses)
        poses = poses[scene.rng.permutation(len(poses))]
        error = _shown_error(scene, poses, K_true).astype(np.float32)
        crops = seen.crops(poses)
        return PoseSet(crops.rendered, crops.observed, error)


def _shown_error(scene: PosedScene, T_cam_obj: Poses, K: Intrinsics) -> np.ndarray:
    """(B,): how wrong poses (B, 4, 4) are as far as a crop's camera K about the truth shows it, in diameters."""
    off = distance(T_cam_obj, scene.T_true, scene.mesh.points) / scene.shown.model.diameter_m
    told = distinguishable(scene.shown, T_cam_obj, scene.T_true, K, scene.plain)
    return np.asarray(told * np.minimum(off, _LARGEST_ERROR))


def distinguishable(shown: EmbreeRenderer, T_cam_obj: Poses, T_true: Pose, K: Intrinsics, plain: bool) -> np.ndarray:
    """Return (B,) 0..1: whether renderings of poses (B, 4, 4) can be told from the truth's; plain: not by colour."""
    size = SIZE // 2
    coarse = K.copy()
    coarse[:2] /= 2
    coarse[:2, 2] -= 0.25
    found: Rendering = shown.render(np.concatenate([T_true[None], T_cam_obj]), coarse, (size, size), colour=not plain)
    both = (found.depth_m[1:] > 0) | (found.depth_m[:1] > 0)
    off_m = np.abs(found.depth_m[1:] - found.depth_m[:1]) / (_DEPTH_SHARE * shown.model.diameter_m)
    difference = np.minimum(off_m, 1)
    if found.rgb is not None:
        colour = np.abs(found.rgb[1:] - found.rgb[:1]).max(axis=-1) / _COLOUR
        difference = np.maximum(difference, np.minimum(colour, 1))
    share = (difference * both).sum(axis=(1, 2)) / np.maximum(both.sum(axis=(1, 2)), 1)
    low, high = _TOLD_APART
    return np.clip((share - low) / (high - low), 0, 1)
