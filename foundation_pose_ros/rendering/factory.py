"""Which renderer: by the device, by what is installed, and by what the user asks for."""

import importlib
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

from ..errors import InputRefused
from ..object_model.model import ObjectModel
from ..runtime.extras import install_command
from .embree import EmbreeRenderer
from .renderer import Renderer

if TYPE_CHECKING:
    from .torch_renderer import TorchRenderer

RENDERERS = ("auto", "embree", "warp", "nvdiffrast")


def make_renderer(model: ObjectModel, device: str = "cpu", renderer: str = "auto", threads: int = 2) -> Renderer:
    """Return the renderer for geometric methods, which work on arrays.

    device: cpu, cuda or cuda:N. renderer: one of RENDERERS; auto takes Embree on the CPU, and on CUDA nvdiffrast where
    it is installed, Warp else. threads: of Embree. Raises InputRefused, with what to install, for what isn't there.
    """
    if chosen(device, renderer) == "embree":
        return EmbreeRenderer(model, threads)
    return make_tensor_renderer(model, device, renderer, threads)


def make_tensor_renderer(
    model: ObjectModel, device: str = "cpu", renderer: str = "auto", threads: int = 2
) -> "TorchRenderer":
    """Return the renderer for networks, whose images are tensors on the device; otherwise as `make_renderer`."""
    kind = chosen(device, renderer)
    if kind == "embree":
        return _module("torch_embree", "learned").EmbreeTensorRenderer(model, threads)
    if kind == "warp":
        return _module("torch_warp", "warp").WarpRenderer(model, device)
    return _module("torch_nvdiffrast", "learned").NvdiffrastRenderer(model, device)


def chosen(device: str, renderer: str = "auto") -> str:
    """Return the name of the renderer that these two mean; raises InputRefused where they don't go together."""
    if renderer not in RENDERERS:
        raise InputRefused("unknown_renderer", f"no renderer {renderer!r}: choose from {', '.join(RENDERERS)}")
    on_cuda = device.split(":")[0] == "cuda"
    if not on_cuda and device != "cpu":
        raise InputRefused("device", f"device {device!r} is not supported: use cpu, cuda or cuda:N")
    if renderer == "auto":
        if not on_cuda:
            return "embree"
        return "nvdiffrast" if find_spec("nvdiffrast") else "warp"
    if renderer == "embree" and on_cuda:
        raise InputRefused("device", "renderer embree runs on the CPU: use device cpu, or renderer auto")
    if renderer == "nvdiffrast" and not on_cuda:
        raise InputRefused("device", "renderer nvdiffrast runs on CUDA: use device cuda, or renderer warp or embree")
    return renderer


def _module(name: str, extra: str) -> ModuleType:
    try:
        return importlib.import_module(f".{name}", __package__)
    except ImportError as error:
        raise InputRefused(
            "renderer_missing", f"this renderer needs more ({error}): {install_command(extra)}"
        ) from None


def check_device(device: str) -> None:
    """Raises InputRefused where the device isn't there."""
    import torch

    kind = device.split(":")[0]
    if kind == "cuda" and not torch.cuda.is_available():
        raise InputRefused(
            "device", "no CUDA device here: use device cpu, or install the driver and a PyTorch built for CUDA"
        )
