"""What is said of libraries that aren't installed names an extra that brings them."""

import re
import sys
from pathlib import Path

import pytest

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.runtime.extras import LIBRARIES, install_command, needed, require
from test.pyproject import PYPROJECT

ROOT = Path(__file__).resolve().parents[3]
# Distributions that aren't called as they are imported.
IMPORTED = {
    "mujoco-core": "mujoco",
    "pyopengl": "OpenGL",
    "scikit-learn": "sklearn",
    "small-gicp": "small_gicp",
    "warp-lang": "warp",
}


def test_extras_bring_the_libraries_that_are_said_to_come_with_them() -> None:
    project = PYPROJECT["project"]
    brought = {
        extra: {IMPORTED.get(name, name) for name in (re.match(r"[\w-]+", line).group() for line in lines)}  # type: ignore[union-attr]
        for extra, lines in project["optional-dependencies"].items()
    }
    assert project["name"] in install_command("bags")
    assert brought.pop("test")
    assert brought == {extra: set(libraries) for extra, libraries in LIBRARIES.items()}


def test_a_missing_library_is_refused_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xatlas", None)
    with pytest.raises(InputRefused) as refused:
        require("a texture", "reconstruction", otherwise="paint vertices")
    assert refused.value.reason == "missing_package"
    assert str(refused.value) == (
        "a texture needs xatlas: pip install 'foundation-perception[reconstruction]'; paint vertices"
    )


def test_what_is_there_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIBRARIES, "bags", ("json",))
    require("reading bags", "bags")


def test_an_unknown_extra_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="no extra 'bag'"):
        needed("reading bags", "bag")


def test_no_message_names_a_bare_library() -> None:
    """All of them name an extra; a library of the package's own, or one that no extra brings, is named by itself."""
    allowed = ("foundation-perception[", "embreex", "onnxruntime-gpu", "--no-build-isolation")
    for package in ("foundation_pose_ros", "universeg_ros"):
        for file in (ROOT / package).rglob("*.py"):
            for after in file.read_text(encoding="utf-8").split("pip install ")[1:]:
                assert after.lstrip("'").startswith(allowed), f"{file}: {after[:60]}"
