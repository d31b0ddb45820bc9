"""Named sets stay within limits and folders."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.errors import InputRefused
from universeg_ros import Preparation, Segmenter, SupportSet, UniverSeg
from universeg_ros.nodes.support_sets import Limits, SupportSetStore

Scenes = tuple[list[np.ndarray], list[np.ndarray]]
USUAL = Preparation()


def shelf(model: UniverSeg, folder: Path | None, limits: Limits = Limits(300, 4, 2)) -> SupportSetStore:  # noqa: B008
    return SupportSetStore(lambda: Segmenter(model), [] if folder is None else [folder], limits)


def refused(call: object, reason: str) -> None:
    with pytest.raises(InputRefused) as refusal:
        call()  # type: ignore[operator]
    assert refusal.value.reason == reason


def test_sets_come_change_and_go(by_intensity: UniverSeg, scenes: Scenes) -> None:
    images, maps = scenes
    kept = shelf(by_intensity, None)
    refused(lambda: kept.the_one(""), "which_support")
    assert kept.add("discs", "", images[0], maps[0] == 1, None, USUAL) == "0000"
    first = kept.segmenter("discs")
    assert kept.segmenter("discs") is first
    kept.add("discs", "b", images[1], maps[1] == 1, None, USUAL)
    assert kept.segmenter("discs") is not first
    assert len(kept.segmenter("discs").segment(images[2]).support) == 2
    kept.add("squares", "a", images[0], maps[0] == 2, None, USUAL)
    assert kept.names == ("discs", "squares")
    refused(lambda: kept.the_one(""), "which_support")
    refused(lambda: kept.segmenter("cups"), "unknown_support")
    kept.remove("discs", "0000")
    assert kept["discs"].names == ["b"]
    kept.remove("discs", "b")
    refused(lambda: kept.segmenter("discs").segment(images[2]), "empty_support")
    kept.remove("discs", "")
    assert kept.the_one("") == "squares"


def test_limits(by_intensity: UniverSeg, scenes: Scenes) -> None:
    images, maps = scenes
    kept = shelf(by_intensity, None)
    for i in range(4):
        kept.add("a", "", images[i], maps[i], None, USUAL)
    refused(lambda: kept.add("a", "", images[4], maps[4], None, USUAL), "too_many")
    refused(lambda: kept.inline(images[:5], maps[:5], [None] * 5, USUAL), "too_many")
    refused(lambda: kept.inline(images[:2], maps[:1], [None] * 2, USUAL), "bad_support")
    kept.add("b", "", images[0], maps[0], None, USUAL)
    refused(lambda: kept.add("c", "", images[0], maps[0], None, USUAL), "too_many")
    refused(lambda: Limits(100).check_image(50, 101), "too_large")


def test_a_refused_example_makes_no_set(by_intensity: UniverSeg, scenes: Scenes) -> None:
    kept = shelf(by_intensity, None)
    refused(lambda: kept.add("a", "", scenes[0][0], np.zeros((96, 128)), None, USUAL), "empty_mask")
    refused(lambda: kept.add("../a", "", scenes[0][0], scenes[1][0], None, USUAL), "bad_name")
    assert kept.names == ()


def test_files_only_below_the_folders(by_intensity: UniverSeg, scenes: Scenes, tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    SupportSet.from_arrays(scenes[0][:2], scenes[1][:2]).save(outside / "set")
    (inside / "link").symlink_to(outside / "set")
    kept = shelf(by_intensity, inside)
    for path in ("../outside/set", str(outside / "set"), "link", ".", ".."):
        refused(lambda path=path: kept.load("a", path), "bad_path")
    for path in ("a" * 100_000, "a" * 300, "a\0", "~nobody.knows/" + "b/" * 5_000):
        refused(lambda path=path: kept.load("a", path), "bad_path")
    kept.add("a", "", scenes[0][0], scenes[1][0], None, USUAL)
    refused(lambda: kept.save("a", "../elsewhere"), "bad_path")
    assert not (tmp_path / "elsewhere").exists()
    refused(lambda: shelf(by_intensity, None).load("a"), "no_folder")
    refused(lambda: kept.load("b", "nothing"), "no_support")
    assert kept.save("a") == inside / "a"
    assert kept.save("a", "packed/a.npz").is_file()
    assert kept.load("a").names == kept.load("again", "packed/a").names == ["0000"]


def test_a_set_that_is_too_large_is_not_taken(by_intensity: UniverSeg, scenes: Scenes, tmp_path: Path) -> None:
    SupportSet.from_arrays(scenes[0][:5], scenes[1][:5]).save(tmp_path / "many.npz")
    SupportSet.from_arrays([np.tile(scenes[0][0], 3)], [np.tile(scenes[1][0], 3)]).save(tmp_path / "wide.npz")
    kept = shelf(by_intensity, tmp_path)
    refused(lambda: kept.load("many"), "too_many")
    refused(lambda: kept.load("wide"), "too_large")
    assert kept.names == ()


def test_no_set_takes_the_place_of_another_on_disk_unasked(
    by_intensity: UniverSeg, scenes: Scenes, tmp_path: Path
) -> None:
    (images, maps), kept = scenes, shelf(by_intensity, tmp_path)
    SupportSet.from_arrays(images[:2], maps[:2]).save(tmp_path / "cups")
    kept.add("new", "", images[3], maps[3], None, USUAL)
    refused(lambda: kept.save("new", "cups"), "not_empty")
    assert len(SupportSet.load(tmp_path / "cups")) == 2
    assert kept.save("new") == kept.save("new") == tmp_path / "new"
    kept.load("cups")
    kept.remove("cups", kept["cups"].names[0])
    kept.save("cups")
    assert len(SupportSet.load(tmp_path / "cups")) == 1
    kept.remove("cups", "")
    kept.add("cups", "", images[0], maps[0], None, USUAL)
    refused(lambda: kept.save("cups"), "not_empty")
