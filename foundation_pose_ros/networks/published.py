"""Where weights can be had. None are shipped: their licences don't allow it."""

from dataclasses import dataclass

import torch

from .weights_file import FileFormat
from .weights_info import Kind


@dataclass(frozen=True)
class Source:
    """files: what to fetch, by network; licence: in words; terms: where they stand."""

    name: str
    where: str
    files: dict[Kind, str]
    licence: str
    terms: str


SOURCES: dict[FileFormat, Source] = {
    FileFormat.ONNX: Source(
        name="NVIDIA's ONNX files",
        where="https://huggingface.co/nvidia/foundationpose",
        files={"refine": "refiner_net.onnx (68 MB)", "score": "score_net.onnx (64 MB)"},
        licence="NVIDIA Open Model License, commercial use allowed",
        terms="https://www.nvidia.com/en-us/agreements/enterprise-software/nvidia-open-model-license/",
    ),
    FileFormat.TORCH: Source(
        name="the authors' checkpoints",
        where="https://github.com/NVlabs/FoundationPose (its readme links the folder)",
        files={
            "refine": "2023-10-28-18-33-37/ with model_best.pth (65 MiB) and config.yml",
            "score": "2024-01-11-20-02-45/ with model_best.pth (181 MiB) and config.yml",
        },
        licence="NVIDIA Source Code License, research and evaluation only",
        terms="https://github.com/NVlabs/FoundationPose/blob/main/LICENSE",
    ),
}


def licence_of(form: FileFormat) -> str:
    """The licence under which weights in this format are published; empty for our own format."""
    return SOURCES[form].licence if form in SOURCES else ""


def trial_images(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Rendered and observed (count, 6, 160, 160) to try a network with: a soft blob each, a little apart."""
    generator = torch.Generator().manual_seed(seed)
    steps = torch.linspace(-1, 1, 160)
    centres = torch.rand(2, count, 2, generator=generator) * 0.4 - 0.2
    across = steps[None, None, None, :] - centres[..., :1, None]
    down = steps[None, None, :, None] - centres[..., 1:, None]
    blob = torch.exp(-4 * (across**2 + down**2))[:, :, None]  # (2, count, 1, 160, 160)
    tint = torch.rand(2, count, 6, 1, 1, generator=generator)
    rendered, observed = blob * tint
    return rendered, observed
