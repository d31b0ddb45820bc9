"""`universeg support from-mesh`, `from-views`, `found`, `gray`, as a user calls them: files in, a set out."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh

from foundation_pose_ros import Camera, ObjectModel
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, sphere_poses
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from universeg_ros import SupportSet
from universeg_ros.cli.app import main

CAMERA = Camera(200.0, 200.0, 79.5, 59.5, 160, 120)


def said(capsys: pytest.CaptureFixture[str], status: int, *arguments: object) -> tuple[str, str]:
    """What a command printed on either stream, having ended with a status."""
    assert main([str(argument) for argument in arguments]) == status
    return capsys.readouterr()


@pytest.mark.slow
def test_a_mesh_in_millimetres_becomes_a_set_of_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mesh = make_mesh("sticker_cube", 0)
    mesh.apply_scale(1000)
    mesh.export(tmp_path / "dice.glb")
    call = ("support", "from-mesh", tmp_path / "dice.glb", "--examples", 2)
    out, _ = said(capsys, 0, *call, "--unit", "mm", "--output", tmp_path / "set")
    assert out.startswith("2 examples of dice: ")
    support = SupportSet.load(tmp_path / "set")
    assert len(support) == 2 and support.label_names == {1: "dice"}
    for example in support:
        assert 0.004 < (example.labels == 1).mean() < 0.2
    assert "unit" in said(capsys, 1, *call, "--output", tmp_path / "metres")[1]
    assert (
        "none.glb does not exist"
        in said(capsys, 1, "support", "from-mesh", tmp_path / "none.glb", "--output", tmp_path / "set")[1]
    )


def test_what_gray_pictures_are_shown_as_is_kept_in_the_set(
    scenes: tuple[list[np.ndarray], list[np.ndarray]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="PyTorch isn't installed here")
    SupportSet.from_arrays(scenes[0][:3], scenes[1][:3]).save(tmp_path / "set")
    assert SupportSet.load(tmp_path / "set").preparation.gray is None
    # Of fewer than four examples none is held out.
    out, _ = said(capsys, 0, "support", "gray", tmp_path / "set")
    assert out.rstrip().endswith("gray pictures are shown as both")
    kept = SupportSet.load(tmp_path / "set")
    assert kept.preparation.gray == "both" and len(kept) == 3


def test_reference_views_become_a_set_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cube = ObjectModel.from_mesh(make_mesh("sticker_cube", 0), name="cube")
    views = render_views(cube, sphere_poses(cube, 3), settings=StudioSettings(camera=CAMERA))
    for room in ("rgb", "depth", "masks/cube", "gt/cube"):
        (tmp_path / "views" / room).mkdir(parents=True)
    np.savetxt(tmp_path / "views" / "K.txt", CAMERA.K)
    for view in views:
        image, depth_mm = cv2.cvtColor(view.frame.rgb, cv2.COLOR_RGB2BGR), (1000 * view.frame.depth_m).astype(np.uint16)
        cv2.imwrite(str(tmp_path / "views" / "rgb" / f"{view.name}.png"), image)
        cv2.imwrite(str(tmp_path / "views" / "depth" / f"{view.name}.png"), depth_mm)
        cv2.imwrite(str(tmp_path / "views" / "masks" / "cube" / f"{view.name}.png"), view.mask * np.uint8(255))
        np.savetxt(tmp_path / "views" / "gt" / "cube" / f"{view.name}.txt", view.pose)
    call = ("support", "from-views", tmp_path / "views", "--output", tmp_path / "set")
    assert said(capsys, 0, *call)[0].startswith("3 examples of views: ")
    assert said(capsys, 0, *call[:-1], tmp_path / "named.npz", "--object", "cube")[0].startswith("3 examples of cube: ")
    support = SupportSet.load(tmp_path / "set")
    for view in views:
        assert np.array_equal(support[view.name].image, view.frame.rgb)
        assert np.array_equal(support[view.name].labels == 1, view.mask)
    assert "choose from cube" in said(capsys, 1, *call, "--object", "mug")[1]


@pytest.mark.slow
def test_pictures_of_a_recording_in_which_the_object_is_found_become_a_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = make_scene(SceneSettings(seed=12, frames=2, objects=["mug"], clutter=3, rate_hz=2.0, supersample=1))
    for room in ("rgb", "depth", "mesh/mug"):
        (tmp_path / "desk" / room).mkdir(parents=True)
    np.savetxt(tmp_path / "desk" / "K.txt", scene.frame(scene.frame_ids[0]).camera.K)
    trimesh.creation.torus(0.07, 0.012).export(tmp_path / "desk" / "mesh" / "mug" / "mug.obj")
    for frame_id in scene.frame_ids:
        frame = scene.frame(frame_id)
        cv2.imwrite(str(tmp_path / "desk" / "rgb" / f"{frame_id}.png"), cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR))
        depth_mm = (1000 * frame.depth_m).round().astype(np.uint16)
        cv2.imwrite(str(tmp_path / "desk" / "depth" / f"{frame_id}.png"), depth_mm)
    call = ("support", "found", tmp_path / "desk", "--output", tmp_path / "set")
    assert "mug isn't surely found" in said(capsys, 1, *call)[1]
    (tmp_path / "desk" / "mesh" / "mug" / "mug.obj").unlink()
    scene.model("mug").mesh.export(tmp_path / "desk" / "mesh" / "mug" / "mug.ply")
    assert said(capsys, 0, *call, "--examples", 1)[0].startswith("1 examples of mug: ")
    (example,) = SupportSet.load(tmp_path / "set")
    mask = scene.mask(scene.frame_ids[0], "mug")
    assert mask is not None
    assert ((example.labels == 1) & mask).sum() > 0.85 * ((example.labels == 1) | mask).sum()
