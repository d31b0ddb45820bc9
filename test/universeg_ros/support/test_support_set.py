"""The support set keeps what it was given, refuses what would spoil it, and survives the way through files."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.input_limits.limits import InputLimits
from universeg_ros import SupportSet
from universeg_ros.support import support_files
from universeg_ros.support.label_map import to_label_map
from universeg_ros.support.preparation import Preparation

Scenes = tuple[list[np.ndarray], list[np.ndarray]]


def equal(a: SupportSet, b: SupportSet) -> bool:
    return (
        a.names == b.names
        and a.preparation == b.preparation
        and a.label_names == b.label_names
        and all(np.array_equal(a[n].labels, b[n].labels) for n in a.names)
        and all(np.allclose(a[n].prepared, b[n].prepared, atol=1e-6) for n in a.names)
    )


def test_add_list_replace_remove(scenes: Scenes) -> None:
    images, labels = scenes
    support = SupportSet.from_arrays(images[:3], labels[:3])
    assert support.names == ["0000", "0001", "0002"] and len(support) == 3
    assert support.add(images[3], labels[3], "desk") == "desk"
    support.remove("0001")
    support.replace("0000", images[4], labels[4])
    assert support.names == ["0000", "0002", "desk"]
    assert np.array_equal(support["0000"].image, images[4])
    assert support.add(images[5], labels[5]) not in ("0000", "0002", "desk")
    with pytest.raises(InputRefused, match="there are: 0000"):
        support.remove("cup")


def test_labels_of_several_kinds(scenes: Scenes) -> None:
    images, labels = scenes
    support = SupportSet(label_names={1: "disc"})
    support.add(images[0], labels[0])
    support.add(images[1], labels[1] == 1)
    assert support.labels == (1, 2)
    assert [support.label_name(label) for label in support.labels] == ["disc", "2"]
    assert [e.name for e in support.examples_of(2)] == ["0000"]
    masks = support.masks(support.examples_of(1), 1)
    assert masks.shape == (2, 128, 128) and set(np.unique(masks)) == {0, 1}


@pytest.mark.parametrize(
    "mask",
    [
        np.array([[0, 1], [1, 0]], bool),
        np.array([[0, 255], [255, 0]], np.uint8),
        np.array([[0, 1], [1, 0]], np.int64),
        np.array([[0.0, 1.0], [1.0, 0.0]]),
        np.array([[[0], [1]], [[1], [0]]], np.uint16),
    ],
    ids=["bool", "0 and 255", "whole numbers", "floating point", "one channel"],
)
def test_masks_of_all_kinds(mask: np.ndarray) -> None:
    assert np.array_equal(to_label_map(mask), [[0, 1], [1, 0]])


@pytest.mark.parametrize(
    ("mask", "reason", "said"),
    [
        (np.zeros((96, 128), np.uint8), "empty_mask", "is empty"),
        (np.full((96, 128), 255, np.uint8), "full_mask", "is full"),
        (np.eye(96, 128) * 0.5, "bad_mask", "fractions"),
        (np.eye(96, 128) * np.nan, "bad_mask", "fractions"),
        (np.eye(96, 128, dtype=np.int32) * 300, "bad_mask", "0 to 254"),
        (np.eye(96, 128, dtype=np.int32) * -1, "bad_mask", "0 to 254"),
        (np.arange(96 * 128).reshape(96, 128) % 200, "bad_mask", "not as JPEG"),
        (np.eye(96, 128, dtype=np.uint8) * 255 + np.eye(96, 128, 3, dtype=np.uint8), "bad_mask", "255 among"),
        (np.zeros((96, 128, 3), np.uint8), "bad_mask", "one number per pixel"),
        (np.eye(128, 96), "size_mismatch", "96x128 but its image 128x96"),
        (np.pad(np.ones((1, 1)), ((0, 95), (0, 127))), "mask_too_small", "crop"),
    ],
)
def test_masks_that_would_spoil_the_set_are_refused(scenes: Scenes, mask: np.ndarray, reason: str, said: str) -> None:
    support = SupportSet(Preparation(size=8))
    with pytest.raises(InputRefused, match=said) as refusal:
        support.add(scenes[0][0], mask, "desk")
    assert refusal.value.reason == reason
    assert len(support) == 0


def test_the_same_image_twice_is_refused(scenes: Scenes) -> None:
    images, labels = scenes
    support = SupportSet.from_arrays(images[:2], labels[:2], ["a", "b"])
    for name in ("a", "c"):
        with pytest.raises(InputRefused) as refusal:
            support.add(images[0], labels[1], name)
        assert refusal.value.reason == "duplicate"
    assert support.names == ["a", "b"]


@pytest.mark.parametrize("name", ["../a", "a/b", "", ".hidden", "x" * 200])
def test_names_become_files_and_are_checked(scenes: Scenes, name: str) -> None:
    with pytest.raises(InputRefused) as refusal:
        SupportSet().add(scenes[0][0], scenes[1][0], name)
    assert refusal.value.reason == "bad_name"


def various(scenes: Scenes) -> SupportSet:
    """Gray, colour, 16 bits and depth, of several sizes."""
    images, labels = scenes
    support = SupportSet(Preparation(64, "keep", gray="map"), {1: "disc", 2: "square"})
    support.add(images[0], labels[0], "gray")
    colour = np.dstack([images[1], images[1] // 2, 255 - images[1]])
    support.add(colour, labels[1], "bgr", "bgr8")
    support.add(np.dstack([colour, colour[..., 0]]), labels[1], "rgba", "rgba8")
    support.add(images[2].astype(np.uint16) * 200, labels[2], "deep", "mono16")
    depth = images[3][:60].astype(np.float32) / 100
    depth[0, :5] = np.nan
    support.add(depth, labels[3][:60], "depth", "32FC1")
    millimetres = images[4].astype(np.uint16) * 10
    millimetres[:4] = 0
    support.add(millimetres, labels[4], "millimetres", "16UC1")
    return support


@pytest.mark.parametrize("name", ["set", "set.npz"])
def test_through_files(scenes: Scenes, tmp_path: Path, name: str) -> None:
    support = various(scenes)
    support.save(tmp_path / name)
    assert equal(SupportSet.load(tmp_path / name), support)
    support.remove("gray")
    support.save(tmp_path / name)
    assert equal(SupportSet.load(tmp_path / name), support)


def test_a_folder_drawn_by_hand(scenes: Scenes, tmp_path: Path) -> None:
    images, labels = scenes
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
    cv2.imwrite(str(tmp_path / "images" / "b.jpg"), images[0])
    cv2.imwrite(str(tmp_path / "masks" / "b.png"), (labels[0] == 1).astype(np.uint8) * 255)
    Image.fromarray(images[1]).save(tmp_path / "images" / "a.png")
    palette = Image.fromarray(labels[1], mode="P")
    palette.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0] + [0] * 759)
    palette.save(tmp_path / "masks" / "a.png")
    support = SupportSet.load(tmp_path)
    assert support.names == ["a", "b"]
    assert support["a"].present == (1, 2) and support["b"].present == (1,)
    (tmp_path / "masks" / "b.png").unlink()
    with pytest.raises(InputRefused, match="b has no mask"):
        SupportSet.load(tmp_path)


def test_arrays_of_one_size_in_a_file(scenes: Scenes, tmp_path: Path) -> None:
    np.savez(tmp_path / "task.npz", images=np.stack(scenes[0]), labels=np.stack(scenes[1]) > 0)
    assert len(SupportSet.load(tmp_path / "task.npz")) == 8


def test_what_is_no_support_set_is_refused(scenes: Scenes, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.npz").write_bytes(b"no archive")
    np.savez(tmp_path / "other.npz", pictures=np.zeros(3))
    for name in ("empty", "absent", "broken.npz", "other.npz"):
        with pytest.raises(InputRefused, match=name):
            SupportSet.load(tmp_path / name)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("dear")
    with pytest.raises(InputRefused, match="something else"):
        SupportSet.from_arrays(*scenes).save(tmp_path / "letters")
    folder = tmp_path / "odd"
    SupportSet.from_arrays(*scenes).save(folder)
    for text in ("preparation: {size: 13}\n", "preparation: {zoom: 2}\n", "labels: {one: disc}\n", "[1]\n", "a: [\n"):
        (folder / "support.yaml").write_text(text)
        with pytest.raises(InputRefused, match="odd"):
            SupportSet.load(folder)


def test_bombs_in_a_folder_are_refused_before_they_are_unpacked(
    scenes: Scenes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SupportSet.from_arrays(*scenes).save(tmp_path)
    (tmp_path / "support.yaml").write_text("labels: " + "[" * 10_000)
    with pytest.raises(InputRefused, match="more than 32 levels"):
        SupportSet.load(tmp_path)
    (tmp_path / "support.yaml").unlink()
    monkeypatch.setattr(cv2, "imread", None)
    monkeypatch.setattr(support_files, "LIMITS", InputLimits(arrays_bytes=100_000))
    with pytest.raises(InputRefused, match="keep fewer or smaller ones"):
        SupportSet.load(tmp_path)


def test_a_full_disk_leaves_the_image_that_was_there(
    scenes: Scenes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    support = SupportSet.from_arrays(*scenes)
    support.save(tmp_path / "set")
    before = {file: file.read_bytes() for file in (tmp_path / "set").rglob("*") if file.is_file()}

    def cut_short(name: str, _: np.ndarray) -> bool:
        Path(name).write_bytes(b"half")
        return False

    monkeypatch.setattr(cv2, "imwrite", cut_short)
    with pytest.raises(InputRefused, match="can't be written"):
        support.save(tmp_path / "set")
    assert {file: file.read_bytes() for file in (tmp_path / "set").rglob("*") if file.is_file()} == before
