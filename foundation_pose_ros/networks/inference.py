"""A network made ready to run fast: the same outputs but for rounding.

Batch norm is folded into the convolutions, images lie channels last, numbers may be of half precision, and on CUDA all
kernels of a batch size are launched at once, as a graph. Folded in float32, nothing changes but the last digits.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..errors import InputRefused
from .blocks import ConvBlock, ResidualBlock
from .checkpoints import Network
from .onnx_session import OnnxNetwork
from .refine_net import RefineNet
from .score_net import ScoreNet
from .weights_info import WeightsInfo

PRECISIONS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
# What holds most numbers of a network; norms and sums stay in float32.
_HALVED = (nn.Conv2d, nn.Linear, nn.MultiheadAttention)
_WARM_UPS = 3
_MOST_GRAPHS = 8


@dataclass(frozen=True)
class InferenceSettings:
    """precision: fp32, fp16 or bf16; None: fp16 on CUDA, as published, fp32 on the CPU. batch: most pairs at once,
    which bounds the memory of activations; None: 64 on CUDA, 8 on the CPU. graphs: record CUDA graphs.
    """

    precision: str | None = None
    batch: int | None = None
    graphs: bool = True


class PreparedNetwork:
    """Runs one network on one device; batch: how many pairs to give it at once."""

    def __init__(
        self, network: Network, device: torch.device | str = "cpu", settings: InferenceSettings | None = None
    ) -> None:
        self.info: WeightsInfo = network.info
        self.device = torch.device(device)
        self.settings = settings or InferenceSettings()
        precision = self.settings.precision or ("fp16" if self.device.type == "cuda" else "fp32")
        if precision not in PRECISIONS:
            raise InputRefused("bad_precision", f"precision {precision!r} is unknown: use {', '.join(PRECISIONS)}")
        self.batch = self.settings.batch or (64 if self.device.type == "cuda" else 8)
        self._dtype = PRECISIONS[precision]
        self._graphs: dict[tuple[int, int], _Graph] = {}
        self._pool: Any = None  # of memory, shared by the graphs: their outputs are copied out before another one runs
        self._network: Network = network if isinstance(network, OnnxNetwork) else self._ready(network)

    @torch.no_grad()
    def steps(self, rendered: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
        """Return RefineNet's translations and rotations (B, 3) float32 of pairs, observed for each or one for all."""
        trans, rot = self._run(rendered, observed)
        return trans, rot

    @torch.no_grad()
    def scores(self, parts: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
        """Return ScoreNet's logits (L,) float32 of one group, whose pairs (B, 6, 160, 160) come in parts."""
        if isinstance(self._network, OnnxNetwork):
            # A graph takes a group in one go.
            rendered, observed = (torch.cat(images) for images in zip(*parts, strict=True))
            return self._network(rendered, observed, len(rendered))[0]
        assert isinstance(self._network, ScoreNet)
        features = torch.cat([self._run(*pairs)[0] for pairs in parts])
        with self._autocast():
            return self._network.compared(features, len(features))[0].float()

    def _ready(self, network: RefineNet | ScoreNet) -> RefineNet | ScoreNet:
        ready = folded(network).to(self.device)
        ready.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self._dtype != torch.float32:
            # Once, where autocast would do it at every call.
            for module in ready.modules():
                if isinstance(module, _HALVED):
                    module.to(self._dtype)
        return ready.requires_grad_(False)

    def _run(self, rendered: Tensor, observed: Tensor) -> tuple[Tensor, ...]:
        if isinstance(self._network, OnnxNetwork):
            return self._network(rendered, observed)
        rendered, observed = (x.contiguous(memory_format=torch.channels_last) for x in (rendered, observed))
        if self.device.type != "cuda" or not self.settings.graphs:
            return self._forward(rendered, observed)
        key = (len(rendered), len(observed))
        if key not in self._graphs:
            if len(self._graphs) == _MOST_GRAPHS:
                del self._graphs[next(iter(self._graphs))]
            self._pool = self._pool or torch.cuda.graph_pool_handle()
            self._graphs[key] = _Graph(self._forward, self._pool, rendered, observed)
        return self._graphs[key](rendered, observed)

    def _forward(self, rendered: Tensor, observed: Tensor) -> tuple[Tensor, ...]:
        with self._convolutions(), self._autocast():
            if isinstance(self._network, ScoreNet):
                outputs = (self._network.features(rendered, observed),)
            else:
                outputs = self._network(rendered, observed)
        return tuple(output.float() for output in outputs)

    def _autocast(self) -> torch.autocast:
        # Weights are cast already, and a recorded graph must not lean on what a cache held.
        return torch.autocast(self.device.type, self._dtype, enabled=self._dtype != torch.float32, cache_enabled=False)

    def _convolutions(self) -> AbstractContextManager[None]:
        """Kernels tried out for each size; float32 in full, where CUDA would round it to ten bits."""
        if self.device.type != "cuda":
            return nullcontext()
        return torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False)


def folded(network: RefineNet | ScoreNet) -> RefineNet | ScoreNet:
    """Return a copy whose convolutions do what the batch norm after them did, and the norms nothing."""
    copied = copy.deepcopy(network).eval()
    for module in list(copied.modules()):
        if isinstance(module, ConvBlock):
            _fold(module.net, "0", "1")
        elif isinstance(module, ResidualBlock):
            _fold(module, "conv1", "bn1")
            _fold(module, "conv2", "bn2")
    return copied


def _fold(parent: nn.Module, convolution: str, norm: str) -> None:
    layers: Any = parent.get_submodule(convolution), parent.get_submodule(norm)
    setattr(parent, convolution, fuse_conv_bn_eval(*layers))
    setattr(parent, norm, nn.Identity())


class _Graph:
    """The recorded kernels of one batch size, and the memory that they read and write."""

    def __init__(self, forward: Callable[..., tuple[Tensor, ...]], pool: Any, *inputs: Tensor) -> None:
        self._inputs = [x.clone(memory_format=torch.channels_last) for x in inputs]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UPS):  # libraries choose their kernels
                forward(*self._inputs)
        torch.cuda.current_stream().wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, pool=pool):
            self._outputs = forward(*self._inputs)

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        for kept, given in zip(self._inputs, inputs, strict=True):
            kept.copy_(given)
        self._graph.replay()
        return tuple(output.clone() for output in self._outputs)
