"""Which of many topics are a camera's, by what their names say. Needs no ROS."""

from collections.abc import Sequence

# What stands in the names of topics.
_COLOUR = ("color", "colour", "rgb", "left")
_NOT_COLOUR = ("depth", "infra", "/ir/", "mask", "overlay")


def guessed_rgb(images: Sequence[str]) -> str:
    """Choose a colour camera's topic by its name, '' where none looks like one."""
    likely = [name for name in images if not any(word in name for word in _NOT_COLOUR)]
    named = [name for name in likely if any(word in name for word in _COLOUR)]
    return _first([name for name in named if "rect" in name] or named or likely)


def guessed_depth(images: Sequence[str]) -> str:
    """Choose a depth camera's topic by its name, aligned depth first, '' where none looks like one."""
    likely = [name for name in images if "depth" in name]
    aligned = [name for name in likely if "aligned" in name or "registered" in name or "to_rgb" in name]
    return _first(aligned or likely)


def beside(image: str, name: str) -> str:
    """Return the topic of a name in an image's namespace, a transport's own level left out."""
    for transport in ("/compressed", "/compressedDepth"):
        image = image.removesuffix(transport)
    return f"{image.rpartition('/')[0]}/{name}"


def _first(names: Sequence[str]) -> str:
    return min(names, key=lambda name: (len(name), name), default="")
