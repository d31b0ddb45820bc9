"""Sequence folders and BOP scenes, written here pixel by pixel, and the real recordings where they are at hand."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh

from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.errors import InputRefused

K_TEXT = "100 0 8\n0 110 6\n0 0 1\n"


def box(extents=(0.06, 0.08, 0.1)) -> trimesh.Trimesh:
    return trimesh.creation.box(extents)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two frames of 16x12 with one box; a mask and a true pose in the first only."""
    root = tmp_path / "desk"
    for room in ("rgb", "depth", "masks/box", "gt/box", "mesh/box"):
        (root / room).mkdir(parents=True)
    (root / "K.txt").write_text(K_TEXT)
    for number in (3, 1):
        rgb = np.zeros((12, 16, 3), np.uint8)
        rgb[0, 0] = (200, 100, number)
        cv2.imwrite(str(root / f"rgb/{number:06d}.png"), rgb[..., ::-1])
        depth_mm = np.full((12, 16), 1000 + number, np.uint16)
        depth_mm[0, 0] = 0
        cv2.imwrite(str(root / f"depth/{number:06d}.png"), depth_mm)
    mask = np.zeros((12, 16), np.uint8)
    mask[2:5, 3:9] = 255
    cv2.imwrite(str(root / "masks/box/000001.png"), mask)
    np.savetxt(root / "gt/box/000001.txt", pose(t=(0.1, 0.2, 0.9)))
    box().export(root / "mesh/box/box.ply")
    return root


def pose(R=None, t=(0, 0, 1)) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3] = np.eye(3) if R is None else R
    T[:3, 3] = t
    return T


def test_folder_gives_frames_in_order_with_depth_in_metres(folder):
    sequence = open_sequence(folder)
    assert (sequence.name, sequence.frame_ids, sequence.object_names) == ("desk", ["000001", "000003"], ["box"])
    first, second = (sequence.frame(frame_id) for frame_id in sequence.frame_ids)
    assert first.rgb[0, 0].tolist() == [200, 100, 1]
    assert (first.depth_m[0, 0], first.depth_m[5, 5]) == (0, np.float32(1.001))
    assert (first.camera.fx, first.camera.fy, first.camera.width, first.camera.height) == (100, 110, 16, 12)
    assert first.frame_id == "camera_color_optical_frame"
    assert second.stamp_ns - first.stamp_ns == pytest.approx(1e9 / 30, abs=1)
    assert first.stamp_ns > 0


def test_folder_gives_masks_truth_and_model_where_there_are_any(folder):
    sequence = open_sequence(folder)
    assert np.argwhere(sequence.mask("000001", "box")).tolist() == [[r, c] for r in range(2, 5) for c in range(3, 9)]
    assert sequence.mask("000003", "box") is None
    assert sequence.truth("000001", "box")[:3, 3] == pytest.approx([0.1, 0.2, 0.9])
    assert sequence.truth("000003", "box") is None
    model = sequence.model("box")
    assert model.name == "box"
    assert model.extents_m == pytest.approx([0.06, 0.08, 0.1], abs=1e-6)
    assert sequence.model("box") is model


def test_weaker_reference_poses_are_not_truth(folder):
    (folder / "gt_icp/box").mkdir(parents=True)
    np.savetxt(folder / "gt_icp/box/000003.txt", pose())
    assert open_sequence(folder).truth("000003", "box") is None


def test_meshes_of_a_folder_may_be_elsewhere_and_in_another_unit(folder, tmp_path):
    (tmp_path / "meshes/box").mkdir(parents=True)
    box(extents=(60, 80, 100)).export(tmp_path / "meshes/box/box.stl")
    sequence = open_sequence(folder, models=tmp_path / "meshes", unit="mm")
    assert sequence.model("box").extents_m == pytest.approx([0.06, 0.08, 0.1], abs=1e-6)


def test_textured_format_is_preferred(folder):
    box(extents=(0.2, 0.2, 0.2)).export(folder / "mesh/box/a.stl")
    box(extents=(0.03, 0.03, 0.03)).export(folder / "mesh/box/z.obj")
    assert open_sequence(folder).model("box").extents_m == pytest.approx([0.03] * 3, abs=1e-6)


