"""The virtual environment and its wheels, from complete pinned lists: nothing is resolved, so nothing can drift."""

import shutil
import sys
import sysconfig
from pathlib import Path

from .layout import CONTRIB, DOCS_TOOLS, SITE_PACKAGES, SOURCES, VENV, VENV_PYTHON
from .stamps import fingerprint, forget, is_current, set_current
from .steps import run_step

LISTS = {
    "ros": "ROS 2 Kilted and colcon",
    "core": "the core's libraries",
    "test": "the tests' tools",
    "torch": "PyTorch",
}
# Each in a folder of its own: what can't stand beside the lists above, and what only one command needs.
APART = {
    "contrib": ("what the benchmarks compare with", CONTRIB),
    "docs": ("what writes the reference", DOCS_TOOLS),
}


def requirements(name: str) -> Path:
    """The list's file."""
    return SOURCES / f"requirements-{name}.txt"


def ensure_venv() -> None:
    """Make the virtual environment from this interpreter, anew when another one made it or the repository moved."""
    wanted = fingerprint([])
    if is_current("venv", wanted) and VENV_PYTHON.exists():
        return
    forget("venv", *LISTS, "interfaces", "package")
    shutil.rmtree(VENV, ignore_errors=True)
    version = sys.version.split()[0]
    run_step("venv", f"virtual environment with Python {version}", [sys.executable, "-m", "venv", VENV])
    set_current("venv", wanted)


def ensure_wheels(name: str) -> None:
    """Install one of LISTS; the ROS wheels' CMake files are then made to name this machine's paths."""
    wanted = fingerprint([requirements(name)])
    if is_current(name, wanted):
        return
    forget(name)
    _install(name, LISTS[name])
    if name == "ros":
        rewrite_cmake_paths(VENV / "share")
    set_current(name, wanted)


def ensure_apart(name: str) -> None:
    """Install one of APART into its folder, anew where its list changed."""
    wanted = fingerprint([requirements(name)])
    if is_current(name, wanted):
        return
    forget(name)
    title, folder = APART[name]
    shutil.rmtree(folder, ignore_errors=True)
    _install(name, title, "--target", str(folder))
    set_current(name, wanted)


def _install(name: str, title: str, *where: str) -> None:
    # Dependencies are left out of the question (the lists are complete) and bytecode is compiled on first import.
    options = ["--no-deps", "--no-compile", "--only-binary=:all:", "--disable-pip-version-check", "--progress-bar=off"]
    command = [VENV_PYTHON, "-m", "pip", "install", *options, *where, "-r", requirements(name)]
    run_step(f"wheels-{name}", f"wheels of {title}", command)


def rewrite_cmake_paths(share: Path) -> int:
    """Put this machine's paths where the wheels' CMake files name those of the machine that built them.

    Returns how many files were changed.
    """
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    builder = f"/opt/python/{tag}-{tag}"
    replacements = {
        f"{builder}/include/{version}": sysconfig.get_paths()["include"],
        f"{builder}/lib/{version}/site-packages/numpy/_core/include": str(SITE_PACKAGES / "numpy/_core/include"),
    }
    changed = 0
    for file in share.rglob("*.cmake"):
        text = new_text = file.read_text(encoding="utf-8")
        for old, new in replacements.items():
            new_text = new_text.replace(old, new)
        if new_text != text:
            file.write_text(new_text, encoding="utf-8")
            changed += 1
    return changed
