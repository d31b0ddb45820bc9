"""Where what was once found of meshes is kept for the next process.

In FOUNDATION_PERCEPTION_CACHE, or in foundation_perception/ of the user's cache folder (XDG_CACHE_HOME, else ~/.cache).
Where that can't be read or written the work is done each time; an empty FOUNDATION_PERCEPTION_CACHE keeps nothing.
"""

import os
from pathlib import Path

VARIABLE = "FOUNDATION_PERCEPTION_CACHE"


def cache_folder() -> Path | None:
    """Return the folder; None where nothing is to be kept."""
    given = os.environ.get(VARIABLE)
    if given is not None:
        return Path(given) if given else None
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return home / "foundation_perception"
