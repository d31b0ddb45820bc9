"""How inner loops are compiled: once per machine, at first use, and free of Python's lock, so that threads help."""

from collections.abc import Callable
from typing import Any

import numba
import numba.extending


def inlinable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let compiled functions call a function that stays plain Python for everyone else."""
    return numba.extending.register_jitable(function)  # type: ignore[no-any-return]


def compiled_exactly(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function whose sums are taken as they are written, so that every processor gets the same bits."""
    made: Callable[..., Any] = numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    return made


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function to machine code. Sums may be taken in any order, and nothing in it may be infinite or NaN."""
    made: Callable[..., Any] = numba.njit(nogil=True, cache=True, fastmath=True, error_model="numpy")(function)
    return made


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Write a function into those compiled ones that call it, whose own arrays its loops then know apart."""
    return numba.extending.register_jitable(inline="always")(function)  # type: ignore[no-any-return]
