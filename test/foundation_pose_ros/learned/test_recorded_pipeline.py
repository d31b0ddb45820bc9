"""Each step of the input and of the pose update is the published one."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.learned.depth_filter import eroded, smoothed
from foundation_pose_ros.learned.input_pairs import normalised
from foundation_pose_ros.learned.network_crop import crop_boxes, crop_transforms, render_cameras
from foundation_pose_ros.learned.observed_image import ObservedImage
from foundation_pose_ros.learned.pose_update import updated
from foundation_pose_ros.networks.weights_info import PUBLISHED_SETTINGS

Record = dict[str, np.ndarray]
KINDS = ("refine", "score")
# In the scorer's crops, depth is sampled three times; places that fall on half a pixel round either way.
MOST_TIES = {"refine": 0, "score": 250}


def boxes(record: Record, kind: str) -> torch.Tensor:
    translations = torch.from_numpy(record["poses"][:, :3, 3])
    ratio = PUBLISHED_SETTINGS[kind].crop_ratio
    return crop_boxes(translations, torch.from_numpy(record["K"]), float(record["diameter"]), ratio)


def normalised_points(record: Record, kind: str, points: torch.Tensor) -> np.ndarray:
    translations = torch.from_numpy(record["poses"][:, :3, 3])
    return normalised(points, translations, record["diameter"] / 2, PUBLISHED_SETTINGS[kind].nearest_m).numpy()


def test_depth_filter(recorded: Record) -> None:
    thinned = eroded(torch.from_numpy(recorded["depth_raw"]))
    assert np.array_equal(thinned.numpy(), recorded["depth_eroded"])
    assert np.abs(smoothed(thinned).numpy() - recorded["depth_filtered"]).max() < 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_crop(kind: str, recorded: Record) -> None:
    assert np.abs(crop_transforms(boxes(recorded, kind)).numpy() - recorded[f"crop_tf_{kind}"]).max() < 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_observed_crops(kind: str, recorded: Record) -> None:
    rgb, depth_m = torch.from_numpy(recorded["rgb"]).permute(2, 0, 1).float() / 255, recorded["depth_filtered"]
    image = ObservedImage(rgb, torch.from_numpy(depth_m), torch.from_numpy(recorded["K"]))
    crops, expected = boxes(recorded, kind), recorded[f"B_{kind}"]
    assert np.abs(image.colours(crops).numpy() - expected[:, :3]).max() < 1e-4
    points = image.points(crops) if kind == "refine" else image.points_twice_sampled(crops)
    off = (np.abs(normalised_points(recorded, kind, points) - expected[:, 3:]) > 1e-4).any(axis=1)
    assert off.sum(axis=(1, 2)).max() <= MOST_TIES[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_rendered_points_are_normalised(kind: str, recorded: Record) -> None:
    points = normalised_points(recorded, kind, torch.from_numpy(recorded["xyzA_in"]))
    assert np.abs(points - recorded[f"A_{kind}"][:, 3:]).max() < 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_cameras_of_renderings(kind: str, recorded: Record) -> None:
    T_cam_obj = torch.from_numpy(recorded["poses"])
    points = torch.from_numpy(recorded["verts"]) @ T_cam_obj[:, :3, :3].transpose(1, 2) + T_cam_obj[:, None, :3, 3]
    projected = points @ render_cameras(boxes(recorded, kind), torch.from_numpy(recorded["K"])).transpose(1, 2)
    pixels = (projected[..., :2] / projected[..., 2:]).numpy()
    clip = recorded[f"clip_{kind}"]
    expected = (1 + clip[..., :2] / clip[..., 3:] * (1, -1)) * 80 - 0.5
    assert np.abs(pixels - expected).max() < 1e-3


def test_pose_update(recorded: Record) -> None:
    poses, trans, rot = (torch.from_numpy(recorded[name]) for name in ("poses", "net_trans", "net_rot"))
    moved = updated(poses, trans, rot, float(recorded["diameter"]), PUBLISHED_SETTINGS["refine"].turn_rad)
    assert np.abs(moved.numpy() - recorded["pose_updated"]).max() < 1e-6
