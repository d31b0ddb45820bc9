"""The networks are the published ones: names, shapes, every stage's values and the outputs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.networks import RefineNet, ScoreNet

TOLERANCE = 1e-4
KINDS = {"refine": RefineNet, "score": ScoreNet}


def recorded(spec_folder: Path, kind: str) -> dict[str, np.ndarray]:
    with np.load(spec_folder / "parity" / f"{kind}.npz") as file:
        return dict(file)


def images(count: int, seed: int = 0) -> torch.Tensor:
    values = np.random.default_rng(seed).standard_normal((count, 6, 160, 160))
    return torch.from_numpy(values.astype(np.float32)) * 0.5


def outputs(network: torch.nn.Module, *inputs: Any) -> tuple[dict[str, torch.Tensor], Any]:
    """Outputs of the network and of each of its modules, by name."""
    seen: dict[str, torch.Tensor] = {}

    def keep(name: str) -> Any:
        return lambda _, __, output: seen.update({name: output[0] if isinstance(output, tuple) else output})

    hooks = [module.register_forward_hook(keep(name)) for name, module in network.named_modules()]
    try:
        with torch.no_grad():
            result = network(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return seen, result


@pytest.mark.parametrize("kind", KINDS)
def test_names_shapes_and_types_are_the_published_ones(kind: str, spec_folder: Path) -> None:
    published = json.loads((spec_folder / f"{kind}_state_dict.json").read_text())
    ours = {name: [list(t.shape), str(t.dtype)] for name, t in KINDS[kind]().state_dict().items()}
    assert ours == published


def test_count_of_parameters() -> None:
    assert sum(p.numel() for p in RefineNet().parameters()) == 16_830_406
    assert sum(p.numel() for p in ScoreNet().parameters()) == 15_773_121


def compare_stages(seen: dict[str, torch.Tensor], record: dict[str, np.ndarray]) -> None:
    names = [key.removesuffix("__sub64") for key in record if key.endswith("__sub64")]
    assert len(names) == 5
    for name in names:
        values = seen[name.replace("head_0", "head.0")].flatten()
        sample = values[:: len(values) // 64][:64].numpy()
        assert np.abs(sample - record[f"{name}__sub64"]).max() < TOLERANCE, name
        mean, std, low, high, _ = record[f"{name}__stats"]
        measured = (values.mean(), values.std(unbiased=False), values.min(), values.max())
        assert np.allclose(measured, (mean, std, low, high), atol=1e-3), name


def test_refine_net_puts_out_what_was_recorded(spec_folder: Path, refine_net: RefineNet) -> None:
    record = recorded(spec_folder, "refine")
    seen, (trans, rot) = outputs(refine_net, torch.from_numpy(record["A"]), torch.from_numpy(record["B"]))
    assert np.abs(trans.numpy() - record["trans"]).max() < TOLERANCE
    assert np.abs(rot.numpy() - record["rot"]).max() < TOLERANCE
    compare_stages(seen, record)


def test_score_net_puts_out_what_was_recorded(spec_folder: Path, score_net: ScoreNet) -> None:
    record = recorded(spec_folder, "score")
    A, B = torch.from_numpy(record["A"]), torch.from_numpy(record["B"])
    seen, logits = outputs(score_net, A, B, 2)
    compare_stages(seen, record)
    assert np.abs(logits.numpy() - record["score_logit_L2"]).max() < TOLERANCE
    with torch.no_grad():
        together = score_net.compared(seen["att"].mean(dim=1), 4)
    assert np.abs(together.numpy() - record["score_logit_L4"]).max() < TOLERANCE


@torch.no_grad()
def test_a_shared_picture_is_the_same_picture_for_each(refine_net: RefineNet) -> None:
    rendered, observed = images(2), images(1, seed=1)
    each = observed.repeat(2, 1, 1, 1)
    for shared, plain in zip(refine_net(rendered, observed), refine_net(rendered, each), strict=True):
        assert (shared - plain).abs().max() < 1e-5


@torch.no_grad()
def test_a_group_may_be_fed_in_parts_but_not_scored_in_parts(score_net: ScoreNet) -> None:
    rendered, observed = images(2), images(2, seed=1)
    parts = torch.cat([score_net.features(rendered[i : i + 1], observed[i : i + 1]) for i in range(2)])
    whole = score_net(rendered, observed, 2)
    assert (score_net.compared(parts, 2) - whole).abs().max() < 1e-5
    assert whole.shape == (1, 2) and score_net.compared(parts, 1).shape == (2, 1)
    assert (score_net.compared(parts, 1).flatten() - whole.flatten()).abs().max() > 1e-3


def test_other_inputs_are_refused_in_words(refine_net: RefineNet, score_net: ScoreNet) -> None:
    with pytest.raises(InputRefused, match="6, 160, 160"):
        refine_net(torch.zeros(1, 6, 320, 320), torch.zeros(1, 6, 320, 320))
    with pytest.raises(InputRefused, match="3 rendered but 2 observed"):
        refine_net(torch.zeros(3, 6, 160, 160), torch.zeros(2, 6, 160, 160))
    with pytest.raises(InputRefused, match="whole groups"):
        score_net.compared(torch.zeros(3, 512), 2)
