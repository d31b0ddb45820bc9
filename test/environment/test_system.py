"""What is missing on a system is named with the line that installs it."""

import pytest

from environment import system
from environment.steps import StepFailed


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine that lacks libEGL and make, seen by an ordinary user."""
    monkeypatch.setattr(system, "check_platform", lambda: None)
    monkeypatch.setattr(system, "_loads", lambda library: library != "libEGL.so.1")
    monkeypatch.setattr(system.shutil, "which", lambda name: None if name == "make" else f"/usr/bin/{name}")
    monkeypatch.setattr(system.os, "geteuid", lambda: 1000)
    return monkeypatch


def missing_here() -> list[str]:
    """What this very machine lacks beside libEGL and make: header files, for instance."""
    return [package for package in system.missing_packages() if package not in ("libegl1", "make")]


def test_libraries_and_programs_are_missed_by_the_names_of_their_packages(debian):
    assert {"libegl1", "make"} <= set(system.missing_packages())
    debian.setattr(system, "_loads", lambda library: False)
    assert set(system.LIBRARIES.values()) <= set(system.missing_packages())


def test_an_ordinary_user_is_told_the_line_that_installs(debian):
    packages = " ".join(sorted(["libegl1", "make", *missing_here()]))
    with pytest.raises(StepFailed) as failure:
        system.ensure_system()
    assert "missing on this system: " in str(failure.value)
    assert f"sudo apt-get install --yes --no-install-recommends {packages}" in str(failure.value)


def test_where_there_is_no_apt_the_names_are_given_as_debians(debian):
    debian.setattr(system.os, "geteuid", lambda: 0)
    debian.setattr(system.shutil, "which", lambda name: None if name in ("make", "apt-get") else f"/usr/bin/{name}")
    with pytest.raises(StepFailed, match="take your distribution's"):
        system.ensure_system()


def test_root_installs_what_is_missing_and_looks_again(debian):
    commands = []

    def run(name: str, title: str, command: list[str], variables: dict[str, str]) -> None:
        commands.append(command)
        if "install" in command:
            debian.setattr(system, "missing_packages", lambda: still_missing)

    debian.setattr(system.os, "geteuid", lambda: 0)
    debian.setattr(system, "run_step", run)
    for still_missing in ([], ["libegl1"]):
        debian.setattr(system, "missing_packages", lambda: ["libegl1", "make"])
        commands.clear()
        if still_missing:
            with pytest.raises(StepFailed, match=r"still missing after apt-get install .*: libegl1"):
                system.ensure_system()
        else:
            system.ensure_system()
        assert [command[1] for command in commands] == ["update", "install"]
        assert commands[1][-2:] == ["libegl1", "make"]


def test_where_nothing_is_missing_nothing_is_done(debian):
    debian.setattr(system, "missing_packages", lambda: [])
    debian.setattr(system, "run_step", lambda *arguments: pytest.fail("nothing had to be run"))
    system.ensure_system()


@pytest.mark.parametrize(
    ("machine", "os_name", "libc", "fix"),
    [
        ("aarch64", "Linux", ("glibc", "2.36"), "install ROS 2 from its distribution"),
        ("arm64", "Darwin", ("", ""), "this is Darwin on arm64"),
        ("x86_64", "Linux", ("glibc", "2.31"), "use Debian 12, Ubuntu 22.04 or newer"),
    ],
)
def test_a_machine_that_the_wheels_cannot_run_on_is_refused(machine, os_name, libc, fix, monkeypatch):
    monkeypatch.setattr(system.platform, "machine", lambda: machine)
    monkeypatch.setattr(system.platform, "system", lambda: os_name)
    monkeypatch.setattr(system.platform, "libc_ver", lambda: libc)
    with pytest.raises(StepFailed, match=fix):
        system.check_platform()


def test_libraries_are_looked_for_where_the_loader_looks():
    assert system._loads("libc.so.6")
    assert not system._loads("libthere_is_none_such.so.7")
