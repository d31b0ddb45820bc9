"""Words to draw: made-up brands from two halves, goods with what is said of them, and places with what is up there."""

from collections.abc import Sequence

import numpy as np

_HEADS = "AL BER COR DAN EL FIN GAR HOL IS JAN KAR LUN MER NOR OS PEL QUI ROS SOL TAN UL VER WIN YAR ZEN"
_TAILS = "A ADO BY DEN ELLE EX FORD IA IKO INE ITA LA MARK O ON ORA RIS TEX TON UM VA VILLE WELL"
_QUALITIES = "dark fine fresh golden light mild organic plain roasted salted smoked spiced sweet warm whole wild"
_GOODS = (
    "almonds barley beans biscuits butter cereal cocoa coffee corn flour honey jam juice lentils milk noodles nuts "
    "oats oil olives pasta peas pepper plums rice rye sauce soap soup sugar syrup tea tomatoes tuna wax yeast"
)

_PLACES = """
    an allotment shed | an architect's office | a bakery | a barber's shop | a bicycle workshop | a boat | a
    bookbinder's bench | a brewery | a butcher's counter | a camp site | a canteen | a caretaker's cupboard | a
    ceramics studio | a chemistry classroom | a chemist's shop | a chess club | a church hall | a cinema's
    counter | a cobbler's bench | a corner shop | a dairy | a dentist's surgery | a drawing class | an
    electronics bench | an engraver's bench | a farm kitchen | a film set | a fire station | a fishing hut | a
    florist's counter | a garage | a garden table | a greenhouse | a grocer's stall | a gym | a hairdresser's |
    a hospital ward | a hotel breakfast | an ice cream van | an ironmonger's | a joiner's shop | a kindergarten
    | a kitchen | a laundry | a library | a locksmith's | a machine shop | a mail room | a model maker's table |
    a mountain hut | a museum's workshop | a music room | a newsroom | a nursery | an office desk | an
    optician's | an orchard | a paint shop | a pastry kitchen | a pet shop | a picnic | a plumber's van | a post
    office | a pottery | a printer's shop | a reptile keeper's room | a restaurant's pass | a sailing school | a
    school canteen | a sewing room | a soap maker's | a stable | a street kitchen | a student's room | a
    tailor's | a tea house | a theatre's wardrobe | a toy shop | a train's buffet | a vet's | a vineyard | a
    watchmaker's | a weather station | a zoo's feed room
"""
_OCCASIONS = """
    after closing | at a festival | at dawn | at the weekend | before a storm | before an inspection | by the
    sea | by the road | during a lesson | during repairs | for children | for guests | for sale | forty years
    ago | in a big city | in a cold country | in a hurry | in a hot country | in a mountain village | in a
    museum | in a poor year | in a very tidy place | in summer | in the basement | in the middle of work | in
    winter | just unpacked | on a birthday | on moving day | on the first day | put away for the night | under
    the roof
"""


def drawn_places(rng: np.random.Generator, count: int) -> list[str]:
    """Draw places for scenes, each with what is up there; no place twice while there are others."""
    places, occasions = _listed(_PLACES), _listed(_OCCASIONS)
    order = np.concatenate([rng.permutation(len(places)) for _ in range(-(-count // len(places)))])
    return [f"{places[k]} {_one(occasions, rng)}" for k in order[:count].tolist()]


def drawn_brand(rng: np.random.Generator) -> str:
    """Draw one of 575 brands."""
    return _one(_HEADS.split(), rng) + _one(_TAILS.split(), rng)


def drawn_goods(rng: np.random.Generator) -> str:
    """Draw one of 592 names of goods."""
    return f"{_one(_QUALITIES.split(), rng)} {_one(_GOODS.split(), rng)}"


def _one(words: Sequence[str], rng: np.random.Generator) -> str:
    return words[int(rng.integers(len(words)))]


def _listed(text: str) -> list[str]:
    return [" ".join(one.split()) for one in text.split("|")]
