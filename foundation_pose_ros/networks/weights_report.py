"""What is in a file of weights, and whether it works: its hash, its network, a forward pass."""

from dataclasses import dataclass
from pathlib import Path

import torch

from ..errors import InputRefused
from ..file_hash import file_sha256
from .checkpoints import NAMES, Network, load_checkpoint
from .onnx_session import OnnxNetwork
from .refine_net import RefineNet
from .score_net import ScoreNet
from .weights_file import FileFormat, format_of

_TRIAL = 2
TOLERANCE = 1e-3


@dataclass(frozen=True)
class WeightsReport:
    """What a file holds.

    licence: as the file states it, or empty. runs: "torch", or "onnxruntime" where a graph's tensors couldn't be taken
    over. spread: range of the outputs of a trial. difference: of the same between the file's graph and the network,
    None where there is no graph or no onnxruntime.
    """

    path: Path
    network: Network
    form: FileFormat
    sha256: str
    licence: str
    parameters: int
    runs: str
    spread: tuple[float, float]
    difference: float | None = None

    @property
    def name(self) -> str:
        return NAMES[self.network.info.kind]


def examined(path: Path) -> WeightsReport:
    """Read a file, run its network once, and for an ONNX file once more by onnxruntime.

    Raises InputRefused where it can't be used, where outputs aren't finite, or where the two runs differ.
    """
    form = format_of(path)
    network = load_checkpoint(path)
    outputs = _outputs(network)
    if not bool(torch.isfinite(outputs).all()):
        raise InputRefused("bad_weights", f"{path} gives outputs that aren't finite: fetch it again")
    difference = None
    if form is FileFormat.ONNX and not isinstance(network, OnnxNetwork):
        difference = _difference(path, outputs)
        if difference is not None and difference > TOLERANCE:
            raise InputRefused(
                "bad_weights",
                f"{path} computes something else than {NAMES[network.info.kind]} (off by {difference:.2g}): "
                "use a file of the published model",
            )
    return WeightsReport(
        path=path,
        network=network,
        form=form,
        sha256=file_sha256(path),
        licence=network.info.licence,
        parameters=0 if isinstance(network, OnnxNetwork) else sum(p.numel() for p in network.parameters()),
        runs="onnxruntime" if isinstance(network, OnnxNetwork) else "torch",
        spread=(float(outputs.min()), float(outputs.max())),
        difference=difference,
    )


def exportable(report: WeightsReport) -> RefineNet | ScoreNet:
    """Return the network, to write it anew; raises InputRefused for a graph that only onnxruntime can run."""
    if isinstance(report.network, OnnxNetwork):
        raise InputRefused(
            "bad_weights",
            f"{report.path} can only be run by onnxruntime, its tensors aren't told from each other: keep it as it is",
        )
    return report.network


def trial_images(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rendered and observed (count, 6, 160, 160) to try a network with: a soft blob each, a little apart."""
    generator = torch.Generator().manual_seed(seed)
    steps = torch.linspace(-1, 1, 160)
    centres = torch.rand(2, count, 2, generator=generator) * 0.4 - 0.2
    across = steps[None, None, None, :] - centres[..., :1, None]
    down = steps[None, None, :, None] - centres[..., 1:, None]
    blob = torch.exp(-4 * (across**2 + down**2))[:, :, None]  # (2, count, 1, 160, 160)
    tint = torch.rand(2, count, 6, 1, 1, generator=generator)
    rendered, observed = blob * tint
    return rendered, observed


@torch.no_grad()
def _outputs(network: Network) -> torch.Tensor:
    group = () if network.info.kind == "refine" else (_TRIAL,)
    found = network(*trial_images(_TRIAL), *group)
    return torch.cat(found if isinstance(found, tuple) else (found,), dim=-1)


def _difference(path: Path, outputs: torch.Tensor) -> float | None:
    try:
        return float((_outputs(OnnxNetwork(path)) - outputs).abs().max())
    except InputRefused as refused:
        if refused.reason == "no_onnx":
            return None
        raise
