"""A network run by onnxruntime behind the call of our modules, for graphs whose tensors can't be taken over."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import InputRefused
from ..runtime.extras import needed
from .blocks import INPUT_CHANNELS, INPUT_SIZE, check_inputs
from .weights_info import PUBLISHED_SETTINGS, Kind, WeightsInfo

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class OnnxNetwork:
    """RefineNet or ScoreNet in an ONNX file: two inputs [N, 6, 160, 160], and two outputs or one.

    Names of inputs and outputs differ between exports; their order doesn't.
    """

    def __init__(self, path: Path, device: str = "cpu") -> None:
        """Raises InputRefused where onnxruntime, or its part for the device, is missing, or the graph is another."""
        ort = _onnxruntime()
        provider = _PROVIDERS[torch.device(device).type]
        if provider not in ort.get_available_providers():
            raise InputRefused("no_onnx", f"onnxruntime has no {provider} here: pip install onnxruntime-gpu")
        try:
            self._session = ort.InferenceSession(str(path), providers=[provider])
        except Exception as error:  # the runtime has a class for each way to fail
            reason = " ".join(str(error).split())[:200]
            raise InputRefused(
                "bad_weights", f"{path} can't be run by onnxruntime ({reason}): fetch it again"
            ) from None
        self._inputs = [node.name for node in self._session.get_inputs()]
        self._outputs = self._session.get_outputs()
        shapes = [list(node.shape[1:]) for node in self._session.get_inputs()]
        if shapes != [[INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE]] * 2 or len(self._outputs) not in (1, 2):
            raise InputRefused(
                "bad_weights",
                f"{path} takes {shapes} and gives {len(self._outputs)} outputs: that is neither RefineNet nor ScoreNet",
            )
        kind: Kind = "refine" if len(self._outputs) == 2 else "score"
        self.info = WeightsInfo(kind, PUBLISHED_SETTINGS[kind], source=path.name, note="run by onnxruntime")
        self._device = torch.device(device)

    def __call__(self, rendered: Tensor, observed: Tensor, group_size: int | None = None) -> Any:
        """As of RefineNet without, as of ScoreNet with group_size, which must be the whole batch."""
        check_inputs(rendered, observed)
        count = len(rendered)
        if group_size is not None and group_size != count:
            raise InputRefused(
                "bad_network_input", f"{count} poses in groups of {group_size}: an ONNX file scores one group at a time"
            )
        outputs = self._run(rendered, observed.expand(count, -1, -1, -1))
        if group_size is None:
            return outputs[0], outputs[1]
        return outputs[0].reshape(1, count)

    def _run(self, *images: Tensor) -> list[Tensor]:
        binding = self._session.io_binding()
        device, index = self._device.type, self._device.index or 0
        kept = [image.to(self._device, torch.float32).contiguous() for image in images]
        for name, image in zip(self._inputs, kept, strict=True):
            binding.bind_input(name, device, index, np.float32, tuple(image.shape), image.data_ptr())
        outputs = [torch.empty(self._shape(node, len(kept[0])), device=self._device) for node in self._outputs]
        for node, output in zip(self._outputs, outputs, strict=True):
            binding.bind_output(node.name, device, index, np.float32, tuple(output.shape), output.data_ptr())
        if device == "cuda":
            # The runtime has a stream of its own.
            torch.cuda.current_stream(self._device).synchronize()
        self._session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        return outputs

    @staticmethod
    def _shape(node: Any, count: int) -> list[int]:
        """Of an output for so many pairs: what isn't a number in the graph is the batch."""
        return [size if isinstance(size, int) else count for size in node.shape]


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise InputRefused(
            "no_onnx", needed("running this ONNX file", "onnx", "for CUDA pip install onnxruntime-gpu")
        ) from None
    return onnxruntime
