"""Models of `transformers`, read from a folder or, only where that is allowed, fetched from the hub.

Imports PyTorch and transformers when something is read.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputRefused, shortened
from ..extras import require


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
        import transformers

        if self.device == "cuda" and not torch.cuda.is_available():
            raise InputRefused("device", "device is cuda, but PyTorch sees no CUDA device: set device to cpu")
        folder = Path(self.place).expanduser()
        place = str(folder) if folder.is_dir() else self.place
        safe = {"local_files_only": not self.download, "trust_remote_code": False}
        try:
            processor = transformers.AutoProcessor.from_pretrained(place, **safe)
            model = getattr(transformers, auto_class).from_pretrained(place, use_safetensors=True, **safe)
        except (ImportError, OSError, ValueError, KeyError) as error:
            raise InputRefused("bad_model", f"{self._fault(folder)} ({shortened(error)})") from None
        return processor, model.to(self.device).eval()

    def _fault(self, folder: Path) -> str:
        if folder.is_dir():
            return f"{folder} holds no model of the kind that is needed, as save_pretrained writes it"
        if self.download:
            return f"{shortened(self.place)} is no folder, and couldn't be fetched from the Hugging Face hub"
        return (
            f"{shortened(self.place)} is no folder, and no model of that name is in the local cache: give a folder, or "
            f"allow the download (download: true), or do it once yourself (hf download {shortened(self.place)})"
        )
