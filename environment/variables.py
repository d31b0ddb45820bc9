"""The variables under which commands see the environment."""

import os

from .layout import BYTECODE, INSTALL, INSTALLED_PACKAGES, ROOT, SITE_PACKAGES, VENV

# ROS keeps a package's own commands in lib/PACKAGE.
EXECUTABLES = (INSTALL / "bin", INSTALL / "lib" / "foundation_perception", VENV / "bin")
THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def library_path() -> str:
    """Folders of the ROS wheels' shared libraries, then the caller's own without those of another ROS."""
    ours = [INSTALL / "lib", VENV / "lib", *sorted(SITE_PACKAGES.glob("ros_*.libs"))]
    callers = [part for part in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if part]
    kept = [part for part in callers if not part.startswith(("/opt/ros/", str(VENV), str(INSTALL)))]
    return os.pathsep.join([*map(str, ours), *kept])


def environment_variables() -> dict[str, str]:
    """The caller's variables with ROS's replaced, so that a ROS sourced before doesn't mix with this one.

    Python modules come from the source tree, which stands first on PYTHONPATH: an edit needs no build. Thread counts
    and discovery range are set only where the caller hasn't set them.
    """
    variables = dict(os.environ)
    # Wheels are compiled on first import. Where that may not be kept, every process would do it again: seconds of each.
    for name in ("PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "COLCON_PREFIX_PATH", "ROS_LOCALHOST_ONLY"):
        variables.pop(name, None)
    prefixes = os.pathsep.join([str(INSTALL), str(VENV)])
    variables.update(
        VIRTUAL_ENV=str(VENV),
        PATH=os.pathsep.join([*map(str, EXECUTABLES), os.environ.get("PATH", os.defpath)]),
        PYTHONPATH=os.pathsep.join([str(ROOT), str(INSTALLED_PACKAGES)]),
        PYTHONNOUSERSITE="1",
        PYTHONPYCACHEPREFIX=str(BYTECODE),
        AMENT_PREFIX_PATH=prefixes,
        CMAKE_PREFIX_PATH=prefixes,
        LD_LIBRARY_PATH=library_path(),
        RMW_IMPLEMENTATION="rmw_fastrtps_cpp",
        ROS_DISTRO="kilted",
        ROS_VERSION="2",
        ROS_PYTHON_VERSION="3",
        # The wheels' .pth file would set the library path and start Python a second time.
        _ROS_WHEELS_BOOTSTRAP_COMPLETE="1",
    )
    variables.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    for name in THREAD_COUNTS:
        variables.setdefault(name, str(len(os.sched_getaffinity(0))))
    return variables
