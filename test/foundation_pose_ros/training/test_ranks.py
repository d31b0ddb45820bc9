"""Processes that train one network: they begin alike, and each gradient is the mean of all."""

import json

import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.training.ranks import Ranks

pytestmark = pytest.mark.slow
SCRIPT = """
import json, sys
import torch
from foundation_pose_ros.training.ranks import Ranks

ranks = Ranks("cpu")
torch.manual_seed(ranks.rank)
model = torch.nn.Linear(2, 1, bias=False)



def learn():
    # What isn't held any more averages nothing.
    trained = ranks.parallel(model)
    trained(torch.tensor([[1.0 + ranks.rank, 4.0]])).sum().backward()


learn()
agreed = ranks.agreed(10.0 + ranks.rank)
said = {"first": ranks.first, "agreed": agreed}
said |= {"weights": model.weight.tolist(), "gradient": model.weight.grad.tolist()}
with open(f"{sys.argv[1]}/{ranks.rank}.json", "w") as file:
    json.dump(said, file)
ranks.close()
"""


def test_two_processes_begin_alike_and_average_their_gradients(torchrun, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    torchrun(str(script), str(tmp_path), timeout_s=300)
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert (first["first"], second["first"]) == (True, False)
    assert first["weights"] == second["weights"]
    assert first["gradient"] == second["gradient"] == [[1.5, 4.0]]
    assert first["agreed"] == second["agreed"] == 10.0


def test_a_process_alone_trains_the_network_itself():
    ranks, model = Ranks("cpu"), torch.nn.Linear(2, 1)
    assert (ranks.first, ranks.count, ranks.device) == (True, 1, "cpu")
    assert ranks.parallel(model) is model
    assert ranks.agreed(3.0) == 3.0
    ranks.close()
