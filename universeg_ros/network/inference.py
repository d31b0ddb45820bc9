"""The network at work: on a device, in a precision, compiled or as it is; arrays in, logits out."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch

from foundation_pose_ros.errors import InputRefused

from .model import DEFAULT_MEMORY_BUDGET, UniverSeg

Precision = Literal["fp32", "bf16", "fp16"]
PRECISIONS = ("fp32", "bf16", "fp16")
_AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Inference:
    """Predictions of a network without gradients.

    precision: bf16 and fp16 are autocast, fp16 on CUDA alone. compiled: through torch.compile, which works long on the
    first image for each number of examples. memory_budget: bytes, as UniverSeg.forward takes it. Raises InputRefused
    for a device that isn't there or a precision that it doesn't have.
    """

    def __init__(
        self,
        model: UniverSeg,
        device: str = "cpu",
        precision: Precision = "fp32",
        compiled: bool = False,
        memory_budget: int = DEFAULT_MEMORY_BUDGET,
    ) -> None:
        if device.startswith("cuda") and not torch.cuda.is_available():
            raise InputRefused("no_cuda", "there is no CUDA device here: use device cpu")
        self.kind = torch.device(device).type
        if precision == "fp16" and self.kind != "cuda":
            raise InputRefused("bad_settings", f"fp16 is for CUDA: use bf16 or fp32 on device {device}")
        self.model = model.to(device).eval()
        self.device = device
        self.precision = precision
        self.memory_budget = memory_budget
        self._forward: Callable[..., Any] = torch.compile(self.model) if compiled else self.model

    @torch.inference_mode()
    def __call__(self, query: np.ndarray, images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Query (H, W), images and masks (S, H, W), float32 -> logits (H, W) float32."""
        given = [torch.from_numpy(array).to(self.device) for array in (query[None], images[:, None], masks[:, None])]
        with torch.autocast(self.kind, _AUTOCAST.get(self.precision), enabled=self.precision in _AUTOCAST):
            logits = self._forward(*(tensor[None] for tensor in given), self.memory_budget)
        return logits[0, 0].float().cpu().numpy()
