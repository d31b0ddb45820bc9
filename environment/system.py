"""Checks what no wheel brings: platform, compilers, headers and shared libraries, with one line that installs them."""

import ctypes
import importlib.util
import os
import platform
import shutil
import sys
import sysconfig
from pathlib import Path

from .steps import StepFailed, run_step, say

LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libgomp.so.1": "libgomp1",
    "libidn2.so.0": "libidn2-0",
    "libudev.so.1": "libudev1",
    "libusb-1.0.so.0": "libusb-1.0-0",
}
PROGRAMS = {"gcc": "gcc", "g++": "g++", "make": "make"}
OPEN3D_GLIBC = (2, 35)


def check_platform() -> None:
    """Raise StepFailed where the wheels can't run at all."""
    machine, system = platform.machine(), platform.system()
    if (system, machine) != ("Linux", "x86_64"):
        raise StepFailed(
            f"ROS 2 comes as wheels for Linux on x86-64 only, and this is {system} on {machine}: "
            "install ROS 2 from its distribution and build with colcon, or use `pip install .` without ROS"
        )
    library, version = platform.libc_ver()
    if library == "glibc" and tuple(int(part) for part in version.split(".")[:2]) < OPEN3D_GLIBC:
        raise StepFailed(f"Open3D's wheel needs glibc 2.35 and this is {version}: use Debian 12, Ubuntu 22.04 or newer")


def missing_packages() -> list[str]:
    """Debian names of what isn't there."""
    missing = [package for library, package in LIBRARIES.items() if not _loads(library)]
    missing += [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
        missing.append(f"python{version}-dev")
    if importlib.util.find_spec("ensurepip") is None:
        missing.append(f"python{version}-venv")
    return sorted(missing)


def ensure_system() -> None:
    """Install what is missing where that's allowed and possible; otherwise raise StepFailed with the line that does."""
    check_platform()
    missing = missing_packages()
    if not missing:
        return
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    words = f"missing on this system: {', '.join(missing)}; they are installed by\n    {' '.join(install)}"
    if os.geteuid() != 0:
        raise StepFailed(words.replace("    apt-get", "    sudo apt-get"))
    if shutil.which("apt-get") is None:
        raise StepFailed(f"{words}\n  (Debian's names; take your distribution's)")
    say(words)
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run_step("apt-update", "reading the package lists", ["apt-get", "update"], variables)
    run_step("apt-install", "installing system packages", install, variables)
    still_missing = missing_packages()
    if still_missing:
        raise StepFailed(f"still missing after {' '.join(install)}: {', '.join(still_missing)}")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
