"""What a compact scorer learns from: poses of one object in one picture, how wrong each is, and what can be seen of it.

Made from a number alone, on the CPU, without PyTorch: the same number gives the same set on any machine.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from scipy.spatial.transform import Rotation

from .. import se3
from ..object_model.model import ObjectModel
from ..rendering import Rendering
from ..rendering.embree import EmbreeRenderer
from ..selection.compared_images import SIZE, compared, compared_rendering, crop_camera, rays_of
from ..synthetic.mesh_library import MeshLibrary
from ..synthetic.surface_textures import TextureLibrary, drawn_surface
from .crop_pictures import Defects, picture
from .wrong_poses import Jitter, distance, laid_on_depth, principal_axes, turned, wrong_turns

# Sets in a row share a few meshes, so that each is read once for many.
_SETS_PER_BLOCK, _MESHES_PER_BLOCK = 64, 12
_MOST_OTHERS = 3
_OTHERS_SIZE = (0.3, 3.0)
_MODEL_POINTS = 128
# Renderings that differ less than the first of these, as a mean over both, can't be told apart, those that differ by
# more than the second can; depth counts as different in full from this share of the diameter on, colour from this.
_TOLD_APART = (0.01, 0.04)
_DEPTH_SHARE, _COLOUR = 0.08, 0.3
_LARGEST_ERROR = 0.5


@dataclass(frozen=True)
class SetSettings:
    """How sets are drawn.

    poses: in each set. right: of them at most so many are right but for jitter, at least one. jitter: of all.
    distance_m: of the object from the camera, if it isn't nearer than so many diameters (nearest). own_surface: of
    meshes that have one, how many keep it. plain: share of models whose colours aren't known. baked: of models in
    whose colours is the light that they were scanned in. defects: of pictures.
    """

    poses: int = 6
    right: int = 2
    jitter: Jitter = field(default_factory=Jitter)
    distance_m: tuple[float, float] = (0.35, 1.3)
    nearest: float = 1.6
    own_surface: float = 0.4
    plain: float = 0.12
    baked: float = 0.5
    defects: Defects = field(default_factory=Defects)


@dataclass(frozen=True)
class PoseSet:
    """rendered (L, 6, SIZE, SIZE), observed (6, SIZE, SIZE); error (L,): how wrong each pose is as far as it shows, the
    largest distance of a model point in diameters, at most 0.5.
    """

    rendered: np.ndarray
    observed: np.ndarray
    error: np.ndarray


class PoseSets:
    """Sets by their number, from a library of meshes and one of textures."""

    def __init__(self, meshes: MeshLibrary, textures: TextureLibrary, settings: SetSettings, seed: int) -> None:
        self._meshes, self._textures = meshes, textures
        self._settings, self._seed = settings, seed
        self._loaded = lru_cache(maxsize=4 * _MESHES_PER_BLOCK)(self._load)

    def __getitem__(self, number: int) -> PoseSet:
        """Make one set."""
        rng = np.random.default_rng([self._seed, number])
        block = np.random.default_rng([self._seed, number // _SETS_PER_BLOCK, 1])
        chosen = block.integers(len(self._meshes), size=_MESHES_PER_BLOCK)
        which = int(rng.integers(_MESHES_PER_BLOCK))
        base = self._loaded(int(chosen[which]))
        shown = self._dressed(rng, base.renderer)
        others = [
            self._dressed(rng, self._loaded(int(k)).renderer)
            for k in rng.choice(chosen, int(rng.integers(1, _MOST_OTHERS + 1)))
        ]
        low, high = (share * shown.model.diameter_m for share in _OTHERS_SIZE)
        return self._set(rng, shown, base, [other for other in others if low < other.model.diameter_m < high])

    def _set(
        self, rng: np.random.Generator, shown: EmbreeRenderer, base: "_Known", others: list[EmbreeRenderer]
    ) -> PoseSet:
        model, settings = shown.model, self._settings
        T_true = _placed(rng, model, settings)
        plain = rng.random() < settings.plain
        clean, K_true = self._clean_poses(rng, shown, T_true, base.axes)
        wrong = told_apart(shown, clean, T_true, K_true, plain) * np.minimum(
            distance(clean, T_true, base.points) / model.diameter_m, _LARGEST_ERROR
        )
        poses = settings.jitter.drawn(rng, clean, model).astype(np.float32)
        off = np.array([distance(T[None], C, base.points)[0] for T, C in zip(poses, clean, strict=True)])
        # Whichever registration likes best is in the middle of the crop.
        first = poses[int(rng.integers(len(poses)))]
        centre_cam = first[:3, :3] @ model.centre_m + first[:3, 3]
        K = crop_camera(K_true, centre_cam, model.diameter_m)
        seen = picture(rng, shown, others, T_true, K, self._textures, settings.defects)
        known = shown if not plain else EmbreeRenderer(model.repainted(None), 1, shown.caster)
        rendering = known.render(poses, K, (SIZE, SIZE), normals=True, colour=True)
        if known.model.has_colour and rng.random() < settings.baked:
            rendering = _in_scan_light(rng, rendering, poses)
        return PoseSet(
            rendered=compared_rendering(rendering, K, centre_cam, model.diameter_m),
            observed=compared(seen.rgb[None], seen.depth_m[None], rays_of(K), centre_cam, model.diameter_m)[0],
            error=np.minimum(wrong + off / model.diameter_m, _LARGEST_ERROR).astype(np.float32),
        )

    def _clean_poses(
        self, rng: np.random.Generator, shown: EmbreeRenderer, T_true: np.ndarray, axes: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Poses (L, 4, 4) without jitter, of which some are right, in any order; a crop's camera about the truth."""
        model, settings = shown.model, self._settings
        right = int(rng.integers(1, settings.right + 1))
        centre_cam = T_true[:3, :3] @ model.centre_m + T_true[:3, 3]
        K = crop_camera(np.eye(3), centre_cam, model.diameter_m)
        if rng.random() < 0.5:
            axes = np.eye(3)
        wrong = turned(T_true, wrong_turns(rng, settings.poses - right, axes), model.centre_m).astype(np.float32)
        wrong = laid_on_depth(wrong, T_true, K, SIZE, shown)
        clean = np.concatenate([np.repeat(T_true[None], right, axis=0), wrong])
        return clean[rng.permutation(len(clean))], K

    def _dressed(self, rng: np.random.Generator, base: EmbreeRenderer) -> EmbreeRenderer:
        surface = drawn_surface(base.model, self._textures, rng, self._settings.own_surface)
        return EmbreeRenderer(base.model.repainted(surface), 1, base.caster)

    def _load(self, which: int) -> "_Known":
        model = self._meshes.meshes[which].model()
        return _Known(EmbreeRenderer(model, threads=1), principal_axes(model), model.surface_points(_MODEL_POINTS))


