"""What is far off or too near is nothing, coordinate by coordinate; rendering and picture of one pose agree."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.learned.input_pairs import PairMaker, normalised
from foundation_pose_ros.learned.observed_image import ImageSource
from foundation_pose_ros.networks.weights_info import PUBLISHED_SETTINGS, WeightsInfo
from foundation_pose_ros.rendering import make_tensor_renderer


def test_coordinates_beyond_two_radii_and_points_too_near_are_nothing() -> None:
    columns = [[0.1, 0.0, 0.5], [0.199, 0.0, 0.61], [0.201, -0.1, 0.29], [0.0, 0.0, 0.0999], [0.0, 0.0, 0.0]]
    points = torch.tensor(columns).T.reshape(1, 3, 1, 5)
    v = normalised(points, torch.tensor([[0.0, 0.0, 0.5]]), radius_m=0.1, nearest_m=0.1)[0, :, 0].T
    expected = [[1, 0, 0], [1.99, 0, 1.1], [0, -1, 0], [0, 0, 0], [0, 0, 0]]
    assert np.allclose(v, expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["refine", "score"])
def test_at_the_true_pose_both_images_show_the_same(
    kind: str, cube: ObjectModel, cube_pose: np.ndarray, see: Callable[..., Any]
) -> None:
    pairs = PairMaker(make_tensor_renderer(cube), cube, WeightsInfo(kind, PUBLISHED_SETTINGS[kind]))
    pose = torch.from_numpy(cube_pose)[None]
    assert (pairs.uncentred(pairs.centred(pose)) - pose).abs().max() < 1e-6
    images, frame = ImageSource(), see(cube_pose).frame
    image = images.of(frame)
    assert images.of(frame) is image
    rendered, observed = (pair[0].numpy() for pair in pairs(image, pairs.centred(pose)))
    both = rendered[3:].any(axis=0) & observed[3:].any(axis=0)
    assert both.mean() > 0.3
    off = np.abs(rendered - observed)[:, both]
    assert np.median(off[3:]) < 0.02  # radii: half a pixel
    assert np.corrcoef(rendered[:3, both].ravel(), observed[:3, both].ravel())[0, 1] > 0.9
    shared = pairs(image, pairs.centred(pose.repeat(2, 1, 1)), shared=True)
    assert [len(pair) for pair in shared] == [2, 1]