def spoil(folder: Path, case: str) -> None:
    match case:
        case "no K":
            (folder / "K.txt").unlink()
        case "K of words":
            (folder / "K.txt").write_text("fx fy cx cy")
        case "K too small":
            (folder / "K.txt").write_text("1 2\n3 4")
        case "K empty":
            (folder / "K.txt").write_text("\n")
        case "no depth":
            for path in (folder / "depth").iterdir():
                path.unlink()
        case "no rgb":
            for path in (folder / "rgb").iterdir():
                path.unlink()
        case "no rgb folder":
            spoil(folder, "no rgb")
            (folder / "rgb").rmdir()


@pytest.mark.parametrize(
    ("case", "named"),
    [
        ("no K", "K.txt"),
        ("K of words", "K.txt"),
        ("K too small", "K.txt"),
        ("K empty", "K.txt"),
        ("no depth", "depth"),
        ("no rgb", "rgb"),
        ("no rgb folder", "rgb/"),
    ],
)
def test_unusable_folder_is_refused_in_one_line_with_the_fix(folder, case, named):
    spoil(folder, case)
    with pytest.raises(InputRefused) as refused:
        open_sequence(folder)
    assert named in str(refused.value)
    assert str(folder) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("depth", "says"), [(np.full((12, 16), 9, np.uint8), "16 bits"), (np.zeros((12, 16, 3), np.uint16), "one channel")]
)
def test_depth_of_another_kind_is_refused(folder, depth, says):
    cv2.imwrite(str(folder / "depth/000001.png"), depth)
    with pytest.raises(InputRefused, match=says):
        open_sequence(folder).frame("000001")


def test_broken_files_are_refused_by_name_when_they_are_read(folder):
    (folder / "rgb/000001.png").write_bytes(b"not a picture")
    (folder / "depth/000003.png").unlink()
    np.savetxt(folder / "gt/box/000001.txt", 2 * pose())
    (folder / "mesh/box/box.ply").unlink()
    sequence = open_sequence(folder)
    for read, named in [
        (lambda: sequence.frame("000001"), "rgb/000001.png"),
        (lambda: sequence.frame("000003"), "depth/000003.png"),
        (lambda: sequence.truth("000001", "box"), "gt/box/000001.txt"),
        (lambda: sequence.model("box"), "mesh/box"),
        (lambda: sequence.frame("000009"), "000001 to 000003"),
        (lambda: sequence.mask("000001", "mug"), "choose from box"),
    ]:
        with pytest.raises(InputRefused) as refused:
            read()
        assert named in str(refused.value)


@pytest.fixture
def bop(tmp_path: Path) -> Path:
    """A dataset with one scene of two images: two instances of object 5, one of them hidden in the second image."""
    scene = tmp_path / "toy/test/000002"
    for room in ("rgb", "depth", "mask_visib"):
        (scene / room).mkdir(parents=True)
    (tmp_path / "toy/models").mkdir()
    box(extents=(60, 60, 100)).export(tmp_path / "toy/models/obj_000005.ply")
    half_turn = np.diag([-1.0, -1, 1, 1])
    half_turn[0, 3] = 2.0
    (tmp_path / "toy/models/models_info.json").write_text(
        json.dumps({"5": {"diameter": 131.1, "symmetries_discrete": [half_turn.ravel().tolist()]}})
    )
    quarter = [0, -1, 0, 1, 0, 0, 0, 0, 1]
    gt = [
        {"cam_R_m2c": quarter, "cam_t_m2c": [10, 20, 900], "obj_id": 5},
        {"cam_R_m2c": quarter, "cam_t_m2c": [-10, 20, 950], "obj_id": 5},
    ]
    camera = {"cam_K": [100, 0, 8, 0, 110, 6, 0, 0, 1], "depth_scale": 0.1}
    (scene / "scene_camera.json").write_text(json.dumps({"0": camera, "7": camera}))
    (scene / "scene_gt.json").write_text(json.dumps({"0": gt, "7": gt}))
    visible = [{"visib_fract": 1.0}, {"visib_fract": 0.8}]
    hidden = [{"visib_fract": 1.0}, {"visib_fract": 0.05}]
    (scene / "scene_gt_info.json").write_text(json.dumps({"0": visible, "7": hidden}))
    for number in (0, 7):
        cv2.imwrite(str(scene / f"rgb/{number:06d}.png"), np.zeros((12, 16, 3), np.uint8))
        cv2.imwrite(str(scene / f"depth/{number:06d}.png"), np.full((12, 16), 9000, np.uint16))
        for instance in (0, 1):
            mask = np.zeros((12, 16), np.uint8)
            mask[instance, : instance + 1] = 255
            cv2.imwrite(str(scene / f"mask_visib/{number:06d}_{instance:06d}.png"), mask)
    return scene


