"""Drawn words fit on prints and into questions."""

import numpy as np

from foundation_pose_ros.scenes.words import drawn_brand, drawn_goods, drawn_places


def test_places_are_drawn_once_while_there_are_others():
    places = drawn_places(np.random.default_rng(0), 60)
    assert len({place.split(" ", 2)[1] for place in places}) > 40
    assert len(set(places)) == 60
    assert all("  " not in place and "\n" not in place and "|" not in place for place in places)
    assert len(drawn_places(np.random.default_rng(0), 300)) == 300


def test_the_same_seed_draws_the_same():
    first, second = (
        (drawn_brand(rng), drawn_goods(rng), drawn_places(rng, 3)) for rng in map(np.random.default_rng, (5, 5))
    )
    assert first == second
