"""Builds our package, and the two interface packages that the wheels lack, with colcon."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from .layout import BUILD, INSTALL, INTERFACES, LOGS, MADE, ROOT, VENV, VENV_PYTHON
from .stamps import fingerprint, forget, is_current, set_current
from .steps import run_step
from .variables import environment_variables
from .wheels import requirements

STAGED = MADE / "workspace"
INSTALLED_FOLDERS = ("config", "launch")
PYTHON_PACKAGES = ("foundation_pose_ros", "universeg_ros")


def build_inputs() -> list[Path]:
    """Files whose contents need a build when they change. Python modules don't: they run from the source tree."""
    single = [ROOT / name for name in ("package.xml", "CMakeLists.txt", "setup.cfg")]
    interfaces = [*(ROOT / "msg").glob("*.msg"), *(ROOT / "srv").glob("*.srv")]
    beside = [file for file in INTERFACES.rglob("*") if file.is_file()]
    return [file for file in [*single, *interfaces, *beside, requirements("ros")] if file.is_file()]


def installed_names() -> Iterator[str]:
    """Names of installed files: they are linked to, so only a new or a removed one needs a build."""
    for folder in INSTALLED_FOLDERS:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield str(file.relative_to(ROOT))
    yield from (module for module in PYTHON_PACKAGES if (ROOT / module).is_dir())


def stage() -> list[Path]:
    """Lay out the packages to build, by links, and return their folders.

    Our package can't be built where it stands: the virtual environment lies inside it, and CMake refuses include
    folders below a source folder in what is installed.
    """
    shutil.rmtree(STAGED, ignore_errors=True)
    ours = STAGED / "foundation_perception"
    ours.mkdir(parents=True)
    names = ("package.xml", "CMakeLists.txt", "setup.cfg", "LICENSE", "msg", "srv", *INSTALLED_FOLDERS, *PYTHON_PACKAGES)
    for name in names:
        if (ROOT / name).exists():
            (ours / name).symlink_to(ROOT / name)
    return [ours, INTERFACES / "tf2_msgs", INTERFACES / "vision_msgs"]


def ensure_workspace() -> None:
    """Build when an input changed. Needs the ROS wheels."""
    wanted = fingerprint(build_inputs(), *installed_names())
    if is_current("workspace", wanted):
        return
    forget("workspace")
    # A file that is gone from the sources would stay installed: interfaces and links are few, so start clean.
    shutil.rmtree(INSTALL, ignore_errors=True)
    shutil.rmtree(BUILD, ignore_errors=True)
    variables = environment_variables()
    variables["AMENT_PREFIX_PATH"] = variables["CMAKE_PREFIX_PATH"] = str(VENV)
    variables.update(COLCON_LOG_PATH=str(LOGS / "colcon"), COLCON_HOME=str(LOGS / "colcon-home"))
    variables.pop("PYTHONPATH")
    run_step(
        "workspace",
        "messages and ROS packages (colcon build)",
        [
            *(VENV_PYTHON, "-m", "colcon", "build", "--merge-install", "--symlink-install"),
            *("--paths", *stage()),
            *("--build-base", BUILD, "--install-base", INSTALL),
            *("--event-handlers", "console_direct+"),
            *("--cmake-args", "-DBUILD_TESTING=OFF", "-DCMAKE_CXX_FLAGS=-O0", f"-DPython3_EXECUTABLE={VENV_PYTHON}"),
        ],
        {**variables, "MAKEFLAGS": f"-j{len(os.sched_getaffinity(0))}"},
    )
    set_current("workspace", wanted)
