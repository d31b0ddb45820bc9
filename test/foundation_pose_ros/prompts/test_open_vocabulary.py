"""Real classes of transformers, tiny and with random weights, from folders."""

import shutil
import socket
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.prompts.box_masks import SamMasks
from foundation_pose_ros.prompts.open_vocabulary import OpenVocabularyDetector, OpenVocabularySettings
from foundation_pose_ros.prompts.pretrained import Pretrained
from foundation_pose_ros.prompts.region import Region

pytestmark = pytest.mark.slow
ALL = OpenVocabularySettings(least_score=0.0, most_regions=5)


@pytest.fixture(autouse=True)
def unplugged(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Nothing is fetched: connecting raises, and is noted here."""
    asked: list[object] = []

    def refuse(*arguments: object, **named: object) -> None:
        asked.append(arguments)
        raise OSError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return asked


@pytest.fixture
def rgb() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (48, 80, 3), np.uint8)


@pytest.mark.parametrize("kind", ["owlv2_folder", "grounding_dino_folder"])
def test_a_detector_of_transformers_gives_regions_inside_the_image(
    kind: str, rgb: np.ndarray, request: pytest.FixtureRequest
) -> None:
    detector = OpenVocabularyDetector(Pretrained(str(request.getfixturevalue(kind))), ALL)
    regions = detector.find(rgb, "Red mug")
    assert regions and len(regions) <= 5
    for region in regions:
        assert region.label == "Red mug" and region.score is not None and 0.0 <= region.score <= 1.0
        assert 0 <= region.left < region.right <= 80 and 0 <= region.top < region.bottom <= 48
    assert [r.score for r in regions] == sorted((r.score for r in regions), reverse=True)  # type: ignore[type-var]
    assert detector.find(rgb, "Red mug") == regions


def test_nothing_below_the_least_score_is_found(owlv2_folder: Path, rgb: np.ndarray) -> None:
    assert not OpenVocabularyDetector(Pretrained(str(owlv2_folder)), OpenVocabularySettings(1.0)).find(rgb, "mug")


def test_long_words_are_cut_where_the_model_ends(owlv2_folder: Path, rgb: np.ndarray) -> None:
    OpenVocabularyDetector(Pretrained(str(owlv2_folder)), ALL).find(rgb, "very " * 40)


def test_segment_anything_gives_a_mask_inside_its_box(sam_folder: Path, rgb: np.ndarray) -> None:
    region = Region("mug", 10, 8, 50, 40)
    mask = SamMasks(Pretrained(str(sam_folder))).mask(rgb, region)
    assert mask.shape == (48, 80) and mask.dtype == bool
    assert mask.any() and not (mask & ~region.filled(rgb.shape)).any()


def test_a_name_of_the_hub_is_not_fetched_unless_that_is_allowed() -> None:
    with pytest.raises(InputRefused, match=r"google/owlv2-none.*give a folder, or allow the download") as refused:
        OpenVocabularyDetector(Pretrained("google/owlv2-none"))
    assert refused.value.reason == "bad_model"
    assert "the network was asked" not in str(refused.value)


def test_without_a_network_the_hub_is_asked_once(unplugged: list[object]) -> None:
    # Its own library would ask for each file five times, which takes minutes.
    with pytest.raises(InputRefused, match=r"couldn't be fetched from the Hugging Face hub .*the hub doesn't answer"):
        OpenVocabularyDetector(Pretrained("google/owlv2-none", download=True))
    assert len(unplugged) == 1


def test_what_was_fetched_before_is_not_asked_for_again(
    owlv2_folder: Path, unplugged: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "models--someone--tiny"
    shutil.copytree(owlv2_folder, kept / "snapshots" / "0123")
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("0123")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert OpenVocabularyDetector(Pretrained("someone/tiny", download=True))
    assert not unplugged


def test_a_folder_of_another_model_is_refused(sam_folder: Path, owlv2_folder: Path, tmp_path: Path) -> None:
    for place in (sam_folder, tmp_path):
        with pytest.raises(InputRefused, match="holds no model of the kind that is needed"):
            OpenVocabularyDetector(Pretrained(str(place)))
    with pytest.raises(InputRefused, match="holds no model of the kind that is needed"):
        SamMasks(Pretrained(str(owlv2_folder)))


def test_without_transformers_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(InputRefused, match=r"pip install 'foundation-perception\[text\]'"):
        OpenVocabularyDetector(Pretrained("anything"))


def test_a_device_that_is_not_there_is_named(owlv2_folder: Path) -> None:
    if torch.cuda.is_available():
        assert OpenVocabularyDetector(Pretrained(str(owlv2_folder), "cuda"), ALL)
    else:
        with pytest.raises(InputRefused, match="no CUDA device"):
            OpenVocabularyDetector(Pretrained(str(owlv2_folder), "cuda"))
