"""In which order words are understood, and what becomes of what is found."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.input_limits.request_rate import RequestRate
from foundation_pose_ros.prompts.known_names import KnownNames
from foundation_pose_ros.prompts.region import Region
from foundation_pose_ros.prompts.word_search import Finders, PromptImage, WordSearch, WordSearchSettings

BOX = Region("", 20, 10, 50, 40, 0.8)


def picture(stamp_ns: int = 7, level: int = 100) -> PromptImage:
    rgb = np.full((48, 80, 3), level, np.uint8)
    rgb[10:40, 20:50] = (250, 20, 20)
    return PromptImage(rgb, stamp_ns)


@dataclass
class World:
    """Everything that a search asks, and what it was asked."""

    known: dict[str, str] = field(default_factory=lambda: {"mug": "mug"})
    searchable: tuple[str, ...] = ()
    pose: str | None = "a pose"
    offered: bool = True
    confidence: float = 0.9
    regions: tuple[Region, ...] = (BOX,)
    pictures: list[PromptImage] = field(default_factory=lambda: [picture()])
    examples: dict[str, list[np.ndarray]] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)

    @property
    def sets(self) -> tuple[str, ...]:
        return tuple(self.examples)

    def search(self, finder: bool = True, **settings: Any) -> WordSearch:
        looks = Finders(Finder(self), "detector", rate=RequestRate("the detector", 2, 60.0)) if finder else Finders()
        names = KnownNames(["mug: coffee cup"])
        return WordSearch(names, self, Segmenter(self), looks, self.newest, WordSearchSettings(**settings))

    def newest(self) -> PromptImage:
        return self.pictures.pop(0) if len(self.pictures) > 1 else self.pictures[0]

    def find(self, name: str, timeout_s: float) -> Any:
        self.asked.append(("find", name, timeout_s))
        if name not in self.searchable:
            raise InputRefused("not_found", f"{name} wasn't found by search")
        return "a pose"

    def register(self, name: str, mask: np.ndarray, stamp_ns: int) -> Any:
        self.asked.append(("register", name, int(mask.sum()), stamp_ns))
        if self.pose is None:
            raise InputRefused("not_found", "score too low")
        return self.pose


@dataclass
class Segmenter:
    world: World

    @property
    def offered(self) -> bool:
        return self.world.offered

    @property
    def sets(self) -> tuple[str, ...]:
        return self.world.sets

    def segment(self, name: str, picture: PromptImage) -> tuple[np.ndarray, float]:
        self.world.asked.append(("segment", name))
        return self.world.examples[name][-1], self.world.confidence

    def add(self, name: str, picture: PromptImage, mask: np.ndarray) -> None:
        self.world.examples.setdefault(name, []).append(mask)


@dataclass
class Finder:
    world: World

    def find(self, rgb: np.ndarray, words: str) -> tuple[Region, ...]:
        self.world.asked.append(("detect", words))
        return self.world.regions


def test_a_name_or_an_alias_is_searched_for_and_no_detector_is_asked() -> None:
    world = World(searchable=("mug",))
    found = world.search().find("the Coffee Cup", 3.0)
    assert (found.found_by, found.object, found.pose, found.mask) == ("search", "mug", "a pose", None)
    assert world.asked == [("find", "mug", 3.0)]


def test_a_known_object_that_the_search_misses_is_detected_and_its_box_registered() -> None:
    world = World()
    found = world.search().find("mug")
    assert found.found_by == "detector" and found.pose == "a pose" and found.message.endswith("registered as mug")
    # The box as it is, in the newest image, since nothing moved meanwhile.
    assert world.asked[-1] == ("register", "mug", 30 * 30, 0)


def test_what_moved_meanwhile_is_registered_in_the_image_that_was_looked_at() -> None:
    world = World(pictures=[picture(), picture(8, level=160)])
    world.search().find("mug")
    assert world.asked[-1] == ("register", "mug", 30 * 30, 7)


def test_what_is_unknown_becomes_a_support_set_and_the_next_image_needs_no_detector() -> None:
    world = World()
    search = world.search()
    found = search.find("a Red Box")
    assert found.found_by == "detector" and found.object is None and found.pose is None
    assert found.support_set == "red_box" and len(world.examples["red_box"]) == 1
    assert found.mask is not None and np.array_equal(found.mask, BOX.filled((48, 80)))
    assert "~/onboard_object/start with name red_box and masks 0" in found.message
    again = search.find("red box")
    assert again.found_by == "support" and again.regions == (Region("red box", 20, 10, 50, 40, 0.9),)
    assert [asked[0] for asked in world.asked] == ["detect", "segment"]


def test_examples_that_do_not_suffice_get_another() -> None:
    world = World(confidence=0.3)
    search = world.search()
    search.find("red box")
    assert search.find("red box").found_by == "detector"
    assert len(world.examples["red_box"]) == 2


@pytest.mark.parametrize(("offered", "remember"), [(False, True), (True, False)])
def test_nothing_is_remembered_where_nobody_segments_or_it_is_not_wanted(offered: bool, remember: bool) -> None:
    world = World(offered=offered)
    found = world.search(remember=remember).find("red box")
    assert not world.examples and not found.support_set and "masks 1 or 2" in found.message


def test_a_region_that_gives_no_pose_is_told_all_the_same() -> None:
    found = World(pose=None).search().find("mug")
    assert found.pose is None and found.regions == (BOX,) and found.message.endswith("but score too low")


def test_without_pose_nothing_is_registered() -> None:
    world = World(searchable=("mug",))
    assert world.search().find("mug", without_pose=True).regions == (BOX,)
    assert [asked[0] for asked in world.asked] == ["detect"]


def test_nothing_found_says_all_that_was_tried() -> None:
    with pytest.raises(InputRefused, match="mug wasn't found by search; the detector sees no mug") as refused:
        World(regions=()).search().find("mug")
    assert refused.value.reason == "nothing_found"
    with pytest.raises(InputRefused, match=r"'red box' names none of the known objects \(mug\); .*set detector"):
        World().search(finder=False).find("red box")


def test_the_detector_is_asked_no_oftener_than_allowed() -> None:
    search = World(offered=False).search()
    search.find("red box")
    search.find("red box")
    with pytest.raises(InputRefused, match="asked 2 times in 60 s"):
        search.find("red box")
