"""ObjectModel: everything the estimator knows of one rigid object."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Points
from .appearance import Appearance
from .decimation import decimated
from .kept_surfaces import read_surface
from .surface import Surface, face_crosses, hull_corners, span
from .symmetry import Symmetries
from .symmetry_cache import SymmetryCache
from .symmetry_search import SymmetrySearch

if TYPE_CHECKING:
    import trimesh

    from ..reconstruction.reconstruct import ReconstructionSettings
    from ..reconstruction.reference_view import ReferenceView

# A planner checks each pose of an arm against all of them.
_SIMPLIFIED_FACES = 1000
_SEARCHED_WITH = ("mesh", "_kept_symmetries", "_symmetry_search")
# Cached properties that colours don't change.
_OF_THE_SHAPE = (
    "mesh",
    "face_areas_m2",
    "face_normals",
    "centre_m",
    "extents_m",
    "box_corners",
    "diameter_m",
    "face_sigma_m",
    "simplified",
)


@dataclass(frozen=True, eq=False)
class ObjectModel:
    """A mesh in its own frame, in metres.

    vertices: (V, 3) float32.
    faces: (F, 3) uint32, triples of vertices.
    appearance: colours of the surface, None for a mesh without.
    declared_symmetries: overrides what is found from mesh and texture.
    sigma_m: (V,) float32, standard deviation of the surface along its normal, inf where it was never seen but only
        closed; None for a mesh that is known all over.
    unit_m: metres of one unit of the file that it came from.
    """

    name: str
    vertices: Points
    faces: np.ndarray
    appearance: Appearance | None = None
    declared_symmetries: Symmetries | None = None
    sigma_m: np.ndarray | None = None
    unit_m: float = 1.0

    def __getstate__(self) -> dict[str, Any]:
        """Return what goes to another process: all that was found so far, but for what searches worked with."""
        return {name: value for name, value in self.__dict__.items() if name not in _SEARCHED_WITH}

    @classmethod
    def from_mesh(
        cls,
        mesh: "str | Path | trimesh.Trimesh | trimesh.Scene",
        name: str | None = None,
        unit: str = "m",
        symmetries: Symmetries | None = None,
    ) -> "ObjectModel":
        """Read a file that trimesh knows (OBJ, PLY, STL, GLB, ...), or take a Trimesh or a Scene.

        unit: what one unit of the file is: m, dm, cm, mm, in; or auto, which takes metres where the size is that of an
        object and millimetres where only that is. Raises InputRefused, saying the fix, for files that are missing,
        unreadable, empty or not finite, and for sizes that give the unit away as wrong.
        """
        surface, own_name = _surface(mesh, unit)
        return cls(
            name=name or own_name,
            vertices=surface.vertices,
            faces=surface.faces,
            appearance=surface.appearance,
            declared_symmetries=symmetries,
            sigma_m=surface.sigma_m,
            unit_m=surface.unit_m,
        )

    @classmethod
    def from_reference_views(
        cls,
        views: "str | Path | Sequence[ReferenceView]",
        name: str | None = None,
        symmetries: Symmetries | None = None,
        settings: "ReconstructionSettings | None" = None,
    ) -> "ObjectModel":
        """Make a model, instead of from a mesh, from a few RGB-D views with masks and poses.

        views: a folder (see `reconstruction.capture.view_folder`) or `ReferenceView`s; their poses give the frame.

        name: also which object of the folder, where it has several. Raises InputRefused, saying the fix, for views
        that no model can be made of.
        """
        # Reconstruction makes object models, and so can't be imported before there is one.
        from ..reconstruction.capture.view_folder import read_views
        from ..reconstruction.reconstruct import ReconstructionSettings, reconstruct

        if isinstance(views, str | Path):
            views = read_views(views, name)
        return reconstruct(views, name or "object", settings or ReconstructionSettings(), symmetries).model

    @cached_property
    def mesh(self) -> "trimesh.Trimesh":
        """Return the bare geometry for trimesh's algorithms: faces in the model's order, vertices joined."""
        import trimesh

        return trimesh.Trimesh(self.vertices, self.faces)

    @cached_property
    def face_areas_m2(self) -> np.ndarray:
        """Return (F,) float64."""
        return np.linalg.norm(face_crosses(self.vertices, self.faces), axis=1) / 2

    @cached_property
    def face_normals(self) -> np.ndarray:
        """Return outward unit vectors (F, 3) float64, 0 for faces without area."""
        crosses = face_crosses(self.vertices, self.faces)
        return crosses / np.maximum(2 * self.face_areas_m2[:, None], np.finfo(float).tiny)

    @cached_property
    def simplified(self) -> tuple[Points, np.ndarray]:
        """Return vertices (V, 3) and faces (F, 3) of a coarse mesh for planners and remote viewers."""
        return decimated(np.asarray(self.mesh.vertices), np.asarray(self.mesh.faces), _SIMPLIFIED_FACES)

    @cached_property
    def centre_m(self) -> np.ndarray:
        """Return the middle of the axis-aligned box (3,): the origin of the centred frame that estimation works in."""
        return (self.vertices.min(axis=0) + self.vertices.max(axis=0)) / 2

    @cached_property
    def extents_m(self) -> np.ndarray:
        """Return the full size of the axis-aligned box (3,)."""
        return self.vertices.max(axis=0) - self.vertices.min(axis=0)

    @cached_property
    def box_corners(self) -> Points:
        """Return the corners of the axis-aligned box (8, 3)."""
        return self.centre_m + np.array(list(product((-0.5, 0.5), repeat=3)), np.float32) * self.extents_m

    @cached_property
    def corners(self) -> Points:
        """Return the corners of the convex hull (C, 3)."""
        return hull_corners(self.vertices)

    @cached_property
    def diameter_m(self) -> float:
        """Return the largest distance between two vertices."""
        return span(self.corners)

    @cached_property
    def face_sigma_m(self) -> np.ndarray | None:
        """Return (F,) float32, the largest sigma_m of a face's corners; None where sigma_m is."""
        return None if self.sigma_m is None else self.sigma_m[self.faces].max(axis=1)

    @cached_property
    def seen_share(self) -> float:
        """Return the share of the surface's area, 0..1, that views have shown: 1 for a mesh from CAD."""
        if self.face_sigma_m is None:
            return 1.0
        area = self.face_areas_m2
        return float(1 - area[np.isinf(self.face_sigma_m)].sum() / area.sum())

    @property
    def has_colour(self) -> bool:
        """Tell whether its surface has colours."""
        return self.appearance is not None

    @cached_property
    def symmetries(self) -> Symmetries:
        """Return what was declared, or is found once from mesh and texture."""
        if self.declared_symmetries is not None:
            return self.declared_symmetries
        return self._kept_symmetries.get("own", lambda: self._symmetry_search.found())

    @cached_property
    def shape_symmetries(self) -> Symmetries:
        """Return turns that leave the shape as it was, whatever the colours."""
        if not self.has_colour:
            return self.symmetries
        return self._kept_symmetries.get("shape", lambda: self._symmetry_search.found(colour=False))

    @cached_property
    def near_symmetries(self) -> Symmetries:
        """Return turns that leave the shape nearly as it was: poses that noisy depth mistakes for each other."""
        return self._kept_symmetries.get("near", lambda: self._symmetry_search.found(colour=False, loose=True))

    @cached_property
    def _kept_symmetries(self) -> SymmetryCache:
        return SymmetryCache(self)

    @cached_property
    def _symmetry_search(self) -> SymmetrySearch:
        return SymmetrySearch(self)

    def repainted(self, appearance: Appearance | None) -> "ObjectModel":
        """Return the same shape in other colours: what is known of the shape alone isn't computed again."""
        other = replace(self, appearance=appearance)
        other.__dict__.update({name: self.__dict__[name] for name in _OF_THE_SHAPE if name in self.__dict__})
        return other

    def surface_points(self, count: int) -> Points:
        """Return (count, 3) float32 points spread evenly over the surface, the same at every call."""
        return self.surface_samples(count)[0]

    def surface_samples(self, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return points (count, 3) over the surface with their faces (count,) and barycentric u, v (count, 2)."""
        rng = np.random.default_rng(0)
        cumulative = np.cumsum(self.face_areas_m2)
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


def _surface(mesh: "str | Path | trimesh.Trimesh | trimesh.Scene", unit: str) -> tuple[Surface, str]:
    """Return a mesh's surface, and its name."""
    if isinstance(mesh, str | Path):
        return read_surface(Path(mesh), unit), Path(mesh).stem
    from .mesh_file import surface_of

    return surface_of(mesh, unit, "the mesh"), "object"
