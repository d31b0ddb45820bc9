"""The compact scorer as an ONNX file, for onnxruntime on any processor. Needs PyTorch and onnx."""

import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from .compact_score_net import CompactScoreNet
from .onnx_weights import onnx_module

OPSET = 17
INPUTS, OUTPUT = ("rendered", "observed"), "score"
_SIZE = 64


class _OneSet(nn.Module):
    """The network for one set: (L, 6, s, s) and (1, 6, s, s) -> (L,)."""

    def __init__(self, network: CompactScoreNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, rendered: Tensor, observed: Tensor) -> Tensor:
        return self.network(rendered[None], observed[None])[0]


def export_compact_scorer(network: CompactScoreNet, path: Path, metadata: Mapping[str, str]) -> None:
    """Write a graph: `rendered` [L, 6, 64, 64] and `observed` [1, 6, 64, 64], L free, give `score` [L].

    metadata: what is known of the weights, put into the file. Raises InputRefused where onnx isn't installed.
    """
    onnx = onnx_module()
    # What came of 2 poses alone would be fixed to 2; three are traced.
    example = torch.rand(3, 6, _SIZE, _SIZE), torch.rand(1, 6, _SIZE, _SIZE)
    path.parent.mkdir(parents=True, exist_ok=True)
    # With gradients on: without, transformer layers take a fused form that no graph has.
    with torch.enable_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _OneSet(network).cpu().eval(),
            example,
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=list(INPUTS),
            output_names=[OUTPUT],
            dynamic_axes={INPUTS[0]: {0: "L"}, OUTPUT: {0: "L"}},
        )
    written = onnx.load(path)
    onnx.helper.set_model_props(written, dict(metadata))
    onnx.save(written, path)
