"""The measure of a refiner, with networks whose worth is known."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.networks import RefineNet
from foundation_pose_ros.training import improvement
from foundation_pose_ros.training.batches import pair_renderers
from foundation_pose_ros.training.improvement import PushedPoses, measure_improvement
from foundation_pose_ros.training.pairs import PairRenderer, Surroundings, training_models
from foundation_pose_ros.training.pose_sampling import ViewDistribution

BARE = Surroundings(wall=0.0, depth_noise=0.0)


@pytest.fixture(scope="module")
def objects() -> list[PairRenderer]:
    return pair_renderers(training_models(("mug", "sticker_cube")), "refine")


@pytest.fixture(scope="module")
def network() -> RefineNet:
    return RefineNet()


def says_how_far_the_middles_are_apart(_network, rendered, observed):
    """(1, 1, 3) twice: from the middle of the rendered points to that of the observed ones, and no turn."""
    middles = []
    for image in (rendered, observed):
        seen = image[:, 3:].abs().sum(dim=1, keepdim=True) > 0
        middles.append((image[:, 3:] * seen).sum(dim=(2, 3)) / seen.sum(dim=(2, 3)))
    return (middles[1] - middles[0])[:, None], torch.zeros(1, 1, 3)


def test_a_network_that_says_nothing_leaves_poses_where_they_were(objects, network, monkeypatch):
    monkeypatch.setattr(improvement, "steps_per_token", lambda *_: (torch.zeros(1, 1, 3), torch.zeros(1, 1, 3)))
    found = measure_improvement(network, objects, ViewDistribution(), BARE, 32, PushedPoses(2), iterations=2)
    assert len(found.errors) == 3
    for errors in found.errors:
        assert errors.centre == pytest.approx(np.full(4, 0.1), abs=1e-4)
        assert errors.angle_deg == pytest.approx(np.full(4, 10.0), abs=0.05)
    assert found.remaining() == pytest.approx({"add": 1.0, "centre": 1.0, "angle_deg": 1.0}, abs=0.01)


def test_a_network_that_says_how_far_off_the_points_are_brings_the_centre_near(objects, network, monkeypatch):
    monkeypatch.setattr(improvement, "steps_per_token", says_how_far_the_middles_are_apart)
    found = measure_improvement(network, objects, ViewDistribution(), BARE, 64, PushedPoses(4), iterations=3)
    assert found.remaining()["centre"] < 0.4
    assert found.remaining()["add"] < 0.7
    assert found.remaining()["angle_deg"] == pytest.approx(1, abs=0.01)
    alone = [found.of(which, 4) for which in range(2)]
    assert [len(part.errors[0].add) for part in alone] == [4, 4]
    assert np.concatenate([part.errors[3].add for part in alone]) == pytest.approx(found.errors[3].add)


def test_the_same_views_are_measured_each_time(objects, network, monkeypatch):
    monkeypatch.setattr(improvement, "steps_per_token", says_how_far_the_middles_are_apart)
    first, again = (
        measure_improvement(network, objects[:1], ViewDistribution(), BARE, 32, PushedPoses(2), iterations=1)
        for _ in range(2)
    )
    assert first.errors[1].add == pytest.approx(again.errors[1].add)
