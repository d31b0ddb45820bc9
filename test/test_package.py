"""Manifest, build file and executables agree with each other and with what lies in the tree."""

import ast
import configparser
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()
CMAKE = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")


def executables() -> dict[str, str]:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return dict(re.findall(r"^\s*(\S+) = (\S+)$", config["options.entry_points"]["console_scripts"], re.MULTILINE))


def test_pip_takes_name_and_version_from_the_manifest() -> None:
    outcome = subprocess.run(
        [sys.executable, "setup.py", "--quiet", "--name", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert outcome.stdout.split() == ["foundation-perception", MANIFEST.findtext("version")]


def test_changelog_begins_with_the_version() -> None:
    first = re.search(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert first is not None and first.group(1) == MANIFEST.findtext("version")


def test_manifest_is_an_interface_package() -> None:
    assert MANIFEST.get("format") == "3"
    assert MANIFEST.findtext("name") == "foundation_perception"
    assert MANIFEST.findtext("member_of_group") == "rosidl_interface_packages"
    assert MANIFEST.findtext("export/build_type") == "ament_cmake"
    licence = MANIFEST.find("license")
    assert licence is not None and (ROOT / licence.get("file", "")).is_file()


def test_every_interface_file_is_built_and_exists() -> None:
    listed = set(re.findall(r'"((?:msg|srv|action)/\w+\.(?:msg|srv|action))"', CMAKE))
    present = {f"{kind}/{file.name}" for kind in ("msg", "srv", "action") for file in (ROOT / kind).glob(f"*.{kind}")}
    assert listed == present


def test_every_build_dependency_is_declared() -> None:
    found = set(re.findall(r"find_package\((\w+) REQUIRED\)", CMAKE))
    declared = {element.text for element in MANIFEST if element.tag.endswith("depend")}
    assert found <= declared


@pytest.mark.parametrize("name", sorted(executables()))
def test_executable_exists(name: str) -> None:
    module, _, function = executables()[name].partition(":")
    file = ROOT / Path(*module.split(".")).with_suffix(".py")
    assert file.exists(), f"{name} of setup.cfg is {module}, which isn't there"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_services_answer_success_and_message() -> None:
    for file in (ROOT / "srv").glob("*.srv"):
        answer = [line.split()[:2] for line in file.read_text(encoding="utf-8").split("---")[1].strip().splitlines()]
        assert answer[:2] == [["bool", "success"], ["string", "message"]], file.name
