"""The floors of the code: 13 or fewer, no circle, and the picture in docs shows them as they are."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

nx = pytest.importorskip("networkx", reason="networkx isn't installed here: it comes with the tests' requirements")
pytest.importorskip("grimp", reason="grimp isn't installed here: it comes with the tests' requirements")


@pytest.fixture(scope="module")
def floors(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("floors_of_test", repository / "docs" / "floors.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_thirteen_floors_or_fewer_and_no_circle(floors: ModuleType) -> None:
    house = floors.read_house()
    assert house.circles == []
    assert len(floors.floors(house.rooms)) <= floors.MOST_FLOORS


def test_the_picture_is_that_of_the_code(floors: ModuleType) -> None:
    drawn = floors.PICTURE.read_text(encoding="utf-8")
    assert drawn == floors.draw(floors.read_house()), "docs/images/floors.svg is old: run docs/floors.py"


def test_the_architecture_speaks_of_every_room(repository: Path) -> None:
    page = (repository / "docs" / "architecture.md").read_text(encoding="utf-8")
    folders = {file.name for file in (repository / "foundation_pose_ros").iterdir() if (file / "__init__.py").is_file()}
    assert folders and not {folder for folder in folders if f"{folder}/" not in page}


def test_a_file_stands_above_all_that_it_imports(floors: ModuleType) -> None:
    graph = nx.DiGraph([("roof", "wall"), ("wall", "ground"), ("roof", "ground"), ("door", "ground")])
    assert floors.floors(graph) == [["ground"], ["door", "wall"], ["roof"]]


def test_circles_are_found_among_files_and_among_rooms(floors: ModuleType) -> None:
    files = nx.DiGraph([("a.one", "b.one"), ("b.two", "a.two")])
    rooms = nx.DiGraph([("a", "b"), ("b", "a")])
    assert floors.House(files, rooms).circles == [["a", "b"]]
    files.add_edge("b.one", "a.one")
    assert floors.House(files, rooms).circles == [["a", "b"], ["a.one", "b.one"]]