def test_bop_scene_speaks_metres_and_names_instances(bop):
    scene = open_sequence(bop)
    assert scene.frame_ids == ["000000", "000007"]
    assert scene.object_names == ["obj_000005", "obj_000005_2"]
    frame = scene.frame("000000")
    assert frame.depth_m[0, 0] == pytest.approx(0.9)
    assert frame.camera.fy == 110
    T_cam_obj = scene.truth("000000", "obj_000005_2")
    assert T_cam_obj[:3, 3] == pytest.approx([-0.01, 0.02, 0.95])
    assert (T_cam_obj @ [1, 0, 0, 1])[:3] == pytest.approx([-0.01, 1.02, 0.95])
    assert scene.mask("000000", "obj_000005").sum() == 1
    assert scene.mask("000000", "obj_000005_2").sum() == 2


def test_bop_instances_share_the_model_with_its_declared_symmetries(bop):
    scene = open_sequence(bop)
    model = scene.model("obj_000005_2")
    assert model is scene.model("obj_000005")
    assert model.name == "obj_000005"
    assert model.extents_m == pytest.approx([0.06, 0.06, 0.1], abs=1e-6)
    transforms = model.symmetries.transforms()
    assert len(transforms) == 2
    assert transforms[1][:3, 3] == pytest.approx([0.002, 0, 0])


def test_bop_instance_that_is_hidden_counts_as_absent(bop):
    scene = open_sequence(bop)
    assert scene.truth("000007", "obj_000005_2") is None
    assert scene.mask("000007", "obj_000005_2") is None
    assert scene.truth("000007", "obj_000005") is not None


def test_bop_dataset_itself_is_refused_with_a_scene_to_take(bop):
    for root in (bop.parent, bop.parent.parent):
        with pytest.raises(InputRefused, match=str(bop)):
            open_sequence(root)


def test_bop_without_models_says_where_it_looked(bop, tmp_path):
    (tmp_path / "toy/models/obj_000005.ply").unlink()
    with pytest.raises(InputRefused, match="--models"):
        open_sequence(bop).model("obj_000005")


def test_bop_with_broken_json_is_refused(bop):
    (bop / "scene_gt.json").write_text("{")
    with pytest.raises(InputRefused, match=r"scene_gt\.json"):
        open_sequence(bop)
    (bop / "scene_gt.json").write_text(json.dumps({"0": [{"obj_id": 5, "cam_R_m2c": [1, 2]}]}))
    with pytest.raises(InputRefused, match=r"scene_gt\.json: frame 0, instance 0"):
        open_sequence(bop)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("scene_gt.json", [1]),
        ("scene_gt.json", {"0": [{"cam_R_m2c": [1, 2]}]}),
        ("scene_gt.json", {"0": [{"obj_id": "five"}]}),
        ("scene_gt_info.json", {"0": []}),
        ("scene_camera.json", []),
    ],
)
def test_bop_json_of_another_layout_is_refused(bop, name, content):
    (bop / name).write_text(json.dumps(content))
    with pytest.raises(InputRefused, match="unpack") as refusal:
        open_sequence(bop)
    assert name in str(refusal.value)


@pytest.mark.parametrize("text", ["missing", ""])
def test_a_path_that_is_no_recording_is_refused(tmp_path, text):
    with pytest.raises(InputRefused, match=str(tmp_path)):
        open_sequence(tmp_path / text)
