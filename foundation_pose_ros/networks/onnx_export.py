"""The networks as ONNX files: for onnxruntime, and for TensorRT, which builds its engines from them."""

from pathlib import Path

import torch
from torch import Tensor, nn

from .blocks import INPUT_CHANNELS, INPUT_SIZE
from .onnx_graph import write_graph
from .refine_net import RefineNet
from .score_net import ScoreNet
from .weights_info import WeightsInfo

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
    outputs = OUTPUTS[info.kind]
    axes = {name: {1 if name == "score" else 0: "N"} for name in (*INPUTS, *outputs)}
    example = torch.zeros(2, INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE)
    module = _OneGroup(network) if isinstance(network, ScoreNet) else network
    write_graph(module, (example, example.clone()), path, (INPUTS, outputs), axes, info.as_metadata())
