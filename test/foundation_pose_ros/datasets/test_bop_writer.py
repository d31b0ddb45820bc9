"""What is written as a BOP scene is read back as it was: pictures to a tenth of a millimetre, truth, masks, meshes."""

import json
import tarfile

import numpy as np
import pytest

from foundation_pose_ros.datasets.bop_scene import BopScene
from foundation_pose_ros.datasets.bop_writer import stored_depth, write_bop_scene
from foundation_pose_ros.datasets.ply_file import write_ply
from foundation_pose_ros.datasets.webdataset import write_shard
from foundation_pose_ros.object_model.appearance import CornerColours
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.rendering.embree import EmbreeRenderer
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

IDS = {"mug": 7, "sticker_cube": 9}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A scene and what was read back of it."""
    root = tmp_path_factory.mktemp("dataset")
    settings = SceneSettings(
        seed=1, frames=2, objects=["mug", "sticker_cube"], clutter=2, width=160, height=120, supersample=1
    )
    scene = make_scene(settings)
    folder = root / "train" / "000003"
    pictures = list(write_bop_scene(scene, folder, IDS))
    (root / "models").mkdir()
    for name, number in IDS.items():
        write_ply(scene.model(name), root / "models" / f"obj_{number:06d}.ply")
    np.testing.assert_array_equal(pictures[1], scene.frame("000001").rgb)
    return scene, BopScene(folder), folder


def test_pictures_truth_and_masks_come_back(written):
    scene, read, _ = written
    assert read.object_names == ["obj_000007", "obj_000009"]
    for frame_id in scene.frame_ids:
        before, after = scene.frame(frame_id), read.frame(frame_id)
        np.testing.assert_array_equal(after.rgb, before.rgb)
        np.testing.assert_allclose(after.depth_m, before.depth_m, atol=6e-5)
        np.testing.assert_allclose(after.camera.K, before.camera.K, rtol=1e-6)
        for name, number in IDS.items():
            label = f"obj_{number:06d}"
            np.testing.assert_allclose(read.truth(frame_id, label), scene.truth(frame_id, name), atol=1e-6)
            np.testing.assert_array_equal(read.mask(frame_id, label), scene.mask(frame_id, name))


def test_a_mesh_comes_back_with_its_print(written):
    scene, read, _ = written
    for name, number in IDS.items():
        before, after = scene.model(name), read.model(f"obj_{number:06d}")
        np.testing.assert_allclose(after.extents_m, before.extents_m, atol=1e-6)
        T, K = scene.truth("000000", name)[None], scene.camera.K
        pictures = [EmbreeRenderer(model).render(T, K, (120, 160), colour=True) for model in (before, after)]
        np.testing.assert_allclose(pictures[1].depth_m, pictures[0].depth_m, atol=1e-5)
        assert np.abs(pictures[1].rgb - pictures[0].rgb).mean() < 0.002


def test_colours_of_vertices_come_back(tmp_path):
    shape = ObjectModel.from_mesh(make_mesh("bracket"))
    colours = np.random.default_rng(0).integers(0, 256, (len(shape.faces), 1, 3)) / np.float32(255)
    model = shape.repainted(CornerColours(np.broadcast_to(colours, (len(shape.faces), 3, 3))))
    write_ply(model, tmp_path / "obj_000001.ply")
    read = ObjectModel.from_mesh(tmp_path / "obj_000001.ply", unit="mm")
    np.testing.assert_allclose(read.appearance.corner_rgb, model.appearance.corner_rgb, atol=0.003)


def test_what_is_said_of_masks_is_so(written):
    scene, _, folder = written
    infos = json.loads((folder / "scene_gt_info.json").read_text())
    for index, frame_id in enumerate(scene.frame_ids):
        for number, name in enumerate(IDS):
            info, seen = infos[str(index)][number], scene.mask(frame_id, name)
            assert info["px_count_visib"] == seen.sum()
            assert info["px_count_all"] >= info["px_count_visib"] > 100
            assert info["visib_fract"] == pytest.approx(info["px_count_visib"] / info["px_count_all"], abs=0.02)
            rows, columns = np.nonzero(seen)
            left, top, width, height = info["bbox_visib"]
            assert (left, top) == (columns.min(), rows.min())
            assert (width, height) == (np.ptp(columns) + 1, np.ptp(rows) + 1)


def test_depth_that_is_too_far_is_not_measured():
    depth_m = np.array([[0, 0.5, 6.55, 6.56, 100.0]], np.float32)
    np.testing.assert_array_equal(stored_depth(depth_m), [[0, 5000, 65500, 0, 0]])


def test_a_shard_has_the_same_pictures_and_is_the_same_each_time(written, tmp_path):
    scene, _, folder = written
    for name in ("a.tar", "b.tar"):
        write_shard(folder, 3, tmp_path / name)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    with tarfile.open(tmp_path / "a.tar") as tar:
        names = tar.getnames()
        assert names[:5] == [
            "000003_000000.rgb.png",
            "000003_000000.depth.png",
            "000003_000000.mask_visib_000000.png",
            "000003_000000.mask_visib_000001.png",
            "000003_000000.camera.json",
        ]
        # Files of a sample follow each other, as WebDataset wants them.
        keys = [name.split(".")[0] for name in names]
        assert keys == sorted(keys) and len(set(keys)) == 2
        assert tar.extractfile(names[0]).read() == (folder / "rgb" / "000000.png").read_bytes()
        truth = json.load(tar.extractfile("000003_000001.gt.json"))
        np.testing.assert_allclose(
            np.array(truth[0]["cam_t_m2c"]) / 1000, scene.truth("000001", "mug")[:3, 3], atol=1e-6
        )
