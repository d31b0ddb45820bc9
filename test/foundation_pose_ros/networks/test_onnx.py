"""ONNX files compute what the networks do, and their tensors are found again, whoever runs them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")
onnx = pytest.importorskip("onnx", reason="onnx isn't installed here")
ort = pytest.importorskip("onnxruntime", reason="onnxruntime isn't installed here")

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.networks import RefineNet, ScoreNet, load_checkpoint
from foundation_pose_ros.networks.onnx_export import export_onnx
from foundation_pose_ros.networks.onnx_session import OnnxNetwork

TOLERANCE = 1e-4


def pairs(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    values = np.random.default_rng(count).standard_normal((2, count, 6, 160, 160)).astype(np.float32) * 0.5
    return torch.from_numpy(values[0]), torch.from_numpy(values[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, refine_net: RefineNet, score_net: ScoreNet) -> Path:
    folder = tmp_path_factory.mktemp("onnx")
    export_onnx(refine_net, folder / "refine.onnx", refine_net.info)
    export_onnx(score_net, folder / "score.onnx", score_net.info)
    return folder


def with_unknown_tensors(source: Path, target: Path) -> Path:
    """The same graph with all tensors renamed."""
    model = onnx.load(source)
    names = {tensor.name: f"t{i}" for i, tensor in enumerate(model.graph.initializer)}
    for tensor in model.graph.initializer:
        tensor.name = names[tensor.name]
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    onnx.save(model, target)
    return target


@torch.no_grad()
def test_onnxruntime_computes_the_same(folder: Path, refine_net: RefineNet, score_net: ScoreNet) -> None:
    rendered, observed = pairs(3)
    feed = {"inputA": rendered.numpy(), "inputB": observed.numpy()}
    trans, rot = ort.InferenceSession(folder / "refine.onnx").run(["trans", "rot"], feed)
    expected = refine_net(rendered, observed)
    assert np.abs(trans - expected[0].numpy()).max() < TOLERANCE
    assert np.abs(rot - expected[1].numpy()).max() < TOLERANCE
    (score,) = ort.InferenceSession(folder / "score.onnx").run(["score"], feed)
    assert np.abs(score - score_net(rendered, observed, 3).numpy()).max() < TOLERANCE


@torch.no_grad()
@pytest.mark.parametrize("kind", ["refine", "score"])
def test_tensors_are_found_in_the_graph(kind: str, folder: Path, request: pytest.FixtureRequest) -> None:
    source = request.getfixturevalue(f"{kind}_net")
    network = load_checkpoint(folder / f"{kind}.onnx")
    assert type(network) is type(source) and network.info.kind == kind
    rendered, observed = pairs(2)
    group = () if kind == "refine" else (2,)
    for found, expected in zip(network(rendered, observed, *group), source(rendered, observed, *group), strict=True):
        assert (found - expected).abs().max() < TOLERANCE


@torch.no_grad()
@pytest.mark.parametrize("kind", ["refine", "score"])
def test_unknown_graphs_are_run_by_onnxruntime(kind: str, folder: Path, request: Any, tmp_path: Path) -> None:
    source = request.getfixturevalue(f"{kind}_net")
    network = load_checkpoint(with_unknown_tensors(folder / f"{kind}.onnx", tmp_path / "unknown.onnx"))
    assert isinstance(network, OnnxNetwork) and network.info.kind == kind
    rendered, observed = pairs(2)
    group = () if kind == "refine" else (2,)
    found = network(rendered, observed[:1], *group)
    for ours, expected in zip(found, source(rendered, observed[:1], *group), strict=True):
        assert (ours - expected).abs().max() < TOLERANCE


def test_swapped_cut_and_foreign_files_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="holds ScoreNet, but RefineNet is wanted"):
        load_checkpoint(folder / "score.onnx", "refine")
    cut = tmp_path / "cut.onnx"
    cut.write_bytes((folder / "refine.onnx").read_bytes()[:100_000])
    with pytest.raises(InputRefused, match="damaged"):
        load_checkpoint(cut)
    other = tmp_path / "other.onnx"
    torch.onnx.export(torch.nn.Linear(2, 2), (torch.zeros(1, 2),), str(other), dynamo=False)
    with pytest.raises(InputRefused, match="neither RefineNet nor ScoreNet"):
        load_checkpoint(other)


def test_tensors_in_other_files_are_refused(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "parts.onnx"
    onnx.save(onnx.load(folder / "refine.onnx"), path, save_as_external_data=True, location="parts.bin")
    with pytest.raises(InputRefused, match="other files"):
        load_checkpoint(path)
