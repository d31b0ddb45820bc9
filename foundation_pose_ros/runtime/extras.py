"""The package's extras: which libraries each brings, and what to say where they aren't installed."""

from importlib.util import find_spec

from ..errors import InputRefused

# By extra, the names under which its libraries are imported.
LIBRARIES = {
    "agents": ("mcp",),
    "bags": ("rosbags",),
    "benchmarks": ("small_gicp",),
    "browser": ("viser",),
    "learned": ("torch", "safetensors"),
    "llm": ("openai", "pydantic"),
    "onnx": ("onnx", "onnxruntime"),
    "photoreal": ("mitsuba", "pyoidn", "pydantic"),
    "physics": ("mujoco", "pydantic"),
    "ray": ("ray", "pydantic"),
    "reconstruction": ("xatlas",),
    "scenes": ("pydantic",),
    "segmentation": ("torch", "safetensors"),
    "segmentation-evaluation": ("torch", "safetensors", "sklearn"),
    "simulation": ("mujoco", "OpenGL"),
    "tensorboard": ("torch", "tensorboard"),
    "text": ("torch", "transformers"),
    "warp": ("torch", "warp"),
}


def install_command(extra: str) -> str:
    """Return what to type so that the libraries of an extra are there."""
    return f"pip install 'foundation-perception[{extra}]'"


def needed(what: str, extra: str, otherwise: str = "") -> str:
    """Say that something needs the libraries of an extra, and how to install them.

    what: the sentence's subject. otherwise: what can be done without them.
    """
    if extra not in LIBRARIES:
        raise KeyError(f"no extra {extra!r}: choose from {', '.join(LIBRARIES)}")
    said = f"{what} needs {' and '.join(LIBRARIES[extra])}: {install_command(extra)}"
    return f"{said}; {otherwise}" if otherwise else said


def require(what: str, extra: str, reason: str = "missing_package", otherwise: str = "") -> None:
    """Raise InputRefused, in the words of `needed`, where a library of an extra isn't installed.

    None of them is imported: this is asked before work begins.
    """
    if any(find_spec(library) is None for library in LIBRARIES[extra]):
        raise InputRefused(reason, needed(what, extra, otherwise))
