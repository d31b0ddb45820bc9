"""ONNX files compute what the networks do, and their tensors are found again, whoever runs them."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")
onnx = pytest.importorskip("onnx", reason="onnx isn't installed here")
ort = pytest.importorskip("onnxruntime", reason="onnxruntime isn't installed here")

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.networks import RefineNet, ScoreNet, load_checkpoint
from foundation_pose_ros.networks.inference import folded
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
@pytest.mark.parametrize("kind", ["refine", "score"])
def test_onnxruntime_computes_the_same(kind: str, folder: Path, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """For another number of pairs than the graph was made with; once as it is, once through our own session."""
    source = request.getfixturevalue(f"{kind}_net")
    rendered, observed = pairs(3)
    group = () if kind == "refine" else (3,)
    expected = source(rendered, observed[:1].expand_as(rendered), *group)
    expected = expected if kind == "refine" else (expected,)
    names = ["trans", "rot"] if kind == "refine" else ["score"]
    feed = {"inputA": rendered.numpy(), "inputB": observed[:1].expand_as(rendered).numpy()}
    for found, ours in zip(ort.InferenceSession(folder / f"{kind}.onnx").run(names, feed), expected, strict=True):
        assert np.abs(found - ours.numpy()).max() < TOLERANCE

    unknown = load_checkpoint(with_unknown_tensors(folder / f"{kind}.onnx", tmp_path / "unknown.onnx"))
    assert isinstance(unknown, OnnxNetwork) and unknown.info.kind == kind
    outputs = unknown(rendered, observed[:1], *group)
    for found, ours in zip(outputs if kind == "refine" else (outputs,), expected, strict=True):
        assert (found - ours).abs().max() < TOLERANCE


@pytest.mark.parametrize("kind", ["refine", "score"])
def test_tensors_are_found_in_the_graph(kind: str, folder: Path, request: pytest.FixtureRequest) -> None:
    """All are those of the network, its batch norms folded as the exporter does."""
    source = request.getfixturevalue(f"{kind}_net")
    network = load_checkpoint(folder / f"{kind}.onnx", kind)
    assert type(network) is type(source) and network.info.kind == kind
    found, expected = folded(network).state_dict(), folded(source).state_dict()
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert (found[name] - tensor).abs().max() < 1e-5, name


def test_swapped_cut_and_foreign_files_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="holds ScoreNet, but RefineNet is wanted"):
        load_checkpoint(folder / "score.onnx", "refine")
    cut = tmp_path / "cut.onnx"
    cut.write_bytes((folder / "refine.onnx").read_bytes()[:100_000])
    with pytest.raises(InputRefused, match="damaged"):
        load_checkpoint(cut)
    other = tmp_path / "other.onnx"
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 2]) for name in ("x", "y")]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "other", values[:1], values[1:])
    onnx.save(onnx.helper.make_model(graph, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 17)]), other)
    with pytest.raises(InputRefused, match="neither RefineNet nor ScoreNet"):
        load_checkpoint(other)


def test_tensors_in_other_files_are_refused(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "parts.onnx"
    onnx.save(onnx.load(folder / "refine.onnx"), path, save_as_external_data=True, location="parts.bin")
    with pytest.raises(InputRefused, match="other files"):
        load_checkpoint(path)
