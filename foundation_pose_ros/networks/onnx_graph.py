"""A traced network as an ONNX file with what is known of its weights, there whole or not at all."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..atomic_file import replacing
from .onnx_weights import onnx_module

OPSET = 17
# Tensors of fewer numbers are kept as they are: shapes, biases, constants.
_LARGE = 256


def write_graph(
    module: nn.Module,
    example: tuple[Tensor, ...],
    path: Path,
    names: tuple[Sequence[str], Sequence[str]],
    axes: Mapping[str, dict[int, str]],
    metadata: Mapping[str, str],
    half: bool = False,
) -> None:
    """Trace a module on example inputs, and write the graph.

    names: of inputs and of outputs. axes: of these, which axes are free, and what they are called. half: weights are
    kept in half precision, which halves the file, and computed with in single as others are. Raises InputRefused where
    onnx isn't installed.
    """
    onnx = onnx_module()
    inputs, outputs = names
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unfinished:
        # With gradients on: without, transformer layers take a fused form that no graph has.
        with torch.enable_grad(), warnings.catch_warnings():
            # The exporter that follows the graph as it is traced is the one that needs no further package.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module.cpu().eval(),
                example,
                str(unfinished),
                dynamo=False,
                opset_version=OPSET,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_axes=dict(axes),
            )
        written = onnx.load(unfinished)
        if half:
            _keep_in_half(onnx, written.graph)
        onnx.helper.set_model_props(written, dict(metadata))
        onnx.save(written, unfinished)


def _keep_in_half(onnx: Any, graph: Any) -> None:
    """Put weights into half precision, each with a node that makes it single again, which runtimes do once."""
    casts = []
    for tensor in graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < _LARGE:
            continue
        name = tensor.name
        tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(onnx.helper.make_node("Cast", [tensor.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
