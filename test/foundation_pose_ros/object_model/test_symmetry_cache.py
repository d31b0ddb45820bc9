"""Found symmetries are kept by surface and colours, and searched again where the file is of no use."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.object_model.cache_folder import VARIABLE, cache_folder
from foundation_pose_ros.object_model.symmetry import Symmetries
from foundation_pose_ros.object_model.symmetry_cache import SymmetryCache
from foundation_pose_ros.object_model.symmetry_search import SymmetrySearch
from foundation_pose_ros.synthetic.meshes import make_mesh


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, bool]]:
    """The searches that were done."""
    done: list[dict[str, bool]] = []
    found: Callable[..., Symmetries] = SymmetrySearch.found

    def noted(self: SymmetrySearch, **kind: bool) -> Symmetries:
        done.append(kind)
        return found(self, **kind)

    monkeypatch.setattr(SymmetrySearch, "found", noted)
    return done


def model(name: str = "soda_can") -> ObjectModel:
    return ObjectModel.from_mesh(make_mesh(name), name=name)


def test_a_second_model_of_the_same_mesh_needs_no_search(folder: Path, searches: list) -> None:
    first, second = model(), model()
    wanted = [first.symmetries, first.shape_symmetries, first.near_symmetries]
    assert len(searches) == 3
    again = [second.symmetries, second.shape_symmetries, second.near_symmetries]
    assert len(searches) == 3
    for one, other in zip(wanted, again, strict=True):
        assert np.array_equal(one.discrete, other.discrete) and one.axes == other.axes
    assert len(list((folder / "symmetries").iterdir())) == 1


def test_another_shape_or_print_is_another_file(folder: Path, searches: list) -> None:
    can = model()
    larger = replace(can, vertices=can.vertices * np.float32(1.1))
    plain = replace(can, appearance=None)
    for one in (can, larger, plain):
        assert one.shape_symmetries.axes
    assert len(list((folder / "symmetries").iterdir())) == 3 and len(searches) == 3


@pytest.mark.parametrize("text", ["", "[]", "{", '{"own": 3}', '{"own": {"discrete": [[1]], "axes": []}}'])
def test_a_file_of_no_use_is_searched_and_written_anew(folder: Path, text: str) -> None:
    can, turns = model(), Symmetries.none()
    SymmetryCache(can).get("own", lambda: turns)
    (file,) = (folder / "symmetries").iterdir()
    file.write_text(text)
    found = SymmetryCache(can).get("own", Symmetries.none)
    assert len(found.discrete) == 0 and found.axes == ()
    assert json.loads(file.read_text())["own"] == {"discrete": [], "axes": []}


def test_a_folder_that_can_t_be_written_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
    assert len(SymmetryCache(model()).get("own", Symmetries.none).discrete) == 0


def test_where_files_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    assert cache_folder() is None
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert cache_folder() == Path("/cache/foundation_perception")
