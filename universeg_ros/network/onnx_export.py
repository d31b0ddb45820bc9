"""UniverSeg as an ONNX file, for runtimes without PyTorch: any number of examples, any size, one query at a time."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from foundation_pose_ros.atomic_file import replacing
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.networks.onnx_graph import write_graph
from foundation_pose_ros.runtime.extras import needed

from .checkpoints import UniverSegWeightsInfo
from .cross_block import CrossBlock, activated, pooled, upsampled
from .model import UniverSeg

TOLERANCE = 1e-4
INPUTS = ("target", "support_images", "support_labels")
_EXAMPLES = {1: "examples", 3: "height", 4: "width"}
_IMAGE = {2: "height", 3: "width"}


class OnnxForm(nn.Module):
    """UniverSeg for one query, without chunks or changes in place, which a graph can't hold.

    The split cross convolution and the last block's mean (see `fast_forward`) are kept: they are most of what is saved.
    """

    def __init__(self, model: UniverSeg) -> None:
        super().__init__()
        self.model = model

    def forward(self, target: Tensor, support_images: Tensor, support_labels: Tensor) -> Tensor:
        """Map (1, 1, H, W) and twice (1, S, 1, H, W) -> logits (1, 1, H, W)."""
        support = torch.cat([support_images[0], support_labels[0]], dim=1)  # (S, 2, H, W)
        skips = []
        *encoder, bottom = self.model.encoder
        for block in encoder:
            target, support = _advanced(block, target, support)
            skips.append((target, support))
            target, support = pooled(target), pooled(support)
        target, support = _advanced(bottom, target, support)
        for block in self.model.decoder:
            target, support = (
                torch.cat([upsampled(below), skip], dim=1)
                for below, skip in zip((target, support), skips.pop(), strict=True)
            )
            target, support = _advanced(block, target, support, last=not skips)
        return self.model.out_conv.conv(target)


def export_onnx(model: UniverSeg, path: Path, info: UniverSegWeightsInfo) -> None:
    """Write the network, with its licence among the file's metadata, and check it against onnxruntime.

    Inputs `target` (1, 1, H, W), `support_images` and `support_labels` (1, S, 1, H, W), output `logits` (1, 1, H, W),
    float32; S, H and W are free. Raises InputRefused where onnx or onnxruntime isn't installed, or where the file
    doesn't compute what the network does to 1e-4; there is none then.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise InputRefused("no_onnx", needed("writing .onnx", "onnx")) from None
    axes = {"target": _IMAGE, "support_images": _EXAMPLES, "support_labels": _EXAMPLES, "logits": _IMAGE}
    metadata = {name: value for name, value in asdict(info).items() if value}
    with replacing(path) as unfinished:
        task = _task(2, 4 * model.stride)
        write_graph(OnnxForm(model), task, unfinished, (INPUTS, ("logits",)), axes, metadata)
        session = onnxruntime.InferenceSession(unfinished, providers=["CPUExecutionProvider"])
        for count, size in ((1, 4 * model.stride), (3, 2 * model.stride)):
            error = _error(session, model, count, size)
            if not error <= TOLERANCE:
                raise InputRefused(
                    "bad_export", f"{path} is off by {error:.2g} in onnxruntime {onnxruntime.__version__}"
                )


def _error(session: Any, model: UniverSeg, count: int, size: int) -> float:
    """The largest difference between a session's logits and the network's."""
    task = _task(count, size)
    (found,) = session.run(None, {name: tensor.numpy() for name, tensor in zip(INPUTS, task, strict=True)})
    with torch.inference_mode():
        return float(np.abs(found - model(*task).numpy()).max())


def _advanced(block: CrossBlock, target: Tensor, support: Tensor, last: bool = False) -> tuple[Tensor, Tensor]:
    """The block's new target and support; the support of the last block is nobody's, and stays as it was."""
    cross = block.cross
    shared = functional.conv2d(target, cross.target_weight, cross.cross_conv.bias, padding=1)
    mean = functional.conv2d(support.mean(dim=0, keepdim=True), cross.support_weight, padding=1)
    new_target = activated(block.target.conv(shared + mean))
    if last:
        return new_target, support
    pairs = shared + functional.conv2d(support, cross.support_weight, padding=1)
    return new_target, activated(block.support.conv(pairs))


def _task(count: int, size: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(count)
    images = torch.rand((1, count + 1, 1, size, size), generator=generator)
    labels = (torch.rand((1, count, 1, size, size), generator=generator) > 0.5).float()
    return images[:, 0], images[:, 1:], labels
