"""The pinned lists are complete and agree, and a list is installed again exactly when it changed."""

import importlib.metadata
import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from environment import stamps, wheels

PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([0-9][^ ;]*)")
# What is needed for things that aren't done here: Open3D's notebook widgets, measuring the coverage of colcon's tests,
# packages with a setup.py alone, time zones where the system has none.
LEFT_OUT = {
    *("ipywidgets", "nbformat", "configargparse", "tzdata", "colcon-python-setup-py", "colcon-test-result"),
    *("pytest-cov", "pytest-repeat", "pytest-rerunfailures"),
}


def pins(name: str) -> dict[str, str]:
    """Versions by canonical name of one list; fails on a line that pins nothing."""
    found = {}
    for line in wheels.requirements(name).read_text(encoding="utf-8").splitlines():
        line = line.partition("#")[0].strip()
        if not line or line.startswith("--"):
            continue
        match = PINNED.fullmatch(line)
        assert match, f"requirements-{name}.txt: {line!r} pins no version"
        found[canonicalize_name(match[1])] = match[2]
    return found


def test_every_line_pins_one_version_and_no_package_is_listed_twice():
    seen: dict[str, str] = {}
    for name in wheels.LISTS:
        listed = pins(name)
        assert listed, name
        again = listed.keys() & seen.keys()
        assert not again, f"{again} of requirements-{name}.txt are in {[seen[p] for p in again]} already"
        seen |= dict.fromkeys(listed, name)


def test_the_lists_bring_all_that_their_packages_need():
    listed = {package: version for name in wheels.LISTS for package, version in pins(name).items()}
    missing = []
    for package, version in listed.items():
        try:
            distribution = importlib.metadata.distribution(package)
        except importlib.metadata.PackageNotFoundError:
            pytest.skip(f"{package} isn't installed: these are the lists of `environment/run --for tests`")
        if distribution.version != version:
            pytest.skip(f"{package} {distribution.version} is installed and {version} listed: another environment")
        for text in distribution.requires or ():
            requirement = Requirement(text)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
                continue
            needed = canonicalize_name(requirement.name)
            if needed in listed:
                if not requirement.specifier.contains(listed[needed], prereleases=True):
                    missing.append(f"{package} needs {requirement}, and {listed[needed]} is listed")
            elif needed not in LEFT_OUT:
                missing.append(f"{package} needs {requirement}, which no list has")
    assert not missing, "\n".join(missing)


@pytest.fixture
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[list[str]]]:
    """A folder with lists of its own, and the commands that would have been run."""
    commands: list[list[str]] = []
    (tmp_path / "requirements-core.txt").write_text("numpy==2.4.6\n")
    monkeypatch.setattr(wheels, "SOURCES", tmp_path)
    monkeypatch.setattr(wheels, "APART", {name: ("tools", tmp_path / name) for name in wheels.APART})
    monkeypatch.setattr(stamps, "ROOT", tmp_path)
    monkeypatch.setattr(stamps, "STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(wheels, "run_step", lambda name, title, command: commands.append([str(c) for c in command]))
    return tmp_path, commands


def test_a_list_is_installed_once_and_again_when_it_changed(lists):
    folder, commands = lists
    wheels.ensure_wheels("core")
    wheels.ensure_wheels("core")
    assert len(commands) == 1
    assert commands[0][1:4] == ["-m", "pip", "install"]
    assert commands[0][-2:] == ["-r", str(folder / "requirements-core.txt")]
    assert {"--no-deps", "--only-binary=:all:"} <= set(commands[0])
    (folder / "requirements-core.txt").write_text("numpy==2.4.7\n")
    wheels.ensure_wheels("core")
    assert len(commands) == 2


@pytest.mark.parametrize("name", ["contrib", "docs"])
def test_what_cant_stand_beside_the_rest_goes_into_a_folder_of_its_own(lists, name):
    folder, commands = lists
    (folder / f"requirements-{name}.txt").write_text("opencv-contrib-python-headless==5.0.0.93\n")
    wheels.ensure_apart(name)
    wheels.ensure_apart(name)
    assert len(commands) == 1
    assert commands[0][commands[0].index("--target") + 1] == str(folder / name)


def test_what_stands_apart_is_pinned_too_and_shadows_nothing_but_what_it_is_apart_for():
    listed = {package for name in wheels.LISTS for package in pins(name)}
    assert pins("docs") and not pins("docs").keys() & listed
    assert pins("contrib")


def test_an_installation_that_broke_off_is_done_again(lists, monkeypatch):
    _, commands = lists
    wheels.ensure_wheels("core")

    def break_off(name: str, title: str, command: list[object]) -> None:
        raise KeyboardInterrupt

    (lists[0] / "requirements-core.txt").write_text("numpy==2.4.7\n")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(wheels, "run_step", break_off)
        wheels.ensure_wheels("core")
    (lists[0] / "requirements-core.txt").write_text("numpy==2.4.6\n")
    wheels.ensure_wheels("core")
    assert len(commands) == 2


def test_paths_of_the_machine_that_built_the_wheels_are_replaced(tmp_path):
    tag, version = "cp{}{}".format(*sys.version_info), "python{}.{}".format(*sys.version_info)
    foreign = f"/opt/python/{tag}-{tag}/include/{version}"
    (tmp_path / "rosidl").mkdir()
    (tmp_path / "rosidl" / "export.cmake").write_text(f'set(include "{foreign}")\n')
    (tmp_path / "rosidl" / "own.cmake").write_text("set(include ${PREFIX})\n")
    (tmp_path / "rosidl" / "notes.txt").write_text(foreign)
    assert wheels.rewrite_cmake_paths(tmp_path) == 1
    text = (tmp_path / "rosidl" / "export.cmake").read_text()
    assert foreign not in text
    assert Path(text.split('"')[1]).name == version
    assert (tmp_path / "rosidl" / "notes.txt").read_text() == foreign
    assert wheels.rewrite_cmake_paths(tmp_path) == 0
