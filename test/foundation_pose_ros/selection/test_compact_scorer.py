"""A network's word beside the learning-free choice."""

import numpy as np
import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.method_choice import MethodChoice
from foundation_pose_ros.selection.compact_scorer import ChoiceSettings, CompactScorer, weighed


class LikesTheRedder:
    """Scores renderings by their red."""

    def __init__(self) -> None:
        self.asked = 0

    def scores(self, rendered: np.ndarray, observed: np.ndarray) -> np.ndarray:
        self.asked += 1
        assert observed.shape == (1, 6, 64, 64)
        return np.asarray(1000 * rendered[:, 0].mean(axis=(1, 2)))


def test_a_sure_network_overrules_a_small_difference_and_no_large_one():
    settings = ChoiceSettings(weight=0.05, largest=4.0)
    sure = np.array([-9.0, 3.0])
    assert weighed(np.array([1.0, 0.9]), sure, settings).argmax() == 1
    assert weighed(np.array([1.0, 0.7]), sure, settings).argmax() == 0
    unsure = np.array([0.1, 0.3])
    assert weighed(np.array([1.0, 0.9]), unsure, settings).argmax() == 0


def test_ranks_are_changed_by_what_the_network_sees(see, cube, cube_renderer, cube_pose):
    view = see(cube_pose)
    poses = np.stack([cube_pose, cube_pose @ np.diag([-1.0, -1.0, 1.0, 1.0])]).astype(np.float32)
    network = LikesTheRedder()
    scorer = CompactScorer(network, cube, cube_renderer)
    rank = np.array([1.0, 1.0])
    forwards, backwards = scorer.ranks(view.frame, poses, rank), scorer.ranks(view.frame, poses[::-1], rank)
    assert network.asked == 2
    assert forwards.max() == pytest.approx(1.0)
    assert forwards.argmax() != backwards.argmax()


def test_a_registration_asks_the_network_in_the_end(see, cube, cube_pose):
    class Against:
        """Likes what registration liked least."""

        def scores(self, rendered: np.ndarray, observed: np.ndarray) -> np.ndarray:
            return np.linspace(-1000, 0, len(rendered))

    view = see(cube_pose)
    alone = GeometricMethods(1).prepare(cube).register(view.frame, view.mask)
    agreed = GeometricMethods(1, Against()).prepare(cube).register(view.frame, view.mask)
    assert len(agreed.refined.T_cam_obj) == len(alone.refined.T_cam_obj) > 1
    settings = ChoiceSettings()
    expected = weighed(alone.evidence.rank, Against().scores(alone.refined.T_cam_obj, alone.evidence.rank), settings)
    np.testing.assert_allclose(agreed.evidence.rank, np.sort(expected)[::-1], atol=1e-5)


def test_the_choice_of_methods_takes_the_compact_scorer(tmp_path):
    for choice, reason in (
        (MethodChoice(scorer="compact", weights=tmp_path), "no_weights"),
        (MethodChoice("learned", "compact", weights=tmp_path), "methods"),
    ):
        pytest.importorskip("onnxruntime", reason="onnxruntime isn't installed here")
        pytest.importorskip("torch", reason="PyTorch isn't installed here")
        with pytest.raises(InputRefused) as refused:
            choice.methods()
        assert refused.value.reason == reason


def test_one_pose_alone_is_not_looked_at(see, cube, cube_renderer, cube_pose):
    network = LikesTheRedder()
    scorer = CompactScorer(network, cube, cube_renderer)
    rank = np.array([0.7])
    np.testing.assert_array_equal(scorer.ranks(see(cube_pose).frame, cube_pose[None], rank), rank)
    assert not network.asked


def test_an_object_out_of_the_image_keeps_its_ranks(see, cube, cube_renderer, cube_pose):
    aside = np.stack([cube_pose, cube_pose])
    aside[:, 0, 3] += 3
    scorer = CompactScorer(LikesTheRedder(), cube, cube_renderer)
    rank = np.array([0.7, 0.6])
    np.testing.assert_array_equal(scorer.ranks(see(cube_pose).frame, aside, rank), rank)
