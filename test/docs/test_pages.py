"""Pages lead where they say: links, headings, files, modules and what their snippets import are there."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PLACES_OF_PAGES = ("*.md", ".github/**/*.md", "docs/**/*.md", "foundation_pose_ros/weights/*.md")
PAGES = sorted(page for place in PLACES_OF_PAGES for page in ROOT.glob(place))
LINK = re.compile(r"\[[^]\[]*(?:!\[[^]]*\]\([^)]*\))?[^]\[]*\]\(([^)\s]+)\)")
FILE = re.compile(r"`([\w.]+(?:/[\w.]+)*/?)`")
MODULE = re.compile(r"(?<![/\w-])((?:foundation_pose_ros|universeg_ros|benchmarks)(?:\.(?!md\b)\w+)+)")
IMPORT = re.compile(
    r"^ *((?:from|import) (?:foundation_pose_ros|universeg_ros|benchmarks|environment)\b[^#\n(]*)$", re.M
)
SUFFIXES = (".py", ".md", ".yaml", ".toml", ".msg", ".srv")
# Where names of files in prose are looked up.
PLACES = ("", "foundation_pose_ros", "foundation_pose_ros/reconstruction", "universeg_ros", "docs", "config", "launch")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+?) *$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), f"{named(page)} links to {target}, which isn't there"
        if anchor:
            assert anchor in anchors(there), f"{named(page)} links to {target}, but there is no such heading"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_files_that_are_named_are_there(page: Path) -> None:
    for name in FILE.findall(page.read_text(encoding="utf-8")):
        if "/" in name and name.endswith(SUFFIXES):
            assert any((ROOT / place / name).exists() for place in PLACES), f"{named(page)} names {name}: no such file"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_modules_that_are_named_are_there(page: Path) -> None:
    for name in set(MODULE.findall(page.read_text(encoding="utf-8"))):
        assert _is_module_or_member(name), f"{named(page)} names {name}: no such module"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_what_snippets_import_is_there(page: Path) -> None:
    for line in IMPORT.findall(page.read_text(encoding="utf-8")):
        try:
            exec(line, {})
        except ImportError as error:
            pytest.fail(f"{named(page)} says `{line}`: {error}")


def test_the_index_of_docs_has_every_page() -> None:
    listed = set(LINK.findall((ROOT / "docs" / "README.md").read_text(encoding="utf-8")))
    pages = {file.name for file in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages - listed == set(), "docs/README.md doesn't say when to read these"


def _is_module_or_member(name: str) -> bool:
    module, _, member = name.rpartition(".")
    try:
        if importlib.util.find_spec(name) is not None:
            return True
    except (ImportError, AttributeError):
        pass
    try:
        return hasattr(importlib.import_module(module), member)
    except ImportError:
        return False
