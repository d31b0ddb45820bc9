"""ObjectModel: everything the estimator knows of one rigid object."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import trimesh
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from .appearance import Appearance, from_visual
from .errors import InputRefused
from .symmetry import Symmetries
from .symmetry_search import find_symmetries

if TYPE_CHECKING:
    from .reference_views.reconstruction import ReconstructionSettings
    from .reference_views.view import ReferenceView

UNIT_IN_M = {"m": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001, "in": 0.0254}
# What a robot or an AR user handles: from a small screw to a piece of furniture.
SMALLEST_DIAMETER_M, LARGEST_DIAMETER_M = 0.003, 3.0
_MAX_FACES = 2_000_000
# Vertex attribute of mesh files (glTF wants the underscore): see ObjectModel.sigma_m; -1 stands for inf.
SIGMA_ATTRIBUTE = "_sigma_m"


@dataclass(frozen=True, eq=False)
class ObjectModel:
    """A mesh in its own frame, in metres.

    vertices (V, 3) float32, faces (F, 3) uint32; `appearance` is None for a mesh with no colour;
    `declared_symmetries` overrides what is found from mesh and texture. sigma_m (V,) float32: standard deviation of the
    surface along its normal, inf where it was never seen but only closed; None for a mesh that is known all over.
    """

    name: str
    vertices: np.ndarray
    faces: np.ndarray
    appearance: Appearance | None = None
    declared_symmetries: Symmetries | None = None
    sigma_m: np.ndarray | None = None

    @classmethod
    def from_mesh(
        cls,
        mesh: str | Path | trimesh.Trimesh | trimesh.Scene,
        name: str | None = None,
        unit: str = "m",
        symmetries: Symmetries | None = None,
    ) -> "ObjectModel":
        """From a file that trimesh reads (OBJ, PLY, STL, GLB, ...), a Trimesh or a Scene.

        unit: what one unit of the file is: m, dm, cm, mm, in; or auto, which takes metres where the size is that of an
        object and millimetres where only that is. Raises InputRefused, saying the fix, for files that are missing,
        unreadable, empty or not finite, and for sizes that give the unit away as wrong.
        """
        source, geometry = "the mesh", mesh
        if isinstance(geometry, str | Path):
            source, path = str(geometry), Path(geometry)
            name, geometry = name or path.stem, _read(path)
        if isinstance(geometry, trimesh.Scene):
            geometry = geometry.to_mesh()
        _check_geometry(geometry, source)
        geometry = geometry.copy()
        geometry.remove_unreferenced_vertices()
        scale_m = _unit_scale_m(_diameter(np.asarray(geometry.vertices)), unit, source)
        geometry.apply_scale(scale_m)
        return cls(
            name=name or "object",
            vertices=np.ascontiguousarray(geometry.vertices, np.float32),
            faces=np.ascontiguousarray(geometry.faces, np.uint32),
            appearance=from_visual(geometry, source),
            declared_symmetries=symmetries,
            sigma_m=_sigma_m(geometry, scale_m),
        )

    @classmethod
    def from_reference_views(
        cls,
        views: "str | Path | Sequence[ReferenceView]",
        name: str | None = None,
        symmetries: Symmetries | None = None,
        settings: "ReconstructionSettings | None" = None,
    ) -> "ObjectModel":
        """Instead of a mesh: a few RGB-D views with masks and poses, as a folder (see `reference_views.reading`) or as
        `ReferenceView`s; the object's frame is that of their poses.

        name: also which object of the folder, where it has several. Raises InputRefused, saying the fix, for views
        that no model can be made of.
        """
        # Reconstruction makes object models, and so can't be imported before there is one.
        from .reference_views.reading import read_views
        from .reference_views.reconstruction import ReconstructionSettings, reconstruct

        if isinstance(views, str | Path):
            views = read_views(views, name)
        return reconstruct(views, name or "object", settings or ReconstructionSettings(), symmetries).model

    @cached_property
    def mesh(self) -> trimesh.Trimesh:
        """The bare geometry for trimesh's algorithms: faces in the model's order, vertices in one place joined."""
        return trimesh.Trimesh(self.vertices, self.faces)

    @cached_property
    def centre_m(self) -> np.ndarray:
        """Middle of the axis-aligned box (3,): the origin of the centred frame that estimation works in."""
        return (self.vertices.min(axis=0) + self.vertices.max(axis=0)) / 2

    @cached_property
    def extents_m(self) -> np.ndarray:
        """Full size of the axis-aligned box (3,)."""
        return self.vertices.max(axis=0) - self.vertices.min(axis=0)

    @cached_property
    def diameter_m(self) -> float:
        """Largest distance between two vertices."""
        return _diameter(self.vertices)

    @cached_property
    def face_sigma_m(self) -> np.ndarray | None:
        """(F,) float32: the largest sigma_m of a face's corners; None where sigma_m is."""
        return None if self.sigma_m is None else self.sigma_m[self.faces].max(axis=1)

    @property
    def has_colour(self) -> bool:
        return self.appearance is not None

    @cached_property
    def symmetries(self) -> Symmetries:
        """Declared, or found once from mesh and texture."""
        return self.declared_symmetries if self.declared_symmetries is not None else find_symmetries(self)

    @cached_property
    def shape_symmetries(self) -> Symmetries:
        """Turns that leave the shape as it was, whatever the colours."""
        return find_symmetries(self, colour=False) if self.has_colour else self.symmetries

    @cached_property
    def near_symmetries(self) -> Symmetries:
        """Turns that leave the shape nearly as it was: poses that noisy depth mistakes for each other."""
        return find_symmetries(self, colour=False, loose=True)

    def surface_points(self, count: int) -> np.ndarray:
        """(count, 3) float32 points spread evenly over the surface, the same at every call."""
        return self.surface_samples(count)[0]

    def surface_samples(self, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points (count, 3) over the surface with their faces (count,) and barycentric u, v (count, 2)."""
        rng = np.random.default_rng(0)
        cumulative = np.cumsum(self.mesh.area_faces)
        # One point in each of `count` equal strips of area: evener than independent draws.
        at = (np.arange(count) + rng.random(count)) / count * cumulative[-1]
        faces = np.minimum(np.searchsorted(cumulative, at), len(self.faces) - 1)
        uv = rng.random((count, 2))
        uv[uv.sum(axis=1) > 1] = 1 - uv[uv.sum(axis=1) > 1]
        corners = self.vertices[self.faces[faces]]  # (count, 3, 3)
        points = (
            corners[:, 0] + uv[:, :1] * (corners[:, 1] - corners[:, 0]) + uv[:, 1:] * (corners[:, 2] - corners[:, 0])
        )
        return points.astype(np.float32), faces, uv.astype(np.float32)


def _read(path: Path) -> trimesh.Scene:
    if not path.is_file():
        raise InputRefused("mesh_missing", f"mesh file {path} does not exist: check the path")
    try:
        # Unprocessed: joining vertices would stumble over files with NaN among their normals, which nothing here uses.
        scene = trimesh.load_scene(path, process=False)
    except Exception as error:  # readers of a dozen formats raise what they like
        raise InputRefused(
            "mesh_unreadable", f"mesh file {path} can't be read ({error}): export it as OBJ, PLY, STL or GLB"
        ) from error
    for geometry in scene.geometry.values():
        # trimesh writes attributes to PLY, but reads them back only into this.
        stored = geometry.metadata.get("_ply_raw", {}).get("vertex", {}).get("data")
        if isinstance(stored, np.ndarray) and SIGMA_ATTRIBUTE in (stored.dtype.names or ()):
            geometry.vertex_attributes[SIGMA_ATTRIBUTE] = stored[SIGMA_ATTRIBUTE]
    return scene


def _check_geometry(mesh: trimesh.Trimesh, source: str) -> None:
    faces = getattr(mesh, "faces", None)
    if faces is None or len(faces) == 0 or len(mesh.vertices) == 0:
        raise InputRefused("mesh_empty", f"{source} has no faces: export a triangle mesh, not points or curves")
    if faces.min() < 0 or faces.max() >= len(mesh.vertices):
        raise InputRefused("mesh_broken", f"{source} has faces with vertices that aren't there: export it again")
    if not np.isfinite(mesh.vertices[np.unique(faces)]).all():
        raise InputRefused("mesh_not_finite", f"{source} has NaN or infinite vertices: repair it (MeshLab, Blender)")
    if not mesh.area > 0:
        raise InputRefused("mesh_empty", f"{source} has no surface, all its faces are slivers: export it again")
    if len(faces) > _MAX_FACES:
        raise InputRefused(
            "mesh_too_large", f"{source} has {len(faces)} faces: decimate it to {_MAX_FACES} or fewer (20000 is plenty)"
        )


def _sigma_m(mesh: trimesh.Trimesh, scale_m: float) -> np.ndarray | None:
    stored = mesh.vertex_attributes.get(SIGMA_ATTRIBUTE)
    if stored is None or np.size(stored) != len(mesh.vertices):
        return None
    sigma_m = np.asarray(stored, np.float32).ravel() * np.float32(scale_m)
    return np.where(sigma_m >= 0, sigma_m, np.float32(np.inf))


def _diameter(vertices: np.ndarray) -> float:
    if len(vertices) > 4:
        with suppress(QhullError):  # flat: no hull, the points themselves do
            vertices = vertices[ConvexHull(vertices).vertices]
    if len(vertices) > 4000:
        # A hull with this many corners is round: the outermost ones give the diameter to a fraction of a percent.
        radius = np.linalg.norm(vertices - vertices.mean(axis=0), axis=1)
        vertices = vertices[np.argsort(radius)[-4000:]]
    return float(pdist(vertices).max()) if len(vertices) > 1 else 0.0


def _unit_scale_m(diameter: float, unit: str, source: str) -> float:
    if unit == "auto":
        for scale in (1.0, 0.001):
            if SMALLEST_DIAMETER_M <= diameter * scale <= LARGEST_DIAMETER_M:
                return scale
        raise InputRefused("mesh_unit", f"{source} is {diameter:g} units across, no object in m or mm: set its unit")
    if unit not in UNIT_IN_M:
        raise InputRefused("mesh_unit", f"unit '{unit}' of {source} is unknown: use {', '.join(UNIT_IN_M)} or auto")
    diameter_m = diameter * UNIT_IN_M[unit]
    if diameter_m > LARGEST_DIAMETER_M:
        raise InputRefused(
            "mesh_unit",
            f"{source} would be {diameter_m:.3g} m across, so its unit is not '{unit}': "
            f"set unit to mm (then {diameter * 0.001:.3g} m), or to auto",
        )
    if diameter_m < SMALLEST_DIAMETER_M:
        raise InputRefused(
            "mesh_unit",
            f"{source} would be {diameter_m * 1000:.3g} mm across, so its unit is not '{unit}': "
            f"set unit to m (then {diameter:.3g} m), or to auto",
        )
    return UNIT_IN_M[unit]
