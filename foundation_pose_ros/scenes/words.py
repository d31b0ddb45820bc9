"""Words to print: made-up brands from two halves, and goods with what is said of them."""

from collections.abc import Sequence

import numpy as np

_HEADS = "AL BER COR DAN EL FIN GAR HOL IS JAN KAR LUN MER NOR OS PEL QUI ROS SOL TAN UL VER WIN YAR ZEN"
_TAILS = "A ADO BY DEN ELLE EX FORD IA IKO INE ITA LA MARK O ON ORA RIS TEX TON UM VA VILLE WELL"
_QUALITIES = "dark fine fresh golden light mild organic plain roasted salted smoked spiced sweet warm whole wild"
_GOODS = (
    "almonds barley beans biscuits butter cereal cocoa coffee corn flour honey jam juice lentils milk noodles nuts "
    "oats oil olives pasta peas pepper plums rice rye sauce soap soup sugar syrup tea tomatoes tuna wax yeast"
)


def drawn_brand(rng: np.random.Generator) -> str:
    """Draw one of 575 brands."""
    return _one(_HEADS.split(), rng) + _one(_TAILS.split(), rng)


def drawn_goods(rng: np.random.Generator) -> str:
    """Draw one of 592 names of goods."""
    return f"{_one(_QUALITIES.split(), rng)} {_one(_GOODS.split(), rng)}"


def _one(words: Sequence[str], rng: np.random.Generator) -> str:
    return words[int(rng.integers(len(words)))]
