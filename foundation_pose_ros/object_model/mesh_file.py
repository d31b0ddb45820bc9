"""Meshes as trimesh reads them: checked, measured, brought to metres."""

from pathlib import Path

import numpy as np
import trimesh

from ..errors import InputRefused, shortened
from ..input_limits.limits import LIMITS
from .mesh_size import check_counts
from .mesh_visual import appearance_of, is_one_plain_colour
from .named_files import NamedFiles
from .surface import Surface, diameter

UNIT_IN_M = {"m": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001, "in": 0.0254}
# What a robot or an AR user handles: from a small screw to a piece of furniture.
SMALLEST_DIAMETER_M, LARGEST_DIAMETER_M = 0.003, 3.0
# Vertex attribute of mesh files (glTF wants the underscore): see ObjectModel.sigma_m; -1 stands for inf.
SIGMA_ATTRIBUTE = "_sigma_m"


def surface_of(geometry: trimesh.Trimesh | trimesh.Scene, unit: str, source: str) -> Surface:
    """Return the surface of a mesh, in metres.

    unit: of UNIT_IN_M, or auto. source: what the mesh is called in errors. Raises InputRefused, saying the fix.
    """
    plain = isinstance(geometry, trimesh.Scene) and is_one_plain_colour(geometry)
    mesh = geometry.to_mesh() if isinstance(geometry, trimesh.Scene) else geometry
    check_geometry(mesh, source)
    mesh = mesh.copy()
    mesh.remove_unreferenced_vertices()
    scale_m = unit_scale_m(diameter(np.asarray(mesh.vertices)), unit, source)
    vertices = np.ascontiguousarray(mesh.vertices * scale_m, np.float32)
    return Surface(
        vertices=vertices,
        faces=np.ascontiguousarray(mesh.faces, np.uint32),
        appearance=None if plain else appearance_of(mesh, vertices, source),
        sigma_m=sigma_m_of(mesh, scale_m),
        unit_m=scale_m,
    )


def read_mesh(path: Path, beside: NamedFiles) -> trimesh.Scene:
    """Read a mesh file, whose size was checked, with all its geometries and what it names beside itself.

    Raises InputRefused where no reader takes it, or what is beside it or in it is too large.
    """
    try:
        # Unprocessed: joining vertices would stumble over files with NaN among their normals, which nothing here uses.
        scene = trimesh.load_scene(path, process=False, resolver=beside)
    except Exception as error:  # readers of a dozen formats raise what they like
        raise InputRefused(
            "mesh_unreadable", f"mesh file {path} can't be read ({shortened(error)}): export it as OBJ, PLY, STL or GLB"
        ) from error
    if beside.refused is not None:
        raise beside.refused
    places = [scene.geometry[scene.graph[node][1]] for node in scene.graph.nodes_geometry]
    check_counts(
        path,
        sum(len(geometry.vertices) for geometry in places),
        sum(len(getattr(geometry, "faces", ())) for geometry in places),
        len(places),
    )
    for geometry in scene.geometry.values():
        # trimesh writes attributes to PLY, but reads them back only into this.
        stored = geometry.metadata.get("_ply_raw", {}).get("vertex", {}).get("data")
        if isinstance(stored, np.ndarray) and SIGMA_ATTRIBUTE in (stored.dtype.names or ()):
            geometry.vertex_attributes[SIGMA_ATTRIBUTE] = stored[SIGMA_ATTRIBUTE]
    return scene


def check_geometry(mesh: trimesh.Trimesh, source: str) -> None:
    """Raise InputRefused for a mesh that is empty, broken, not finite or too large; source: what it is called then."""
    faces = getattr(mesh, "faces", None)
    if faces is None or len(faces) == 0 or len(mesh.vertices) == 0:
        raise InputRefused("mesh_empty", f"{source} has no faces: export a triangle mesh, not points or curves")
    if faces.min() < 0 or faces.max() >= len(mesh.vertices):
        raise InputRefused("mesh_broken", f"{source} has faces with vertices that aren't there: export it again")
    if not np.isfinite(mesh.vertices[np.unique(faces)]).all():
        raise InputRefused("mesh_not_finite", f"{source} has NaN or infinite vertices: repair it (MeshLab, Blender)")
    if not mesh.area > 0:
        raise InputRefused("mesh_empty", f"{source} has no surface, all its faces are slivers: export it again")
    if len(faces) > LIMITS.mesh_faces:
        raise InputRefused(
            "mesh_too_large",
            f"{source} has {len(faces)} faces: decimate it to {LIMITS.mesh_faces} or fewer (20000 is plenty)",
        )


def unit_scale_m(diameter: float, unit: str, source: str) -> float:
    """Return the metres of one unit of a mesh that is so many units across.

    unit: of UNIT_IN_M, or auto, which takes metres where the size is that of an object and else millimetres. Raises
    InputRefused where the size gives the unit away as wrong.
    """
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


def sigma_m_of(mesh: trimesh.Trimesh, scale_m: float) -> np.ndarray | None:
    """Return the standard deviations (V,) stored with a mesh, in metres, inf for what was never seen; None without."""
    stored = mesh.vertex_attributes.get(SIGMA_ATTRIBUTE)
    if stored is None or np.size(stored) != len(mesh.vertices):
        return None
    sigma_m = np.asarray(stored, np.float32).ravel() * np.float32(scale_m)
    return np.where(sigma_m >= 0, sigma_m, np.float32(np.inf))
