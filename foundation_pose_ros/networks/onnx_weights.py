"""The tensors of an ONNX graph as those of our modules, where the graph allows.

Exporters keep the names of some tensors; those of layers that they rewrite become numbers. What they do to them is
known: batch norm is folded into the convolution before it, and the matrix of a linear layer is transposed. Convolutions
are met in the order in which the network runs them; a matrix is known by the bias that is added to its product.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import InputRefused
from ..runtime.extras import needed
from .blocks import PositionEmbedding


def read_onnx(path: Path) -> tuple[Any, dict[str, str]]:
    """Read the file's graph and its metadata.

    Raises InputRefused where onnx is missing, the file is damaged or its tensors are elsewhere.
    """
    onnx = onnx_module()
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf raises what it likes
        raise InputRefused(
            "bad_weights", f"{path} is damaged or cut off ({' '.join(str(error).split())[:200]}): fetch it again"
        ) from None
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer):
        raise InputRefused(
            "bad_weights",
            f"{path} keeps its tensors in other files: get it as one file, or join them with onnx.save",
        )
    if not model.graph.node:
        raise InputRefused("bad_weights", f"{path} is damaged or no network: it has no layers")
    return model.graph, {entry.key: entry.value for entry in model.metadata_props}


def onnx_module() -> Any:
    """Return the package `onnx`; raises InputRefused, with how to install it, where it is missing."""
    try:
        import onnx
        import onnx.numpy_helper
    except ModuleNotFoundError:
        raise InputRefused("no_onnx", needed("reading and writing .onnx", "onnx")) from None
    return onnx


def tensors_of_graph(graph: Any, networks: Sequence[nn.Module]) -> dict[str, Tensor] | None:
    """Return a complete state dict of the one of the networks that the graph is; None where not all of it is found."""
    arrays = {tensor.name: onnx_module().numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for network in networks:
        tensors = _of_network(graph, arrays, network)
        if tensors is not None:
            return tensors
    return None


def _of_network(graph: Any, arrays: dict[str, np.ndarray], network: nn.Module) -> dict[str, Tensor] | None:
    wanted = network.state_dict()
    prefix = _prefix(arrays, wanted)
    found = {name: arrays[prefix + name] for name in wanted if prefix + name in arrays}
    found |= _matrices(graph, arrays, wanted, prefix)
    found |= _convolutions(graph, arrays, network)
    found.setdefault("pos_embed.pe", PositionEmbedding().pe.numpy())
    found |= {name: np.zeros((), np.int64) for name in wanted if name.endswith("num_batches_tracked")}
    if any(name not in found or found[name].shape != tuple(tensor.shape) for name, tensor in wanted.items()):
        return None
    return {name: torch.from_numpy(np.array(found[name])).to(tensor.dtype) for name, tensor in wanted.items()}


def _prefix(arrays: Mapping[str, np.ndarray], wanted: Mapping[str, Tensor]) -> str:
    """What stands before the names, where the network was exported as part of another module."""
    prefixes = Counter(given.removesuffix(name) for given in arrays for name in wanted if given.endswith(name))
    return prefixes.most_common(1)[0][0] if prefixes else ""


def _matrices(
    graph: Any, arrays: dict[str, np.ndarray], wanted: Mapping[str, Tensor], prefix: str
) -> dict[str, np.ndarray]:
    """Weights of linear layers: a product with a nameless matrix, to which a bias of known name is added."""
    products = {
        node.output[0]: arrays[node.input[1]]
        for node in graph.node
        if node.op_type == "MatMul" and node.input[1] in arrays
    }
    found = {}
    for node in graph.node:
        if node.op_type != "Add":
            continue
        for bias, product in (tuple(node.input), tuple(node.input)[::-1]):
            name = bias.removeprefix(prefix).removesuffix("bias") + "weight"
            if bias in arrays and name in wanted and product in products:
                found[name] = products[product].T
    return found


def _convolutions(graph: Any, arrays: dict[str, np.ndarray], network: nn.Module) -> dict[str, np.ndarray]:
    """Convolutions in the order of the graph, which is that of the network, with what becomes of their batch norm."""
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    norms = {node.input[0]: node for node in graph.node if node.op_type == "BatchNormalization"}
    layers = convolutions_with_norms(network)
    if len(nodes) != len(layers) or any(name not in arrays for node in nodes for name in node.input[1:]):
        return {}
    found = {}
    for node, (name, norm_name, norm) in zip(nodes, layers, strict=True):
        weight = arrays[node.input[1]]
        found[f"{name}.weight"] = weight
        found[f"{name}.bias"] = arrays[node.input[2]] if len(node.input) > 2 else np.zeros(len(weight), np.float32)
        if (kept := norms.get(node.output[0])) is not None:
            values = [arrays.get(tensor) for tensor in kept.input[1:]]
        else:
            # Folded into the convolution: what remains changes nothing.
            one, zero = np.ones(len(weight), np.float32), np.zeros(len(weight), np.float32)
            values = [one, zero, zero, one - np.float32(norm.eps)]
        for part, value in zip(("weight", "bias", "running_mean", "running_var"), values, strict=True):
            if value is not None:
                found[f"{norm_name}.{part}"] = value
    return found


def convolutions_with_norms(network: nn.Module) -> list[tuple[str, str, nn.BatchNorm2d]]:
    """Name each convolution, the batch norm after it, and that, in the order in which they run."""
    modules = dict(network.named_modules())
    convolutions = [name for name, module in modules.items() if isinstance(module, nn.Conv2d)]
    norms = [(name, module) for name, module in modules.items() if isinstance(module, nn.BatchNorm2d)]
    return [(conv, name, norm) for conv, (name, norm) in zip(convolutions, norms, strict=True)]
