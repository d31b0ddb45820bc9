"""Figures say which version and commit they are of, from a source tree too."""

from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

import pytest

from foundation_pose_ros.runtime import provenance


def test_a_source_tree_has_the_version_of_its_manifest(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", not_installed)
    assert provenance.version() == ElementTree.parse(repository / "package.xml").findtext("version")


def test_the_machine_is_described() -> None:
    described = provenance.machine()
    assert described["cpu"] and described["cores"] >= 1 and described["numpy"] != "unknown"
