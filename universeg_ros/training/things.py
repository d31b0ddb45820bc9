"""Things to put before a camera: meshes of files or made-up ones, in their own colours or in somebody else's."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from foundation_pose_ros.arrays import Rgb
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.rendering.embree import make_caster
from foundation_pose_ros.rendering.renderer import Caster, RayHits
from foundation_pose_ros.srgb import decode_srgb
from foundation_pose_ros.synthetic.meshes import DESIGNS, make_mesh

OWN_COLOURS = 0.65  # of the things that have some
_DIAMETER_M = (0.05, 0.26)


@dataclass(frozen=True, eq=False)
class CollageThing:
    """A model about its middle, and what its surface looks like.

    print_rgb (h, w, 3) uint8 is laid over it along the axis that a face looks along, a repeat every print_m metres;
    None takes the model's own colours. tint (3,) linear is multiplied in. gloss: 0 matt to 1 glazed.
    """

    model: ObjectModel
    caster: Caster
    print_rgb: Rgb | None
    print_m: float
    tint: np.ndarray
    gloss: float

    def albedo(self, hits: RayHits, footprint_m: float) -> np.ndarray:
        """Return linear colours (B, h, w, 3) float32 of what rays hit; arbitrary where they miss."""
        assert hits.face is not None and hits.barycentric is not None
        if self.print_rgb is None and self.model.appearance is not None:
            rgb = self.model.appearance.sample(hits.face, hits.barycentric, footprint_m)
        elif self.print_rgb is not None:
            rgb = self._printed(self.print_rgb, hits.face, hits.barycentric)
        else:
            return np.broadcast_to(self.tint, (*hits.face.shape, 3)).astype(np.float32)
        return decode_srgb(rgb) * self.tint

    def _printed(self, image: np.ndarray, face: np.ndarray, barycentric: np.ndarray) -> np.ndarray:
        corners = self.model.vertices[self.model.faces[face]]  # (B, h, w, 3, 3)
        along_u, along_v = corners[..., 1, :] - corners[..., 0, :], corners[..., 2, :] - corners[..., 0, :]
        points = corners[..., 0, :] + barycentric[..., :1] * along_u + barycentric[..., 1:] * along_v
        axis = np.abs(np.cross(along_u, along_v)).argmax(axis=-1)[..., None]
        columns, rows = (
            np.take_along_axis(points, (axis + step) % 3, axis=-1)[..., 0] / self.print_m % 1 for step in (1, 2)
        )
        height, width = image.shape[:2]
        return image[(rows * height).astype(int) % height, (columns * width).astype(int) % width] / np.float32(255)


class Things:
    """All meshes and textures that a run may draw from."""

    def __init__(self, meshes: Sequence[str], textures: Sequence[str]) -> None:
        """meshes: names of DESIGNS, files or patterns; textures: files or patterns. Raises InputRefused for none."""
        self.meshes = meshes_of(meshes)
        self.textures = [texture for pattern in textures for texture in found(pattern)]
        if not self.meshes or not self.textures:
            raise InputRefused("no_data", "collages need meshes and textures: give files or patterns of them")

    def draw(self, rng: np.random.Generator) -> CollageThing:
        """Return some thing, 5 to 26 cm across."""
        mesh = str(rng.choice(self.meshes))
        model = ObjectModel.from_mesh(
            make_mesh(mesh, int(rng.integers(1 << 30))) if mesh in DESIGNS else mesh, unit="auto"
        )
        diameter_m = np.exp(rng.uniform(*np.log(_DIAMETER_M)))
        scale = np.float32(diameter_m / max(model.diameter_m, 1e-6))
        vertices = np.ascontiguousarray((model.vertices - model.centre_m) * scale)
        model = ObjectModel(model.name, vertices, model.faces, model.appearance)
        own = model.appearance is not None and rng.random() < OWN_COLOURS
        plain = not own and rng.random() < 0.35
        return CollageThing(
            model,
            make_caster(model, 1),
            None if own or plain else self.picture(rng),
            float(rng.uniform(0.3, 2.0) * diameter_m),
            (rng.uniform(0.02, 0.9, 3) if plain else rng.uniform(0.6, 1.1, 3)).astype(np.float32),
            float(rng.random() ** 2),
        )

    def picture(self, rng: np.random.Generator) -> Rgb:
        """Return some texture or photograph (h, w, 3) uint8."""
        path = str(rng.choice(self.textures))
        picture = cv2.imread(path, cv2.IMREAD_COLOR)
        if picture is None:
            raise InputRefused("bad_image", f"{path} can't be read as an image: leave it out")
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def meshes_of(patterns: Sequence[str]) -> list[str]:
    """Return names of DESIGNS as they are, and the files of the other patterns."""
    return [mesh for pattern in patterns for mesh in ([pattern] if pattern in DESIGNS else found(pattern))]


def found(pattern: str) -> list[str]:
    """Return the files that a pattern matches, variables of the environment replaced."""
    path = Path(os.path.expandvars(pattern)).expanduser()
    parts = path.relative_to(path.anchor)
    return sorted(map(str, Path(path.anchor or ".").glob(str(parts))))
