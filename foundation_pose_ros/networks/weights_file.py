"""Tensors in files: PyTorch's own, safetensors and ONNX, told apart by their content, read with limits."""

import pickle
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..atomic_file import replacing
from ..errors import InputRefused
from ..runtime.extras import needed
from ..str_enum import StrEnum

# The largest published file has 181 MiB.
LARGEST_BYTES = 1 << 30
_MOST_TENSORS = 4096
# Scalars of NumPy stand beside the tensors in checkpoints of training loops; they carry numbers alone.
_NUMBERS: list[Any] = [
    np.dtype,
    type(np.dtype(np.float64)),
    type(np.dtype(np.float32)),
    type(np.dtype(np.int64)),
    (np._core.multiarray.scalar, "numpy.core.multiarray.scalar"),  # type: ignore[attr-defined]
    (np._core.multiarray.scalar, "numpy._core.multiarray.scalar"),  # type: ignore[attr-defined]
]


class FileFormat(StrEnum):
    TORCH = "PyTorch"
    SAFETENSORS = "safetensors"
    ONNX = "ONNX"


def format_of(path: Path) -> FileFormat:
    """Tell by the first bytes. Raises InputRefused where there is no such file, it is too large, or something else."""
    if not path.is_file():
        raise InputRefused("no_weights", f"{path} isn't a file: `foundation-pose weights` says where to get weights")
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise InputRefused(
            "bad_weights", f"{path} has {size >> 20} MiB, more than any file of these networks: check which file it is"
        )
    with path.open("rb") as file:
        head = file.read(9)
    if head.startswith((b"PK\x03\x04", b"\x80\x02")):
        return FileFormat.TORCH
    if len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") < size:
        return FileFormat.SAFETENSORS
    # A model's first field is its ir_version, a small number.
    if len(head) == 9 and head[0] == 0x08 and head[1] < 0x20:
        return FileFormat.ONNX
    advice = "it is an LFS pointer: run git lfs pull" if head.startswith(b"version ") else "fetch it again"
    raise InputRefused("bad_weights", f"{path} is no file of PyTorch, safetensors or ONNX: {advice}")


def read_torch(path: Path, names_alone: bool = False) -> dict[str, Tensor]:
    """Read the state dict in a checkpoint, under `model` where that key is; optimizer and counters are left out.

    names_alone: tensors are left in the file, mapped into memory, where its format lets them be; reading is quick then.
    Nothing in the file is executed. Raises InputRefused where it is damaged, or holds more than numbers.
    """
    try:
        _check_unpacked_size(path)
        with torch.serialization.safe_globals(_NUMBERS):
            mapped = names_alone and zipfile.is_zipfile(path)
            found = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        raise InputRefused(
            "bad_weights",
            f"{path} holds more than tensors and numbers, and isn't trusted with that ({_in_one_line(error)}): "
            "where you trust it, save its state dict alone with torch.save(torch.load(FILE)['model'], NEW)",
        ) from None
    except (zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise InputRefused(
            "bad_weights", f"{path} is damaged or cut off ({_in_one_line(error)}): fetch it again"
        ) from None
    if isinstance(found, Mapping) and isinstance(found.get("model"), Mapping):
        found = found["model"]
    if not isinstance(found, Mapping) or not all(isinstance(tensor, Tensor) for tensor in found.values()):
        raise InputRefused("bad_weights", f"{path} holds no state dict: save network.state_dict()")
    return {str(name).removeprefix("module."): tensor for name, tensor in found.items()}


def names_in_safetensors(path: Path) -> list[str]:
    """Read the tensors' names alone; raises InputRefused as `read_safetensors` does."""
    with _open_safetensors(path) as file:
        return list(file.keys())


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors and the header's texts; raises InputRefused where safetensors is missing or the file is damaged."""
    with _open_safetensors(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118


@contextmanager
def _open_safetensors(path: Path) -> Iterator[Any]:
    safetensors = _safetensors()
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            count = len(list(file.keys()))
            if count > _MOST_TENSORS:
                raise InputRefused("bad_weights", f"{path} holds {count} tensors: check which file it is")
            yield file
    except (safetensors.SafetensorError, OSError) as error:
        raise InputRefused(
            "bad_weights", f"{path} is damaged or cut off ({_in_one_line(error)}): fetch or convert it again"
        ) from None


def write_safetensors(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Write tensors as they are, with texts in the header; a file that is there is replaced once that is done."""
    _safetensors()
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unfinished:
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, unfinished, metadata)


def _safetensors() -> Any:
    try:
        import safetensors
    except ModuleNotFoundError:
        raise InputRefused("no_safetensors", needed("reading and writing .safetensors", "learned")) from None
    return safetensors


def _check_unpacked_size(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > LARGEST_BYTES:
        raise InputRefused("bad_weights", f"{path} unpacks to {unpacked >> 20} MiB: check which file it is")


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
