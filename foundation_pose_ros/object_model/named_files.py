"""The files that a mesh file names beside itself: materials, textures, buffers."""

from pathlib import Path

from trimesh.resolvers import FilePathResolver

from ..errors import InputRefused
from .mesh_size import check_named_file


class NamedFiles(FilePathResolver):
    """Gives trimesh what a mesh file names, where it isn't too large, and notes it.

    read: the files that were given. missing: whether one was named that isn't there. refused: why the first one that
    was too large wasn't given; trimesh reads on without it.
    """

    def __init__(self, mesh: Path) -> None:
        super().__init__(str(mesh))
        self.read: set[Path] = set()
        self.missing = False
        self.refused: InputRefused | None = None

    def get(self, name: str) -> bytes:
        """Return a file's content; raises InputRefused."""
        found = [path for path in map(self._inside, _spellings(name)) if path is not None and path.is_file()]
        for path in found:
            self._check(path)
        self.read.update(found)
        self.missing = self.missing or not found
        content: bytes = super().get(name)
        return content

    def _inside(self, name: str) -> Path | None:
        try:
            return Path(self.absolute(name))
        except ValueError:  # outside the mesh's folder, where trimesh doesn't read either
            return None

    def _check(self, path: Path) -> None:
        try:
            check_named_file(path)
        except InputRefused as refused:
            self.refused = self.refused or refused
            raise


def _spellings(name: str) -> tuple[str, ...]:
    """Under which names trimesh looks for a file."""
    return name.strip(), name.strip().lstrip("/"), Path(name).name
