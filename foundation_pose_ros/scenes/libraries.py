"""Meshes and pictures that descriptions name, found in the folders that whoever renders them is given."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import InputRefused
from ..synthetic.mesh_library import IndexedMesh, MeshLibrary
from ..synthetic.surface_textures import TextureLibrary


@dataclass(frozen=True)
class Libraries:
    """meshes, textures: folders with index.csv, or None where there is none."""

    meshes: Path | None = None
    textures: Path | None = None

    def mesh(self, name: str) -> IndexedMesh:
        """Return a mesh by its name; raises InputRefused where no library has it."""
        if self.meshes is None:
            raise InputRefused("no_meshes", f"the scene wants the mesh {name} of a library: give --meshes DIR")
        if name not in self._meshes_by_name:
            raise InputRefused("unknown_mesh", f"{self.meshes} has no mesh {name}: take one that its index.csv lists")
        return self._meshes_by_name[name]

    @property
    def mesh_names(self) -> list[str]:
        """Return the names of all meshes whose licence lets weights be shipped, in the index's order."""
        return list(self._meshes_by_name) if self.meshes is not None else []

    @property
    def picture_names(self) -> list[str]:
        """Return the names of all pictures, in the index's order."""
        return self.pictures.names if self.textures is not None else []

    @cached_property
    def pictures(self) -> TextureLibrary:
        """Return the pictures; raises InputRefused where there is no library of them."""
        if self.textures is None:
            raise InputRefused("no_textures", "the scene wants pictures of a library: give --textures DIR")
        return TextureLibrary.from_folder(self.textures)

    @cached_property
    def _meshes_by_name(self) -> dict[str, IndexedMesh]:
        assert self.meshes is not None
        return {mesh.name: mesh for mesh in MeshLibrary.from_folder(self.meshes).meshes}


NO_LIBRARIES = Libraries()
