"""Compact networks as ONNX files, for onnxruntime on any processor. Needs PyTorch and onnx."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from .compact_refine_net import CompactRefineNet
from .compact_score_net import CompactScoreNet
from .onnx_graph import write_graph
from .surface_motion import SurfaceMotion

_INPUTS = ("rendered", "observed")
_SIZE = 64


class _OneSet(nn.Module):
    """A scorer for one set: (L, 6, s, s) and (1, 6, s, s) -> (L,)."""

    def __init__(self, network: CompactScoreNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, rendered: Tensor, observed: Tensor) -> Tensor:
        return self.network(rendered[None], observed[None])[0]


class _Equations(nn.Module):
    """A refiner whose answer is summed up: (B, 6, s, s) twice -> (B, 6, 6) and (B, 6)."""

    def __init__(self, network: CompactRefineNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, rendered: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
        return SurfaceMotion.said_of(rendered, observed, self.network(rendered, observed)).equations()


def export_compact_scorer(
    network: CompactScoreNet, path: Path, metadata: Mapping[str, str], half: bool = False
) -> None:
    """Write a graph: `rendered` [L, 6, 64, 64] and `observed` [1, 6, 64, 64], L free, give `score` [L].

    metadata: what is known of the weights, put into the file. half: they are kept in half precision, as `write_graph`
    does. Raises InputRefused where onnx isn't installed.
    """
    # What came of 2 poses alone would be fixed to 2; three are traced.
    _export(_OneSet(network), (3, 1), ("score",), path, metadata, half)


def export_compact_refiner(
    network: CompactRefineNet, path: Path, metadata: Mapping[str, str], half: bool = False
) -> None:
    """Write a graph: `rendered` and `observed` [B, 6, 64, 64], B free, give `information` [B, 6, 6] and `pull` [B, 6].

    Otherwise as `export_compact_scorer`.
    """
    _export(_Equations(network), (3, 3), ("information", "pull"), path, metadata, half)


def _export(
    module: nn.Module,
    counts: tuple[int, int],
    outputs: Sequence[str],
    path: Path,
    metadata: Mapping[str, str],
    half: bool,
) -> None:
    """counts: of images that are traced; an input of more than one may have any number."""
    free = [name for name, count in zip(_INPUTS, counts, strict=True) if count > 1]
    example = tuple(torch.rand(count, 6, _SIZE, _SIZE) for count in counts)
    axes = {name: {0: "B"} for name in (*free, *outputs)}
    write_graph(module, example, path, (_INPUTS, outputs), axes, metadata, half)
