"""Where figures come from: version, commit and machine."""

import os
import platform
import subprocess
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any
from xml.etree import ElementTree


def provenance(settings: dict[str, Any]) -> dict[str, Any]:
    """Say when, with what and where figures were made."""
    return {
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "version": version(),
        "commit": commit(),
        "machine": machine(),
        "settings": settings,
    }


def version() -> str:
    """Return the version of the installed package, or of the source tree that it runs from."""
    try:
        return metadata.version("foundation-perception")
    except metadata.PackageNotFoundError:
        manifest = Path(__file__).parents[2] / "package.xml"
        return (ElementTree.parse(manifest).findtext("version") if manifest.is_file() else None) or "unknown"


def commit() -> str | None:
    """Return the commit that this code runs from, with + where files were changed since; None elsewhere."""
    here = Path(__file__).parent
    try:
        found = subprocess.run(
            ["git", "-C", here, "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def machine() -> dict[str, Any]:
    """Describe the machine: processor, cores that may be used, system, and the versions that figures depend on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "cpu": _cpu_name(),
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: _version_of(name) for name in ("numpy", "scipy", "trimesh", "open3d")},
    }


def _version_of(name: str) -> str | None:
    for distribution in (name, f"{name}-cpu"):
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return None


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
