"""ScoreNet's order and the geometry's evidence stand side by side, and what hangs on the set is taken for the set."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.learned.input_pairs import PairMaker
from foundation_pose_ros.learned.observed_image import ImageSource
from foundation_pose_ros.learned.scorer import LearnedScorer
from foundation_pose_ros.networks.inference import InferenceSettings, PreparedNetwork
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.observation.crop_box import CropBox
from foundation_pose_ros.rendering import make_tensor_renderer
from foundation_pose_ros.selection.geometric import GeometricScorer


def test_rank_is_the_network_s_and_the_rest_the_geometry_s(
    cube: ObjectModel,
    cube_pose: np.ndarray,
    cube_renderer: Any,
    see: Callable[..., Any],
    moved: Callable[..., np.ndarray],
    score_net: Any,
) -> None:
    geometric = GeometricScorer(cube, cube_renderer)
    pairs = PairMaker(make_tensor_renderer(cube), cube, score_net.info)
    network = PreparedNetwork(score_net, settings=InferenceSettings(batch=1))
    images = ImageSource()
    scorer = LearnedScorer(network, pairs, images, geometric)
    frame = see(cube_pose).frame
    observation = Crop(frame, CropBox(110, 60, 100)).observe(32)
    poses = np.stack([cube_pose, moved(cube_pose, (9, 0, 0), (0, 20, 0))])

    evidence = scorer.score(observation, poses)
    expected = geometric.score(observation, poses)
    assert np.array_equal(evidence.agreement, expected.agreement)
    centred = pairs.centred(torch.from_numpy(poses))
    with torch.no_grad():
        logits = score_net(*pairs(images.of(frame), centred), 2)[0]
    assert np.abs(evidence.rank - logits.numpy()).max() < 1e-4
