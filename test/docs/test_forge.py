"""What the public forge runs is what `make` runs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from environment import system

FORGE = ".github"


@pytest.fixture(scope="module")
def workflow(repository: Path) -> dict[str, Any]:
    return yaml.safe_load((repository / FORGE / "workflows" / "ci.yml").read_text(encoding="utf-8"))


def makefile(repository: Path) -> str:
    return (repository / "Makefile").read_text(encoding="utf-8")


def test_the_workflow_makes_targets_that_there_are(workflow: dict[str, Any], repository: Path) -> None:
    matrix = workflow["jobs"]["make"]["strategy"]["matrix"]
    targets = {*matrix["target"], *(entry["target"] for entry in matrix["include"])}
    assert {"lint", "test", "docs"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile(repository), re.M), target
    assert matrix["python"] == ["3.11", "3.12"]


def test_the_workflow_installs_what_the_environment_looks_for(workflow: dict[str, Any]) -> None:
    installed = set(workflow["env"]["SYSTEM_PACKAGES"].split())
    assert installed == {*system.LIBRARIES.values(), *system.PROGRAMS.values()}


def test_pre_commit_checks_what_make_lint_checks(repository: Path) -> None:
    config = yaml.safe_load((repository / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    entries = {hook["id"]: hook["entry"] for repo in config["repos"] for hook in repo["hooks"]}
    modules = re.search(r"^PYTHON_MODULES := (.*)$", makefile(repository), re.M)
    assert modules is not None and entries["mypy"].endswith(f"mypy {modules[1]}")
    lint = re.search(r"^lint:\n\t(.*)$", makefile(repository), re.M)
    assert lint is not None
    for entry in entries.values():
        tool = entry.partition("--for tests ")[2].split()[0]
        assert tool in lint[1], tool


@pytest.mark.parametrize("form", ["bug", "feature"])
def test_issue_forms_ask_each_thing_once(form: str, repository: Path) -> None:
    path = repository / FORGE / "ISSUE_TEMPLATE" / f"{form}.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    ids = [part["id"] for part in content["body"]]
    assert content["name"] and content["description"] and len(ids) == len(set(ids))


def test_the_bug_form_asks_for_diagnostics(repository: Path) -> None:
    assert "/diagnostics" in (repository / FORGE / "ISSUE_TEMPLATE" / "bug.yml").read_text(encoding="utf-8")
