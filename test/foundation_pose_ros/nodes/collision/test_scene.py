"""What a planner is told of objects that are seen, move, are held, and go."""

import numpy as np
import pytest

from foundation_pose_ros import InputRefused, se3
from foundation_pose_ros.nodes.collision.scene import CollisionScene, CollisionSettings, Operation, Seen

ADD, MOVE, REMOVE = Operation.ADD, Operation.MOVE, Operation.REMOVE
KNOWN = ("mug", "box")


class Told:
    """A scene, and what it says of images that come ten times a second."""

    def __init__(self, **settings: float) -> None:
        self.scene = CollisionScene(CollisionSettings(**{"period_s": 0.0} | settings))
        self.stamp_ns = 0

    def __call__(self, *objects: Seen, frame_id: str = "base_link") -> list[tuple[Operation, str]]:
        self.stamp_ns += 100_000_000
        changes = self.scene.seen(objects, KNOWN, frame_id, self.stamp_ns)
        return [(change.operation, change.id) for change in changes]


def at(x_mm: float, id: str = "mug", turned_deg: float = 0.0) -> Seen:
    turn = np.array([0, 0, 0, 0, 0, np.deg2rad(turned_deg)])
    T = se3.apply_twist(np.eye(4, dtype=np.float32), turn, np.zeros(3))
    T[0, 3] = x_mm / 1000
    return Seen(id, T)


def test_an_object_comes_moves_and_goes() -> None:
    told = Told(remove_after_s=2.0)
    assert told(Seen("mug", None)) == []
    assert told(at(0), at(500, "box")) == [(ADD, "mug"), (ADD, "box")]
    assert told(at(1), at(500, "box", turned_deg=0.5)) == []
    assert told(at(3), at(500, "box", turned_deg=1.5)) == [(MOVE, "mug"), (MOVE, "box")]
    assert told(Seen("mug", None, 1.9), at(500, "box", turned_deg=1.5)) == []
    assert told(Seen("mug", None, 2.1)) == [(REMOVE, "mug")]
    assert told(Seen("mug", None, 2.2)) == []
    assert told(at(9)) == [(ADD, "mug")]


def test_small_steps_add_up() -> None:
    told = Told()
    told(at(0))
    assert [bool(told(at(x))) for x in (0.9, 1.8, 2.7, 3.6, 4.5, 5.4, 6.3)] == [
        False,
        False,
        True,
        False,
        False,
        True,
        False,
    ]


def test_a_planner_is_not_told_too_often() -> None:
    told = Told(period_s=0.25)
    told(at(0))
    assert [bool(told(at(x))) for x in (100, 200, 300, 400, 500, 600)] == [False, False, True, False, False, True]


def test_another_frame_counts_as_a_move() -> None:
    told = Told()
    told(at(0))
    assert told(at(0), frame_id="camera") == [(MOVE, "mug")]


def test_what_was_never_lost_for_good_stays_if_that_is_wanted() -> None:
    told = Told(remove_after_s=0.0)
    told(at(0))
    assert told(Seen("mug", None, 1e6)) == []


def test_what_nobody_knows_the_shape_of_is_no_obstacle_and_what_goes_is_taken_away() -> None:
    told = Told()
    assert told(at(0, "can")) == []
    told(at(0))
    assert [(c.operation, c.id) for c in told.scene.unknown(("box",))] == [(REMOVE, "mug")]
    assert told.scene.unknown(("box",)) == []


def test_what_is_held_is_never_in_the_scene_twice() -> None:
    told = Told(remove_after_s=1.0)
    with pytest.raises(InputRefused, match="it has to be seen before it is held"):
        told.scene.attach("mug")
    told(at(0))
    told.scene.attach("mug")
    with pytest.raises(InputRefused, match="is held already"):
        told.scene.attach("mug")
    assert told(at(300)) == told(Seen("mug", None, 5.0)) == []
    assert told.scene.unknown(()) == told.scene.again() == []
    assert told.scene.detach() == ["mug"]
    # The planner has put it where it was let go of, which only it knows: any pose is news.
    assert told(at(300)) == [(ADD, "mug")]
    assert told(at(300)) == []


def test_what_is_not_held_is_not_let_go_of() -> None:
    told = Told()
    told(at(0))
    assert told.scene.detach() == []
    with pytest.raises(InputRefused, match=r"'mug' isn't held \(held: nothing\)"):
        told.scene.detach("mug")


def test_a_late_planner_hears_all_once_more() -> None:
    told = Told()
    told(at(0), at(5, "box"))
    told.scene.attach("box")
    assert [(c.operation, c.id, c.frame_id) for c in told.scene.again()] == [(ADD, "mug", "base_link")]
