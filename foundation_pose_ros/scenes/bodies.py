"""Bodies of a description as items that can be put on a table."""

from copy import copy
from dataclasses import replace

import numpy as np

from ..object_model.appearance import CornerColours, Texture
from ..object_model.model import ObjectModel
from ..synthetic.generators import make_can, make_carton, make_turned
from ..synthetic.layout import Item
from ..synthetic.meshes import make_mesh
from ..synthetic.prints import Imprint, Palette
from ..synthetic.surface_textures import one_colour_of, patches, plain_sides, projected
from .body_spec import (
    BodySpec,
    Can,
    Carton,
    Design,
    LibraryMesh,
    OwnSurface,
    PatchesSurface,
    PlainSurface,
    Print,
    SidesSurface,
    Turned,
)
from .libraries import Libraries

# 0 matt to 1 glazed, as the shading of lighting.Light has it.
GLOSS = {
    "paper": 0.1,
    "rubber": 0.05,
    "wood": 0.2,
    "plastic": 0.4,
    "lacquer": 0.6,
    "metal": 0.7,
    "ceramic": 0.8,
    "glass": 1.0,
}


def kind_of(spec: BodySpec) -> str:
    """Return what a body is, in one word: a design, a family of generated bodies, or the name of a library's mesh."""
    what = spec.what
    return what.design if isinstance(what, Design) else what.name if isinstance(what, LibraryMesh) else what.kind


def item_of(spec: BodySpec, libraries: Libraries) -> Item:
    """Make the item; raises InputRefused for names that no library has."""
    name = kind_of(spec).replace("/", "_")
    model = _painted(_shape(spec.what, name, libraries), spec, libraries)
    return Item(name, model, GLOSS[spec.material], glass=spec.material == "glass")


def _shape(what: Design | Carton | Can | Turned | LibraryMesh, name: str, libraries: Libraries) -> ObjectModel:
    if isinstance(what, LibraryMesh):
        return scaled(libraries.mesh(what.name).model(), what.scale)
    imprint = _imprint(what.print)
    if isinstance(what, Design):
        mesh = make_mesh(what.design, what.seed, imprint).apply_scale(what.scale)
    elif isinstance(what, Carton):
        mesh = make_carton(what.size_m, what.seed, imprint)
    elif isinstance(what, Can):
        mesh = make_can(what.radius_m, what.height_m, what.seed, imprint)
    else:
        mesh = make_turned(what.profile_m, what.seed, imprint)
    return ObjectModel.from_mesh(mesh, name=name)


def _imprint(wanted: Print) -> Imprint:
    return Imprint(wanted.brand, wanted.goods, Palette(*wanted.colours) if wanted.colours else None)


def _painted(model: ObjectModel, spec: BodySpec, libraries: Libraries) -> ObjectModel:
    surface = spec.surface
    if isinstance(surface, OwnSurface):
        return model
    if isinstance(surface, PlainSurface):
        return model.repainted(one_colour_of(model, np.array(surface.colour, np.float32) / 255))
    rng = np.random.default_rng(surface.seed)
    if isinstance(surface, SidesSurface):
        return model.repainted(plain_sides(model, rng))
    picture = patches(rng) if isinstance(surface, PatchesSurface) else libraries.pictures.named(surface.name)
    return model.repainted(projected(model, picture, rng, surface.repeats))


def scaled(model: ObjectModel, scale: float) -> ObjectModel:
    """Return a model `scale` times as large, in the same colours."""
    if scale == 1:
        return model
    appearance = model.appearance
    if isinstance(appearance, Texture):
        appearance = copy(appearance)
        appearance.texel_m *= scale
    else:
        assert appearance is None or isinstance(appearance, CornerColours)
    return replace(model, vertices=model.vertices * np.float32(scale), appearance=appearance)
