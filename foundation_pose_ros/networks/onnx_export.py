"""The networks as ONNX files: for onnxruntime, and for TensorRT, which builds its engines from them."""

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from .blocks import INPUT_CHANNELS, INPUT_SIZE
from .onnx_weights import onnx_module
from .refine_net import RefineNet
from .score_net import ScoreNet
from .weights_info import WeightsInfo

OPSET = 17
INPUTS = ("inputA", "inputB")
OUTPUTS = {"refine": ("trans", "rot"), "score": ("score",)}


class _OneGroup(nn.Module):
    """ScoreNet whose batch is one group."""

    def __init__(self, network: ScoreNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, rendered: Tensor, observed: Tensor) -> Tensor:
        return self.network(rendered, observed, rendered.shape[0])


def export_onnx(network: RefineNet | ScoreNet, path: Path, info: WeightsInfo) -> None:
    """Write a graph with inputs `inputA` (rendered) and `inputB` (observed) [N, 6, 160, 160], N free.

    Outputs `trans` and `rot` [N, 3], or `score` [1, N]. What is known of the weights goes into its metadata. Raises
    InputRefused where onnx isn't installed.
    """
    onnx = onnx_module()
    names = (*INPUTS, *OUTPUTS[info.kind])
    axes = {name: {1 if name == "score" else 0: "N"} for name in names}
    example = torch.zeros(2, INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE)
    module = _OneGroup(network) if isinstance(network, ScoreNet) else network
    path.parent.mkdir(parents=True, exist_ok=True)
    # With gradients on: without, transformer layers take a fused form that no graph has.
    with torch.enable_grad(), warnings.catch_warnings():
        # The exporter that follows the graph as it is traced is the one that needs no further package.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.cpu().eval(),
            (example, example.clone()),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=list(INPUTS),
            output_names=list(OUTPUTS[info.kind]),
            dynamic_axes=axes,
        )
    written = onnx.load(path)
    onnx.helper.set_model_props(written, info.as_metadata())
    onnx.save(written, path)
