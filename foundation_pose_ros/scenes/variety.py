"""How much a set of scenes differs within itself."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .bodies import kind_of
from .body_spec import BodySpec, LibraryMesh
from .scene_spec import SceneSpec


@dataclass(frozen=True)
class Variety:
    """Distinct ones among the bodies of some scenes.

    kinds: designs, families and library meshes. materials: pairs of material and kind of surface. words: single words
    of prints, whatever their case. themes: what scenes are said to be of. theme_words: words of five letters or
    more in these.
    """

    scenes: int
    bodies: int
    kinds: int
    materials: int
    words: int
    themes: int
    theme_words: int


def variety(specs: Iterable[SceneSpec]) -> Variety:
    """Count what differs in all bodies of these scenes."""
    specs = list(specs)
    bodies = [body for spec in specs for body in (*spec.objects, *spec.clutter)]
    return Variety(
        scenes=len(specs),
        bodies=len(bodies),
        kinds=len({kind_of(body) for body in bodies}),
        materials=len({(body.material, body.surface.kind) for body in bodies}),
        words=len({word.lower() for body in bodies for word in _words(body)}),
        themes=len({spec.theme.lower() for spec in specs}),
        theme_words=len({word for spec in specs for word in re.findall(r"[^\W\d_]{5,}", spec.theme.lower())}),
    )


def _words(body: BodySpec) -> list[str]:
    if isinstance(body.what, LibraryMesh):
        return []
    return f"{body.what.print.brand or ''} {body.what.print.goods or ''}".split()
