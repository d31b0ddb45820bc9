"""The examples do what they say, on scenes of their own."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.reconstruction.fusion.tsdf_fusion import FusionSettings
from foundation_pose_ros.reconstruction.reconstruct import ReconstructionSettings
from foundation_pose_ros.reconstruction.texture.texture_atlas import PaintSettings
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import render_views, sphere_poses
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.tracking import TrackState

pytestmark = pytest.mark.slow


@pytest.fixture
def example(repository: Path) -> Callable[[str], dict[str, Any]]:
    """What a file of examples/ defines, without running it."""
    return lambda name: runpy.run_path(str(repository / "examples" / f"{name}.py"))


def test_register_finds_the_mug(example: Any, capsys: pytest.CaptureFixture[str]) -> None:
    result = example("register")["main"]([])
    scene = make_scene(SceneSettings(frames=1, objects=["mug"]))
    truth = scene.truth(scene.frame_ids[0], "mug")
    error_m, error_deg = pose_error(result.T_cam_obj, truth)
    assert error_m < 0.002 and error_deg < 2.0
    assert "right with probability" in capsys.readouterr().out


def test_a_refiner_of_ones_own_moves_the_pose_and_is_right(example: Any, capsys: pytest.CaptureFixture[str]) -> None:
    scene, (usual, searched) = example("own_refiner")["main"]()
    error_m, error_deg = pose_error(searched.T_cam_obj, scene.truth(scene.frame_ids[0], "mug"))
    assert error_m < 0.002 and error_deg < 2.0
    assert not np.array_equal(searched.T_cam_obj, usual.T_cam_obj)
    assert np.isfinite(searched.covariance).all()
    assert capsys.readouterr().out.count("agreement") == 2


def test_track_follows_the_box_through_all_frames(example: Any, capsys: pytest.CaptureFixture[str]) -> None:
    followed = example("track")["main"]([])
    scene = make_scene(SceneSettings(frames=10, objects=["cracker_box"], moving_object=True))
    for frame_id, tracked in followed:
        assert tracked.state is TrackState.TRACKING and tracked.result is not None
        error_m, error_deg = pose_error(tracked.result.T_cam_obj, scene.truth(frame_id, "cracker_box"))
        assert error_m < 0.003 and error_deg < 2.0
    assert capsys.readouterr().out.count("TRACKING") == len(scene.frame_ids)


def test_reconstruct_writes_a_mesh_of_the_box(example: Any, tmp_path: Path) -> None:
    quick = ReconstructionSettings(10, FusionSettings(voxels=100_000, faces=4000), PaintSettings(0))
    example("reconstruct")["main"]([str(tmp_path / "box.glb")], quick)
    made, true = ObjectModel.from_mesh(tmp_path / "box.glb"), ObjectModel.from_mesh(make_mesh("cracker_box"))
    assert made.diameter_m == pytest.approx(true.diameter_m, rel=0.03)
    assert (tmp_path / "box.png").is_file() and (tmp_path / "box.json").is_file()


def test_segment_writes_a_mask_of_the_box(example: Any, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch isn't installed here")
    example("segment")["main"]([str(tmp_path / "mask.png")])
    box = ObjectModel.from_mesh(make_mesh("cracker_box"))
    true = render_views(box, sphere_poses(box, 9))[-1].mask
    mask = cv2.imread(str(tmp_path / "mask.png"), cv2.IMREAD_GRAYSCALE) > 0
    assert 2 * np.sum(mask & true) / (mask.sum() + true.sum()) > 0.9
