"""What a process has loaded for good, kept out of the garbage collector's way."""

import gc


def settle_memory() -> None:
    """Collect what is garbage, and spare everything that is left from being looked at again.

    Of a node's 300 000 objects nearly all are modules and compiled loops: a look at all of them, once a minute or so,
    holds up every thread for as long as several images take. Called again it begins anew, so that nothing is kept that
    has become garbage since.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