@dataclass(frozen=True)
class _Known:
    """A mesh that was read: its principal axes (3, 3) and points (P, 3) of its surface beside it."""

    renderer: EmbreeRenderer
    axes: np.ndarray
    points: np.ndarray


def _in_scan_light(rng: np.random.Generator, rendering: Rendering, T_cam_obj: np.ndarray) -> Rendering:
    """Renderings of poses (B, 4, 4) of a model whose scanner took a lamp's light for colour, fixed to the object."""
    assert rendering.rgb is not None and rendering.normals_cam is not None
    lamp_obj = rng.standard_normal(3)
    lamp_cam = T_cam_obj[:, :3, :3] @ (lamp_obj / np.linalg.norm(lamp_obj)).astype(np.float32)  # (B, 3)
    facing = np.einsum("bvuc,bc->bvu", rendering.normals_cam, lamp_cam)[..., None]
    tint = rng.uniform(-0.1, 0.1, 3).astype(np.float32)
    # Colours are encoded, as files have them: half the contrast of light.
    gain = 1 + np.float32(rng.uniform(0, 0.3)) * facing * (1 + tint)
    return replace(rendering, rgb=np.clip(rendering.rgb * gain, 0, 1))


def _placed(rng: np.random.Generator, model: ObjectModel, settings: SetSettings) -> np.ndarray:
    """Draw a pose (4, 4) before the camera, any rotation."""
    R = Rotation.random(rng=rng).as_matrix()
    z = max(rng.uniform(*settings.distance_m), settings.nearest * model.diameter_m)
    centre = np.array([*rng.uniform(-0.35, 0.35, 2) * z, z])
    return se3.from_rotation_translation(R[None], (centre - R @ model.centre_m)[None])[0].astype(np.float32)


def told_apart(
    shown: EmbreeRenderer, T_cam_obj: np.ndarray, T_true: np.ndarray, K: np.ndarray, plain: bool
) -> np.ndarray:
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
