"""An object of any family, drawn at random: what networks learn from beside the meshes of a library."""

from collections.abc import Callable

import numpy as np
import trimesh

from ...errors import InputRefused
from ...object_model.surface import diameter
from .combined import combined
from .lathes import LATHES
from .packages import PACKAGES
from .tools import TOOLS

DIAMETERS_M = (0.03, 0.4)
# Kinds of each family; what the family is called is what an object is called first.
FAMILIES: dict[str, dict[str, Callable[[np.random.Generator], trimesh.Trimesh]]] = {
    "combined": {"combined": combined},
    "lathe": LATHES,
    "package": PACKAGES,
    "tool": TOOLS,
}


def draw_object(rng: np.random.Generator, family: str | None = None, kind: str | None = None) -> trimesh.Trimesh:
    """Draw an object, with its family and kind (`metadata`): closed, in metres, the middle of its box at the origin.

    Families, their kinds and diameters are drawn evenly, small diameters as often as large ones. Packages bring a
    print, others no colours. Raises InputRefused for a family or kind that there isn't.
    """
    family = str(rng.choice(list(FAMILIES))) if family is None else family
    if family not in FAMILIES:
        raise InputRefused("unknown_object", f"no family is called {family!r}: choose from {', '.join(FAMILIES)}")
    kinds = FAMILIES[family]
    kind = str(rng.choice(list(kinds))) if kind is None else kind
    if kind not in kinds:
        raise InputRefused("unknown_object", f"no {family} is called {kind!r}: choose from {', '.join(kinds)}")
    diameter_m = float(np.exp(rng.uniform(*np.log(DIAMETERS_M))))
    mesh = kinds[kind](rng)
    mesh.apply_translation(-mesh.bounds.mean(axis=0))
    mesh.apply_scale(diameter_m / diameter(np.asarray(mesh.vertices)))
    mesh.metadata |= {"name": kind, "family": family}
    return mesh
