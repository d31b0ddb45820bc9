"""Models of `transformers`, read from a folder or, only where that is allowed, fetched from the hub.

Imports PyTorch and transformers when something is read.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputRefused, shortened
from ..runtime.extras import require

# What transformers raises for what isn't there, or isn't a model of the kind that is asked for.
_FAULTS = (ImportError, OSError, ValueError, KeyError)
# For the hub's answer to a first question. Its library asks for each file anew, five times, which takes minutes where
# there is no network.
_HUB_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Pretrained:
    """Where a model is and where it computes.

    place: a folder that `save_pretrained` wrote, or a name on the Hugging Face hub. device: cpu or cuda.
    download: fetch a hub's model that isn't in the local cache yet; nothing is fetched otherwise.
    """

    place: str
    device: str = "cpu"
    download: bool = False

    def read(self, auto_class: str) -> tuple[Any, Any]:
        """Return processor and model, ready to compute; code that comes with a model isn't run, nor pickles read.

        auto_class: the class of transformers that knows which models will do. Raises InputRefused, saying what to
        install, to give or to allow.
        """
        require("finding things by words", "text")
        import torch

        if self.device == "cuda" and not torch.cuda.is_available():
            raise InputRefused("device", "device is cuda, but PyTorch sees no CUDA device: set device to cpu")
        try:
            processor, model = self._found_or_fetched(auto_class)
        except _FAULTS as error:
            raise InputRefused("bad_model", f"{self._fault()} ({shortened(error)})") from None
        return processor, model.to(self.device).eval()

    @property
    def _folder(self) -> Path:
        return Path(self.place).expanduser()

    def _found_or_fetched(self, auto_class: str) -> tuple[Any, Any]:
        """What this machine has, else what the hub has, where that is allowed; raises one of _FAULTS."""
        try:
            return self._loaded(auto_class, local_files_only=True)
        except _FAULTS:
            if not self.download or self._folder.is_dir():
                raise
        _check_hub(self.place)
        return self._loaded(auto_class, local_files_only=False)

    def _loaded(self, auto_class: str, local_files_only: bool) -> tuple[Any, Any]:
        import transformers

        place = str(self._folder) if self._folder.is_dir() else self.place
        safe = {"local_files_only": local_files_only, "trust_remote_code": False}
        processor = transformers.AutoProcessor.from_pretrained(place, **safe)
        return processor, getattr(transformers, auto_class).from_pretrained(place, use_safetensors=True, **safe)

    def _fault(self) -> str:
        if self._folder.is_dir():
            return f"{self._folder} holds no model of the kind that is needed, as save_pretrained writes it"
        if self.download:
            return f"{shortened(self.place)} is no folder, and couldn't be fetched from the Hugging Face hub"
        return (
            f"{shortened(self.place)} is no folder, and no model of that name is in the local cache: give a folder, or "
            f"allow the download (download: true), or do it once yourself (hf download {shortened(self.place)})"
        )


def _check_hub(name: str) -> None:
    """Raise ConnectionError where the hub doesn't answer for a model, or OSError where it has none of that name."""
    from huggingface_hub import model_info

    try:
        model_info(name, timeout=_HUB_TIMEOUT_S)
    except OSError:
        raise
    except Exception as error:  # those of requests or httpx, by the library's version
        raise ConnectionError(f"the hub doesn't answer: {error}") from None
