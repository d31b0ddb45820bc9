"""Packages show all their public names, and import a module when one of its names is asked for."""

import importlib
import sys

import pytest

from foundation_pose_ros.runtime.lazy_names import lazy_names

PACKAGES = [
    "foundation_pose_ros",
    "foundation_pose_ros.networks",
    "foundation_pose_ros.rendering",
    "foundation_pose_ros.tracking",
    "universeg_ros",
]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_found_and_listed(package: str) -> None:
    module = importlib.import_module(package)
    if package in ("foundation_pose_ros.networks", "universeg_ros"):
        pytest.importorskip("torch", reason="PyTorch isn't installed here")
    assert set(module.__all__) <= set(dir(module))
    for name in module.__all__:
        assert getattr(module, name).__name__ == name if name != "RENDERERS" else module.RENDERERS


@pytest.mark.parametrize("package", PACKAGES)
def test_other_names_are_unknown_as_ever(package: str) -> None:
    module = importlib.import_module(package)
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'teapot'"):
        _ = module.teapot
    with pytest.raises(ImportError, match="cannot import name 'teapot'"):
        exec(f"from {package} import teapot")


def test_a_library_that_is_missing_is_named_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "foundation_pose_ros.srgb", None)
    found, _ = lazy_names("foundation_pose_ros", {"encode": ".srgb"}, without="colours need paint: buy some")
    with pytest.raises(ImportError, match="colours need paint: buy some"):
        found("encode")
