"""A folder of meshes with an index: where each is from, under which licence, how large it is, and how it is coloured.

The index is `index.csv` beside the meshes, with at least the columns name, file, licence and diameter_m.
"""

import csv
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputRefused
from ..object_model.model import ObjectModel

# What was trained on renderings of meshes under these may be shipped, commercially too.
SHIPPABLE = frozenset(
    {
        "Apache-2.0",
        "BSD-3-Clause",
        "CC-BY-3.0",
        "CC-BY-3.0-US",
        "CC-BY-4.0",
        "CC0-1.0",
        "MIT",
        "MIT-0",
        "public-domain",
        "public-domain-NIST",
    }
)
_INDEX = "index.csv"
_COLUMNS = frozenset({"name", "file", "licence", "diameter_m"})
_BUCKETS = 10_000


@dataclass(frozen=True)
class IndexedMesh:
    """One row of the index.

    name: unique in its library. path: of the mesh file, in metres. licence: SPDX identifier, or as the index has it.
    diameter_m: above 0. textured, has_uv: what its file brings. kind: scan, model, cad, stylised, ... or empty.
    attribution: whom its licence asks to name, or empty.
    """

    name: str
    path: Path
    licence: str
    diameter_m: float
    textured: bool = False
    has_uv: bool = False
    kind: str = ""
    attribution: str = ""

    def model(self) -> ObjectModel:
        """Read it; raises InputRefused as `ObjectModel.from_mesh` does."""
        return ObjectModel.from_mesh(self.path, name=self.name)


@dataclass(frozen=True)
class MeshLibrary:
    """Meshes of one folder, in the order of its index."""

    meshes: tuple[IndexedMesh, ...]

    @classmethod
    def from_folder(
        cls, folder: str | Path, licences: Collection[str] = SHIPPABLE, left_out: Collection[str] = ()
    ) -> "MeshLibrary":
        """Read the index of a folder, and keep the meshes under these licences whose name isn't left out.

        Raises InputRefused where there is no index, a row of it can't be read, a mesh lies outside the folder, or none
        is left.
        """
        root = Path(folder)
        index = root / _INDEX
        if not index.is_file():
            raise InputRefused("no_meshes", f"{root} has no {_INDEX}: give the folder of a mesh library")
        with index.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = sorted(_COLUMNS - set(reader.fieldnames or ()))
            if missing:
                raise InputRefused("bad_index", f"{index} has no column {', '.join(missing)}: add it")
            meshes = [_mesh(root, row, f"{index}, line {reader.line_num}") for row in reader]
        kept = tuple(mesh for mesh in meshes if mesh.licence in licences and mesh.name not in set(left_out))
        if not kept:
            raise InputRefused("no_meshes", f"{index} lists no mesh under {', '.join(sorted(licences))}")
        return cls(kept)

    def parted(self, share: float) -> tuple["MeshLibrary", "MeshLibrary"]:
        """Split off a share, 0 to 1, of the meshes by their names: the rest, and what is held out.

        A mesh stays on its side whatever else is in the library.
        """
        held = [_bucket(mesh.name) < share * _BUCKETS for mesh in self.meshes]
        return self._picked(lambda k: not held[k]), self._picked(lambda k: held[k])

    def some(self, count: int) -> "MeshLibrary":
        """Return so many of the meshes, in an order that their names give: more of them hold all that fewer do."""
        mixed = sorted(self.meshes, key=lambda mesh: zlib.crc32(mesh.name[::-1].encode()))
        chosen = {mesh.name for mesh in mixed[:count]}
        return self._picked(lambda k: self.meshes[k].name in chosen)

    def __len__(self) -> int:
        return len(self.meshes)

    def _picked(self, wanted: Callable[[int], bool]) -> "MeshLibrary":
        return MeshLibrary(tuple(mesh for k, mesh in enumerate(self.meshes) if wanted(k)))


def _bucket(name: str) -> int:
    return zlib.crc32(name.encode()) % _BUCKETS


def _mesh(root: Path, row: dict[str, str], where: str) -> IndexedMesh:
    path = root / row["file"]
    if not path.resolve().is_relative_to(root.resolve()):
        raise InputRefused("bad_index", f"{where}: {row['file']} lies outside the folder: move it there")
    try:
        diameter_m = float(row["diameter_m"])
    except (TypeError, ValueError):
        raise InputRefused("bad_index", f"{where}: diameter_m is {row['diameter_m']!r}: give metres") from None
    return IndexedMesh(
        name=row["name"],
        path=path,
        licence=row["licence"],
        diameter_m=diameter_m,
        textured=row.get("textured") == "yes",
        has_uv=row.get("has_uv") == "yes",
        kind=row.get("kind") or "",
        attribution=row.get("attribution") or "",
    )
