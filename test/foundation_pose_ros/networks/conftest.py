"""Networks with weights that are made up, but always the same; and recorded outputs to compare with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

SEEDS = {"refine": 20240501, "score": 20240502}


@pytest.fixture(scope="session")
def spec_folder(data_folder: Path) -> Path:
    """Names, shapes and recorded outputs of the published networks; skipped, with the reason, where there are none."""
    folder = data_folder.parent / "spec" / "foundationpose"
    if not folder.is_dir():
        pytest.skip(f"no recorded outputs at {folder}")
    return folder


def seeded(network: Any, seed: int) -> Any:
    """The network with weights of one stream of random numbers, in order of their names."""
    import torch

    from foundation_pose_ros.networks.blocks import PositionEmbedding

    random = np.random.RandomState(seed)
    tensors = {}
    for name, tensor in sorted(network.state_dict().items()):
        shape = tuple(tensor.shape)
        if name.endswith("num_batches_tracked"):
            tensors[name] = torch.zeros((), dtype=torch.long)
            continue
        if name == "pos_embed.pe":
            tensors[name] = PositionEmbedding().pe
            continue
        if name.endswith("running_var"):
            values = 0.5 + random.uniform(0, 1, size=shape)
        elif name.endswith("running_mean"):
            values = 0.1 * random.standard_normal(size=shape)
        elif len(shape) == 1:
            values = random.standard_normal(size=shape)
            values = 1 + 0.1 * values if name.endswith("weight") else 0.05 * values
        else:
            gain = 0.1 if name.endswith("in_proj_weight") else 2.0
            values = random.standard_normal(size=shape) * np.sqrt(gain / np.prod(shape[1:]))
        tensors[name] = torch.from_numpy(np.asarray(values, np.float32))
    network.load_state_dict(tensors, strict=True, assign=True)
    return network


@pytest.fixture(scope="session")
def refine_net() -> Any:
    torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")
    from foundation_pose_ros.networks import RefineNet

    with torch.device("meta"):
        network = RefineNet()
    return seeded(network, SEEDS["refine"])


@pytest.fixture(scope="session")
def score_net() -> Any:
    torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")
    from foundation_pose_ros.networks import ScoreNet

    with torch.device("meta"):
        network = ScoreNet()
    return seeded(network, SEEDS["score"])
