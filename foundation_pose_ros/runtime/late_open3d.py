"""Open3D, imported when something of it is first asked for: `from ..runtime import late_open3d as o3d`.

It brings plotting with it, and takes a second or two to load, which nodes that never make a model needn't wait for.
"""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    # What Python itself asks modules for, as whether they are packages, isn't Open3D's to answer.
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("open3d"), name)
