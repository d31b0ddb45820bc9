"""A few words lead to the picture whose name is nearest to them, the same one for the same seed."""

import pytest

from foundation_pose_ros.scenes.texture_words import picture_like

NAMES = [
    "ambientcg/Bricks_075A.jpg",
    "ambientcg/CorrugatedSteel_004.jpg",
    "ambientcg/Fabric_031.jpg",
    "ambientcg/Metal_012.jpg",
    "ambientcg/Planks_003.jpg",
    "ambientcg/Wood_026.jpg",
    "ambientcg/Wood_027.jpg",
    "ambientcg/WoodFloor_001.jpg",
    "grocery_photos/Red_Beet_1.jpg",
]


def found(words: str) -> set[str]:
    """Return what comes for twenty seeds, without folders and numbers."""
    pictures = {picture_like(words, NAMES, seed) or "" for seed in range(20)}
    return {name.rpartition("/")[2].partition("_")[0] for name in pictures}


@pytest.mark.parametrize(
    ("words", "name"),
    [
        pytest.param("WOOD", "Wood", id="whatever the case"),
        pytest.param("old red brick", "Bricks", id="one of several, with the fewest other words"),
        pytest.param("wood floor", "WoodFloor", id="the most words"),
        pytest.param("brushed oak", "Wood", id="a word for its kind"),
        pytest.param("oak planks", "Planks", id="a word before a kind"),
        pytest.param("woven canvas", "Fabric", id="a word that ends in s"),
        pytest.param("brushed steel", "Metal", id="a kind before a word among others"),
        pytest.param("corrugated steel", "CorrugatedSteel", id="two words"),
    ],
)
def test_words_find_what_is_nearest(words, name):
    assert found(words) == {name}


@pytest.mark.parametrize("words", ["", "purple haze", "026", "ambientcg", "jpg", "075A", "&'.,%+- "])
def test_what_no_name_shares_finds_nothing(words):
    assert picture_like(words, NAMES, 0) is None


def test_without_pictures_nothing_is_found():
    assert picture_like("wood", [], 0) is None


def test_a_seed_draws_among_equals():
    drawn = [picture_like("oak", NAMES, seed) for seed in range(20)]
    assert set(drawn) == {"ambientcg/Wood_026.jpg", "ambientcg/Wood_027.jpg"}
    assert drawn == [picture_like("oak", NAMES, seed) for seed in range(20)]
