"""Weights of UniverSeg in files, read strictly: the official `.pt`, and `.safetensors` with metadata."""

import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from foundation_pose_ros.atomic_file import replacing
from foundation_pose_ros.errors import InputRefused

from .model import UniverSeg

WEIGHTS_FOLDER = Path(__file__).parent.parent / "weights"
SHIPPED = {
    "default": WEIGHTS_FOLDER / "default.safetensors",
    "research": WEIGHTS_FOLDER / "research.safetensors",
}


@dataclass(frozen=True)
class UniverSegWeightsInfo:
    """What is known of a file of weights; an empty string where nothing is."""

    licence: str = ""
    trained_on: str = ""
    date: str = ""
    commit: str = ""
    note: str = ""


def load_checkpoint(weights: str | Path) -> tuple[UniverSeg, UniverSegWeightsInfo]:
    """Read a network in evaluation mode and what its file says of it.

    weights: "default" or "research" (shipped with the package), or the path of a `.pt` with a state dict or of a
    `.safetensors`. The widths are read off the tensors' shapes. Raises InputRefused("no_weights", ...) where there is
    no such file, ("bad_weights", ...) where it isn't a UniverSeg.
    """
    path = shipped_file(str(weights)) if str(weights) in SHIPPED else Path(weights)
    if not path.is_file():
        raise InputRefused(
            "no_weights", f"{path} isn't a file: give a .pt or .safetensors, or one of {', '.join(SHIPPED)}"
        )
    tensors, info = (
        _read_safetensors(path) if path.suffix == ".safetensors" else (_read_pickle(path), UniverSegWeightsInfo())
    )
    model = UniverSeg(_features(tensors, path))
    try:
        model.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        raise InputRefused("bad_weights", f"{path} doesn't fit UniverSeg: {_in_one_line(error)}") from None
    return model.eval(), info


def shipped_file(name: str) -> Path:
    """Return the file of weights that are shipped; where they aren't, the refusal says how to come by some."""
    path = SHIPPED[name]
    if not path.is_file():
        raise InputRefused(
            "no_weights",
            f"this copy holds no {name} weights ({path.name}): train some with `universeg train` (docs/universeg.md), "
            "or give the path of a checkpoint, such as the official universeg_v1_nf64_ss64_STA.pt (research use only)",
        )
    return path


def save_checkpoint(model: UniverSeg, path: Path, info: UniverSegWeightsInfo) -> None:
    """Write a `.safetensors`, whole or not at all: tensors as float32, and what is known of them as metadata."""
    tensors = {name: tensor.detach().float().cpu().contiguous() for name, tensor in model.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unfinished:
        save_file(tensors, unfinished, metadata={"format": "pt", **{k: v for k, v in asdict(info).items() if v}})


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], UniverSegWeightsInfo]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError) as error:
        raise InputRefused("bad_weights", f"{path} can't be read: {_in_one_line(error)}") from None
    return tensors, UniverSegWeightsInfo(**{f.name: metadata.get(f.name, "") for f in fields(UniverSegWeightsInfo)})


def _read_pickle(path: Path) -> dict[str, Tensor]:
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise InputRefused("bad_weights", f"{path} can't be read as tensors alone: {_in_one_line(error)}") from None
    if not isinstance(found, Mapping) or not all(isinstance(tensor, Tensor) for tensor in found.values()):
        raise InputRefused("bad_weights", f"{path} holds no state dict: save model.state_dict()")
    return dict(found)


def _features(tensors: Mapping[str, Tensor], path: Path) -> list[int]:
    widths: list[int] = []
    while (tensor := tensors.get(f"enc_blocks.{len(widths)}.cross.cross_conv.weight")) is not None:
        widths.append(tensor.shape[0])
    if not widths:
        raise InputRefused("bad_weights", f"{path} isn't a UniverSeg: it has no enc_blocks.0.cross.cross_conv.weight")
    return widths


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
