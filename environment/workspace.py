"""Builds our package, and the interface packages that the wheels lack, with colcon."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from .layout import BUILD, INSTALL, INTERFACES, LOGS, MADE, ROOT, VENV_PYTHON
from .stamps import fingerprint, forget, is_current, set_current
from .steps import run_step
from .variables import environment_variables
from .wheels import requirements

PACKAGE = "foundation_perception"
LACKING = ("moveit_msgs", "object_recognition_msgs", "tf2_msgs", "vision_msgs")
STAGED = MADE / "workspace" / PACKAGE
INSTALLED_FOLDERS = ("client", "config", "examples", "launch")
PYTHON_PACKAGES = ("foundation_pose_ros", "universeg_ros")


def package_inputs() -> list[Path]:
    """Files whose contents need a build when they change. Python modules don't: they run from the source tree."""
    single = [ROOT / name for name in ("package.xml", "CMakeLists.txt", "pyproject.toml")]
    return [
        *single,
        *(ROOT / "msg").glob("*.msg"),
        *(ROOT / "srv").glob("*.srv"),
        *(ROOT / "action").glob("*.action"),
        requirements("ros"),
    ]


def installed_names() -> Iterator[str]:
    """Names of installed files: they are linked to, so only a new or a removed one needs a build."""
    for folder in INSTALLED_FOLDERS:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield str(file.relative_to(ROOT))
    yield from (module for module in PYTHON_PACKAGES if (ROOT / module).is_dir())


def stage() -> Path:
    """Lay out our package by links, and return its folder.

    It can't be built where it stands: the virtual environment lies inside it, and CMake refuses include folders below
    a source folder in what is installed.
    """
    shutil.rmtree(STAGED, ignore_errors=True)
    STAGED.mkdir(parents=True)
    names = (
        "package.xml",
        "CMakeLists.txt",
        "pyproject.toml",
        "LICENSE",
        "action",
        "msg",
        "srv",
        *INSTALLED_FOLDERS,
        *PYTHON_PACKAGES,
    )
    for name in names:
        if (ROOT / name).exists():
            (STAGED / name).symlink_to(ROOT / name)
    return STAGED


def ensure_interfaces() -> None:
    """Build the packages in LACKING when their definitions changed. Needs the ROS wheels."""
    definitions = [file for file in INTERFACES.rglob("*") if file.is_file()]
    wanted = fingerprint([*definitions, requirements("ros")])
    if is_current("interfaces", wanted):
        return
    forget("interfaces", "package")
    shutil.rmtree(INSTALL, ignore_errors=True)
    shutil.rmtree(BUILD, ignore_errors=True)
    colcon_build("interfaces", "messages that the wheels lack (colcon build)", [INTERFACES / name for name in LACKING])
    set_current("interfaces", wanted)


def ensure_package() -> None:
    """Build foundation_perception when something that is compiled or installed changed. Needs the interfaces."""
    wanted = fingerprint(package_inputs(), *installed_names())
    if is_current("package", wanted):
        return
    forget("package")
    # What is gone from the sources must not stay installed.
    for folder in ("lib", "share"):
        shutil.rmtree(INSTALL / folder / PACKAGE, ignore_errors=True)
    colcon_build("package", f"{PACKAGE} (colcon build)", [stage()])
    set_current("package", wanted)


def colcon_build(step: str, title: str, packages: list[Path]) -> None:
    """Build the packages in these folders into one prefix, on every core that this process may use."""
    variables = environment_variables()
    # Installed Python packages must not hide colcon's own.
    variables.pop("PYTHONPATH")
    variables.update(
        COLCON_HOME=str(LOGS / "colcon-home"),
        COLCON_LOG_PATH=str(LOGS / "colcon"),
        MAKEFLAGS=f"-j{len(os.sched_getaffinity(0))}",
    )
    run_step(
        step,
        title,
        [
            *(VENV_PYTHON, "-m", "colcon", "build", "--merge-install", "--symlink-install"),
            *("--paths", *packages, "--build-base", BUILD, "--install-base", INSTALL),
            *("--event-handlers", "console_direct+"),
            *("--cmake-args", "-DBUILD_TESTING=OFF", f"-DPython3_EXECUTABLE={VENV_PYTHON}"),
        ],
        variables,
    )
