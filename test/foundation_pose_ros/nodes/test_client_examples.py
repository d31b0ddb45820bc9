"""The examples with foundation_perception.client, beside a pose_node that tracks a mug."""

import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception.client", reason="foundation_perception isn't built here")

from foundation_perception.client import PoseClient

from foundation_pose_ros.synthetic.scene import SyntheticScene

# Frames take long to be worked on where the machine has much to do.
PATIENT = {"max_age_s": 20.0, "timeout_s": 25.0}


@pytest.fixture
def tracked(bench: Any, scene: SyntheticScene) -> Iterator[PoseClient]:
    """A client, once the mug is tracked in frames that come twice a second."""
    first = scene.frame_ids[0]
    frame, mask = scene.frame(first), scene.mask(first, "mug")
    stamp_ns = bench.send(frame, mask)
    bench.object_of(stamp_ns, 1)
    with bench.filming(frame), PoseClient(context=bench.context) as client:
        client.wait_for_pose("mug", **PATIENT)
        yield client
        client.reset()


@pytest.fixture
def example(repository: Path) -> Callable[[str], dict[str, Any]]:
    """What a file of examples/ defines, without running it."""
    return lambda name: runpy.run_path(str(repository / "examples" / f"{name}.py"))


def test_wait_for_pose_prints_poses(
    tracked: PoseClient, bench: Any, example: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    example("wait_for_pose")["main"](["mug"], context=bench.context)
    assert "mug at (" in capsys.readouterr().out


def test_pick_and_place_moves_to_the_object(tracked: PoseClient, example: Any, scene: SyntheticScene) -> None:
    defined = example("pick_and_place")
    moves: list[np.ndarray] = []
    closed: list[bool] = []
    # Each pose is asked for anew: at this machine's pace older ones do as well.
    tracked.wait_for_pose = lambda name, **wanted: PoseClient.wait_for_pose(  # type: ignore[method-assign]
        tracked, name, **(wanted | PATIENT)
    )
    defined["pick"](tracked, "mug", moves.append, lambda: closed.append(True))
    truth = scene.truth(scene.frame_ids[0], "mug") @ defined["T_OBJ_GRASP"]
    assert closed and len(moves) == 2
    assert np.linalg.norm(moves[0][:3, 3] - moves[1][:3, 3]) == pytest.approx(0.10, abs=0.005)
    assert np.linalg.norm(moves[1][:3, 3] - truth[:3, 3]) < 0.005


def test_the_leaf_runs_and_succeeds_or_fails(tracked: PoseClient, bench: Any, example: Any) -> None:
    make = example("behaviour_tree_leaf")["FindObject"]
    leaf = make(tracked, "mug")
    leaf.initialise()
    assert leaf.update() in ("RUNNING", "SUCCESS")
    bench.wait(lambda: leaf.update() == "SUCCESS", "the leaf to succeed")
    assert leaf.pose is not None and leaf.pose.name == "mug"
    unknown = make(tracked, "cup")
    unknown.initialise()
    bench.wait(lambda: unknown.update() == "FAILURE", "the leaf to fail")
