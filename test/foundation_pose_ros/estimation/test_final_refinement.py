"""Differentiable refinement at the end, from the choice of methods to poses: what it adds, and what it leaves alone."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import Camera, Frame, InputRefused, ObjectModel, PoseEstimator, se3
from foundation_pose_ros.cli.app import main
from foundation_pose_ros.estimation.candidates import Candidates
from foundation_pose_ros.estimation.final_refinement import FinalRefinement, FinalRefinementMethods
from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.method_choice import MethodChoice
from foundation_pose_ros.refinement.refiner import Refinement
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.synthetic.meshes import make_mesh

CAMERA = Camera(600.0, 600.0, 159.5, 119.5, 320, 240)
Error = Callable[..., tuple[float, float]]


class Moves:
    """A refiner that moves all poses by one twist."""

    def __init__(self, model: ObjectModel, mm: float) -> None:
        self.twist = np.array([mm / 1000, 0, 0, 0, 0, 0])
        self.centre_obj = model.centre_m

    def refine(self, _observation: Any, T_cam_obj: np.ndarray, *_: Any) -> Refinement:
        count = len(T_cam_obj)
        moved = se3.apply_twist(T_cam_obj, self.twist, self.centre_obj)
        return Refinement(moved, np.tile(np.eye(6), (count, 1, 1)), np.ones(count), np.zeros((count, 6, 6)))


@pytest.fixture
def aside(
    cube: ObjectModel, cube_pose: np.ndarray, see: Any, moved: Any
) -> Callable[..., tuple[Candidates, Candidates]]:
    """aside(mm): candidates 1 and 3 mm aside, and what a step that moves them by mm makes of them."""
    prepared = GeometricMethods(threads=1).prepare(cube)
    view = see(cube_pose)
    observation = prepared.register(view.frame, view.mask).observation

    def make(mm: float, judged: bool = False) -> tuple[Candidates, Candidates]:
        poses = np.stack([moved(cube_pose, (shift, 0, 0), (0, 0, 0)) for shift in (1, 3)])
        before = Refinement(poses, np.tile(np.eye(6), (2, 1, 1)), np.full(2, 1e-6), np.zeros((2, 6, 6)))
        evidence = prepared.scorer.score(observation, poses)
        if judged:
            evidence = replace(evidence, rank=np.array([-7.0, -8.0]))
        step = FinalRefinement(Moves(cube, mm), prepared.scorer, 1, (0.01, 0.01), reorder=not judged)
        candidates = Candidates(before, evidence, observation)
        return candidates, step(candidates)

    return make


def test_what_got_worse_stays_where_it_was(aside, cube_pose, error_mm_deg: Error) -> None:
    before, after = aside(-3)
    # The pose that was 3 mm off is now right, and comes first; the one 1 mm off would be 2 mm off, and stays.
    mm = [error_mm_deg(T, cube_pose)[0] for T in after.refined.T_cam_obj]
    assert mm == pytest.approx([0, 1], abs=0.01)
    assert after.refined.variance_m2 == pytest.approx([1, 1e-6])
    assert after.evidence.rank[0] > before.evidence.rank[0]


def test_the_ranks_of_a_judge_stay(aside, cube_pose, error_mm_deg: Error) -> None:
    _, after = aside(-3, judged=True)
    assert after.evidence.rank == pytest.approx([-7, -8])
    assert [error_mm_deg(T, cube_pose)[0] for T in after.refined.T_cam_obj] == pytest.approx([1, 0], abs=0.01)


@dataclass(frozen=True)
class Scene:
    """A carton in noisy depth, which leaves open where along its sides it is."""

    model: ObjectModel
    truth: np.ndarray
    frame: Frame
    mask: np.ndarray

    def error_mm(self, T_cam_obj: np.ndarray) -> float:
        return 1000 * float(np.linalg.norm(se3.twist_between(T_cam_obj, self.truth, self.model.centre_m)[:3]))


@pytest.fixture(scope="module")
def scene() -> Scene:
    model = ObjectModel.from_mesh(make_mesh("cracker_box"), name="carton")
    rng = np.random.default_rng(1)
    R = Rotation.random(rng=rng).as_matrix()
    truth = se3.from_rotation_translation(
        R, np.array([0.01, -0.005, 2.2 * model.diameter_m + 0.2]) - R @ model.centre_m
    )
    seen = EmbreeRenderer(model, threads=1).render(truth[None], CAMERA.K, (CAMERA.height, CAMERA.width), colour=True)
    assert seen.rgb is not None
    hit = seen.depth_m[0] > 0
    depth_m = np.where(hit, seen.depth_m[0], 1.5) + rng.normal(0, 0.0015, hit.shape)
    rgb = np.where(hit[..., None], 0.8 * seen.rgb[0], 0.5)
    frame = Frame((255 * rgb).astype(np.uint8), depth_m.astype(np.float32), CAMERA, 0, "camera")
    return Scene(model, truth, frame, hit)


def test_a_carton_is_brought_nearer_to_where_its_print_is(scene: Scene) -> None:
    prepared = MethodChoice(threads=1, differentiable=True).methods().prepare(scene.model)
    found = prepared.registration(scene.frame, scene.mask)
    pushed = found.picked(np.array([0]))
    # Along the image, where depth alone doesn't hold it.
    aside = se3.apply_twist(pushed.refined.T_cam_obj, np.array([0.002, 0.0015, 0, 0, 0, 0]), scene.model.centre_m)
    pushed = replace(pushed, refined=replace(pushed.refined, T_cam_obj=aside.astype(np.float32)))
    assert prepared.final_refinement is not None
    after = prepared.final_refinement(pushed)
    assert scene.error_mm(after.refined.T_cam_obj[0]) < 0.6 * scene.error_mm(aside[0])


def test_a_carton_is_found_and_followed(scene: Scene) -> None:
    estimator = PoseEstimator([scene.model], methods=MethodChoice(threads=1, differentiable=True).methods())
    found = estimator.register(scene.frame, scene.mask)
    followed = estimator.track(replace(scene.frame, stamp_ns=33_000_000), found)
    assert max(scene.error_mm(result.T_cam_obj) for result in (found, followed)) < 1.0
    assert found.score > 0.9


def test_the_command_line_chooses_it(scene: Scene, tmp_path: Path) -> None:
    folder, output = tmp_path / "scene", tmp_path / "poses.jsonl"
    for part in ("rgb", "depth", "masks/carton", "mesh/carton"):
        (folder / part).mkdir(parents=True)
    cv2.imwrite(str(folder / "rgb/000001.png"), scene.frame.rgb[..., ::-1])
    cv2.imwrite(str(folder / "depth/000001.png"), (scene.frame.depth_m * 1000).round().astype(np.uint16))
    cv2.imwrite(str(folder / "masks/carton/000001.png"), scene.mask.astype(np.uint8) * 255)
    np.savetxt(folder / "K.txt", CAMERA.K)
    make_mesh("cracker_box").export(folder / "mesh/carton/carton.obj")
    assert main(["register", str(folder), "--differentiable", "--output", str(output)]) == 0
    assert scene.error_mm(np.array(json.loads(output.read_text())["T_cam_obj"])) < 1.2


def test_without_pytorch_words_say_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "foundation_pose_ros.estimation.final_refinement", None)
    with pytest.raises(InputRefused, match=r"pip install .foundation-perception\[learned\]"):
        MethodChoice(differentiable=True).methods()


def test_it_goes_after_any_methods() -> None:
    methods = MethodChoice(differentiable=True).methods()
    assert isinstance(methods, FinalRefinementMethods)
    if not torch.cuda.is_available():
        with pytest.raises(InputRefused, match="no CUDA device"):
            MethodChoice(differentiable=True, device="cuda").methods()
