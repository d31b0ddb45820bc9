"""Ray casting on the CPU with Embree: the reference that other renderers are compared with."""

import numpy as np

from ..arrays import Intrinsics, Poses
from ..object_model.model import ObjectModel
from . import embree_api
from .embree_packets import PacketCaster
from .renderer import Caster, Rendering


def make_caster(model: ObjectModel, threads: int) -> Caster:
    """Cast packets where there is an Embree of one's own for them, two to three times as fast, else by Open3D."""
    if embree_api.available():
        return PacketCaster(model.vertices, model.faces, threads)
    # Imported where it is needed: Open3D brings plotting with it, and takes a second to load.
    from .open3d_rays import Open3DCaster

    return Open3DCaster(model.vertices, model.faces, threads)


class EmbreeRenderer:
    """One static scene in the object's frame; each hypothesis moves the rays instead of the mesh."""

    def __init__(self, model: ObjectModel, threads: int = 2, caster: Caster | None = None) -> None:
        """caster: of the model's rays, by default the fastest here."""
        self.model = model
        self.caster = caster or make_caster(model, threads)

    def render(
        self,
        T_cam_obj: Poses,
        K: Intrinsics,
        size: tuple[int, int],
        normals: bool = False,
        colour: bool = False,
    ) -> Rendering:
        """Render poses, as `Renderer` says."""
        appearance = self.model.appearance if colour else None
        face_sigma_m = self.model.face_sigma_m
        faces = appearance is not None or face_sigma_m is not None
        T_cam_obj, K = np.asarray(T_cam_obj, np.float32), np.asarray(K, np.float32)
        found = self.caster.cast(T_cam_obj, K, size, normals, faces)
        rgb = sigma_m = None
        if found.face is not None and found.barycentric is not None:
            if face_sigma_m is not None:
                sigma_m = np.where(found.face >= 0, face_sigma_m[found.face], np.float32(0))
            if appearance is not None:
                footprint_m = _mean(found.depth_m) / float(K[..., 0, 0].max())
                rgb = appearance.sample(found.face, found.barycentric, footprint_m)
        return Rendering(found.depth_m, found.normals_cam, rgb, sigma_m)


def _mean(depth_m: np.ndarray) -> float:
    """Of the pixels that hit something."""
    return float(depth_m.sum()) / max(1, int(np.count_nonzero(depth_m)))
