"""Objects are made ready once, before they are needed where that is asked for, and forgotten with their model."""

import gc
import weakref
from dataclasses import replace

import pytest

from foundation_pose_ros import InputRefused, ObjectModel
from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.estimation.prepared_object import PreparedObject
from foundation_pose_ros.estimation.prepared_objects import PreparedObjects


class Counting(GeometricMethods):
    """Notes which models are made ready, in order."""

    def __init__(self) -> None:
        super().__init__(threads=1)
        self.made: list[ObjectModel] = []

    def prepare(self, model: ObjectModel) -> PreparedObject:
        self.made.append(model)
        return super().prepare(model)


def test_models_given_at_first_are_ready_and_the_only_one_needs_no_name(cube: ObjectModel) -> None:
    methods = Counting()
    objects = PreparedObjects([cube], methods)
    assert objects.get(None).model is objects.get("cube").model is cube
    assert methods.made == [cube]


def test_two_of_one_name_and_unknown_names_are_refused(cube: ObjectModel) -> None:
    with pytest.raises(InputRefused, match="same name"):
        PreparedObjects([cube, cube], Counting())
    with pytest.raises(InputRefused, match="no object 'mug' here: choose from cube"):
        PreparedObjects([cube], Counting()).get("mug")


def test_what_was_prepared_is_not_made_again(cube: ObjectModel) -> None:
    methods = Counting()
    objects = PreparedObjects([], methods)
    objects.prepare(cube)
    objects.models["cube"] = cube
    assert objects.get("cube").model is cube
    assert methods.made == [cube]


def test_a_model_is_prepared_while_another_of_its_name_is_in_use(cube: ObjectModel) -> None:
    methods, other = Counting(), replace(cube)
    objects = PreparedObjects([cube], methods)
    objects.prepare(other)
    assert objects.get("cube").model is cube
    objects.models["cube"] = other
    assert objects.get("cube").model is other
    assert [model is cube for model in methods.made] == [True, False]


def test_what_was_made_of_a_removed_model_is_forgotten(cube: ObjectModel) -> None:
    objects = PreparedObjects([cube], Counting())
    gone = weakref.ref(objects.get("cube"))
    del objects.models["cube"]
    objects.prepare(replace(cube, name="other"))
    gc.collect()
    assert gone() is None
