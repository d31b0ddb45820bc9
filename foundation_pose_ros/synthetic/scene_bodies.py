"""Which bodies a scene has: its objects, a screen before them, clutter beside them, and a hand."""

from collections import Counter
from dataclasses import replace
from functools import lru_cache

import numpy as np

from ..object_model.model import ObjectModel
from .body import Body
from .hand import hand_model, hand_path
from .layout import ClutterRules, Item, Viewpoints, place_clutter, place_screen
from .meshes import DESIGNS, make_mesh
from .scene_settings import SceneSettings

_FIRST_OBJECTS = ("mug", "cracker_box", "soda_can", "sticker_cube", "bottle", "bracket")
_CLUTTER = ("cracker_box", "soda_can", "book", "bowl", "bottle", "ball", "mug", "sticker_cube")
_SCREENS = ("soda_can", "bottle", "mug", "cracker_box")
_HAND_GLOSS, _OWN_MODEL_GLOSS = 0.05, 0.15


@lru_cache(maxsize=32)
def made_item(name: str, seed: int) -> Item:
    """Return a made-up object of `meshes.DESIGNS`."""
    return Item(name, ObjectModel.from_mesh(make_mesh(name, seed), name=name), DESIGNS[name].gloss)


def object_items(settings: SceneSettings) -> list[Item | Body]:
    """Return the objects that are asked for, with names of their own; instances of one name share their model."""
    asked = settings.objects
    if isinstance(asked, int):
        asked = [_FIRST_OBJECTS[k % len(_FIRST_OBJECTS)] for k in range(asked)]
    items: list[Item | Body] = []
    seen: Counter[str] = Counter()
    for entry in asked:
        item = entry if isinstance(entry, Item | Body) else _item(entry, settings.seed)
        seen[item.name] += 1
        items.append(item if seen[item.name] == 1 else replace(item, name=f"{item.name}_{seen[item.name]}"))
    return items


def _item(entry: str | ObjectModel, seed: int) -> Item:
    return made_item(entry, seed) if isinstance(entry, str) else Item(entry.name, entry, _OWN_MODEL_GLOSS)


def beside_objects(
    settings: SceneSettings, objects: list[Body], views: Viewpoints, size: float, rng: np.random.Generator
) -> list[Body]:
    """Place a screen, where objects are to be hidden, and the clutter; size: of the table, 1 for small objects."""
    used = {body.model.name for body in objects}
    others: list[Body] = []
    if settings.occlusion > 0:
        screens = [replace(made_item(name, settings.seed + 31), name="screen") for name in _SCREENS if name not in used]
        screen = place_screen(screens, objects, settings.occlusion, views, rng)
        others += [screen] if screen is not None else []
    # A lifted object needs room around it.
    rules = ClutterRules((0.26 if settings.moving_object else 0.10 * size, 0.45 * size))
    items = (
        _made_clutter(settings.clutter, used, settings.seed, rng)
        if isinstance(settings.clutter, int)
        else settings.clutter
    )
    # What has its place keeps it, and the others stand around it.
    others += [item for item in items if isinstance(item, Body)]
    for item in items:
        if isinstance(item, Item):
            body = place_clutter(item, [*objects, *others], objects, views, rng, rules)
            others += [body] if body is not None else []
    return others


def _made_clutter(count: int, used: set[str], seed: int, rng: np.random.Generator) -> list[Item]:
    kinds = [name for name in _CLUTTER if name not in used] or list(_CLUTTER)
    order = rng.permutation(len(kinds))
    names = [kinds[order[k % len(kinds)]] for k in range(count)]
    return [replace(made_item(name, seed + 1 + k), name=f"clutter_{k}_{name}") for k, name in enumerate(names)]


def reaching_hand(settings: SceneSettings, target_m: np.ndarray, eye_m: np.ndarray, rng: np.random.Generator) -> Body:
    """Return a hand that reaches again and again before a target (3,), as seen from an eye (3,), both in the world."""
    path = hand_path(settings.frames, settings.rate_hz, target_m, eye_m, rng, settings.hand_period_s)
    return Item("hand", hand_model(rng), _HAND_GLOSS).at(path)
