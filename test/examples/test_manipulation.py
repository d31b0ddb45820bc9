"""The simulated arm: what its camera sees is where it says; and three objects are found and grasped over real DDS."""

import importlib
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("MUJOCO_GL", "egl")  # which MuJoCo asks for when it is imported
mujoco = pytest.importorskip(
    "mujoco", reason="MuJoCo isn't installed here: pip install 'foundation-perception[simulation]'"
)
pytest.importorskip("OpenGL", reason="MuJoCo renders through PyOpenGL, which isn't installed here")

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.rendering import EmbreeRenderer

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "manipulation"


@pytest.fixture(scope="module")
def example() -> Any:
    """example(name): what a file of the example defines."""
    sys.path.insert(0, str(EXAMPLE))
    yield lambda name: runpy.run_path(str(EXAMPLE / f"{name}.py"))
    sys.path.remove(str(EXAMPLE))


@pytest.fixture(scope="module")
def cell(example: Any) -> Any:
    cell = example("workcell")["Workcell"]("mug", 1)
    cell.look()
    try:
        cell.view(np.random.default_rng(0))
    except Exception as fault:
        pytest.skip(f"MuJoCo can't render here ({fault}): install libegl1 and Mesa's drivers")
    return cell


def test_the_camera_sees_the_object_where_it_truly_is(cell: Any) -> None:
    view = cell.view(np.random.default_rng(0))
    T_cam_obj = (se3.inverse(view.T_base_cam) @ cell.T_base_obj).astype(np.float32)
    model = ObjectModel.from_mesh(cell.mesh)
    frame = view.frame
    rendered_m = EmbreeRenderer(model, 1).render(T_cam_obj[None], frame.camera.K, frame.depth_m.shape).depth_m[0]
    both = (rendered_m > 0) & (frame.depth_m > 0)
    assert both.sum() > 3000
    assert np.median(np.abs(rendered_m - frame.depth_m)[both]) < 0.002, "the sensor's noise"
    assert abs(np.median((rendered_m - frame.depth_m)[both])) < 0.0005
    assert 0.02 < (frame.depth_m == 0).mean() < 0.3, "a stereo camera's holes"


def test_the_tool_goes_where_it_is_sent(cell: Any, example: Any) -> None:
    T_base_obj, model = cell.T_base_obj, ObjectModel.from_mesh(cell.mesh)
    defined = example("grasps")
    T_obj_tool = defined["grasp"](T_base_obj, model, defined["Gripper"]())
    T_base_tool = T_base_obj @ T_obj_tool
    assert T_base_tool[2, 2] < -0.99, "from above"
    cell.move_tool(T_base_tool)
    assert np.abs(cell.T_base_tool - T_base_tool).max() < 1e-3
    assert defined["grasp_error"](T_base_obj, T_base_obj, T_obj_tool, model) == pytest.approx((0, 0), abs=1e-2)
    with pytest.raises(Exception, match="can't bring its tool"):
        cell.move_tool(se3.from_rotation_translation(np.eye(3), np.array([3.0, 0, 0])))


def test_an_object_too_wide_is_refused(example: Any) -> None:
    defined = example("grasps")
    model = ObjectModel.from_mesh(example("workcell")["make_mesh"]("book"))
    with pytest.raises(ValueError, match="wider than"):
        defined["grasp"](np.eye(4), model, defined["Gripper"](opening_m=0.03))


@pytest.mark.ros
def test_a_run_that_was_ended_goes_on_where_it_stopped(example: Any, tmp_path: Path, monkeypatch: Any) -> None:
    pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here")
    program = importlib.import_module("pick")
    asked: list[int] = []

    class Simulation:
        """Silent when it is asked for scene 6."""

        silent = True

        def scene(self, number: int) -> Any:
            asked.append(number)
            if self.silent and number == 6:
                raise TimeoutError("arm_node is silent")
            return program.Scene("mug.glb", np.eye(4), np.zeros((4, 4), bool))

        def close(self) -> None:
            pass

    class PoseClient:
        """Says nothing to the first request, then finds nothing, and refuses to remove an object."""

        silent = True

        def __enter__(self) -> "PoseClient":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def add_object(self, *_: object, **__: object) -> None:
            pass

        def find(self, *_: object, **__: object) -> None:
            if PoseClient.silent:
                PoseClient.silent = False
                raise program.NoAnswer("no answer")
            raise program.NotFound("not found in 12.0 s")

        def remove_object(self, _: str) -> None:
            raise program.NotFound("there is none")

    monkeypatch.setattr(program, "Simulation", Simulation)
    monkeypatch.setattr(program, "PoseClient", PoseClient)
    output = tmp_path / "picks.json"
    arguments = ["--folder", str(tmp_path), "--scenes", "3", "--seed", "4", "--output", str(output), "--resume"]
    with pytest.raises(SystemExit, match="silent"):
        program.main(arguments)
    assert [one["scene"] for one in json.loads(output.read_text())] == [4, 5], "written as they came"
    Simulation.silent = False
    program.main(arguments)
    assert asked == [4, 5, 6, 6], "nothing is done twice"
    picks = json.loads(output.read_text())
    assert [one["scene"] for one in picks] == [4, 5, 6]
    assert all(one["apart_mm"] is None and one["why"] == "not found in 12.0 s" for one in picks)


@pytest.mark.ros
@pytest.mark.slow
def test_three_objects_are_found_and_grasped(cell: Any) -> None:
    pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here")
    from benchmarks.nodes.grasps import is_right, picks

    found = picks(3)
    assert [pick["object"] for pick in found] == ["mug", "cracker_box", "soda_can"]
    assert all(is_right(pick) for pick in found), found
