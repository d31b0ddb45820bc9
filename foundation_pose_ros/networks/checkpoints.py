"""Networks from files and back. Which network a file holds is read off its tensors, never off its name."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ..errors import InputRefused
from ..file_hash import file_sha256
from .onnx_session import OnnxNetwork
from .onnx_weights import read_onnx, tensors_of_graph
from .refine_net import RefineNet
from .score_net import ScoreNet
from .weights_file import FileFormat, format_of, read_safetensors, read_torch, write_safetensors
from .weights_info import PUBLISHED_SETTINGS, Kind, NetworkInputSettings, WeightsInfo, settings_of_config

NETWORKS: dict[Kind, type[RefineNet] | type[ScoreNet]] = {"refine": RefineNet, "score": ScoreNet}
NAMES: dict[Kind, str] = {"refine": "RefineNet", "score": "ScoreNet"}
# Tensors that only one of the networks has, and that no export renames.
_MARKS: dict[Kind, str] = {"refine": "rot_head.0.self_attn.in_proj_bias", "score": "att_cross.in_proj_bias"}

Network = RefineNet | ScoreNet | OnnxNetwork


def load_checkpoint(path: str | Path, kind: Kind | None = None, device: str = "cpu") -> Network:
    """Return a network in evaluation mode, from a `.pth` (with its config.yml), `.onnx` or `.safetensors`.

    kind: "refine" or "score" where only that will do. The result's `info` tells which network it is, the settings of
    its input and where the weights come from. An ONNX graph whose tensors aren't found as those of the network is run
    by onnxruntime behind the same call. Raises InputRefused, with the fix in words, where the file is missing, damaged,
    foreign, or holds the other network.
    """
    path = Path(path)
    form = format_of(path)
    if form is FileFormat.ONNX:
        graph, metadata = read_onnx(path)
        tensors = tensors_of_graph(graph, [_empty(kind) for kind in NETWORKS])
        if tensors is None:
            found = OnnxNetwork(path, device)
            _check_kind(path, found.info.kind, kind)
            return found
        found_kind = kind_of(tensors, path)
        info = WeightsInfo.from_metadata({"source": path.name, **metadata}, found_kind)
    elif form is FileFormat.SAFETENSORS:
        tensors, metadata = read_safetensors(path)
        info = WeightsInfo.from_metadata(metadata, kind_of(tensors, path))
    else:
        tensors = read_torch(path)
        found_kind = kind_of(tensors, path)
        info = WeightsInfo(found_kind, _settings_beside(path, found_kind), source=path.name)
    _check_kind(path, info.kind, kind)
    if not info.source_sha256:
        info = replace(info, source_sha256=file_sha256(path))
    return filled(tensors, info, path).to(device)


def save_checkpoint(network: RefineNet | ScoreNet, path: Path, info: WeightsInfo) -> None:
    """Write a `.safetensors` with the network's tensors, float32, and what is known of them in its header."""
    write_safetensors(network.state_dict(), path, info.as_metadata())


def filled(tensors: Mapping[str, Tensor], info: WeightsInfo, path: Path) -> RefineNet | ScoreNet:
    """Return a network with these tensors, each of its own name and shape; raises InputRefused where one isn't."""
    network = _empty(info.kind)
    numbers = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    try:
        network.load_state_dict(numbers, strict=True, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise InputRefused(
            "bad_weights", f"{path} doesn't fit {NAMES[info.kind]} ({reason}): use a published checkpoint"
        ) from None
    if not all(bool(torch.isfinite(tensor).all()) for tensor in network.state_dict().values()):
        raise InputRefused("bad_weights", f"{path} holds NaN or infinite weights: fetch it again")
    network.info = info
    return network


def kind_of(tensors: Collection[str], path: Path) -> Kind:
    """Tell by the names of its tensors which network this is; raises InputRefused where they are neither's."""
    for kind, mark in _MARKS.items():
        if mark in tensors:
            return kind
    names = ", ".join(sorted(tensors)[:3]) or "none"
    raise InputRefused(
        "bad_weights",
        f"{path} holds neither RefineNet nor ScoreNet (its tensors: {names}, ...): "
        "`foundation-pose weights` says where to get them",
    )


def _empty(kind: Kind) -> RefineNet | ScoreNet:
    """A network whose tensors have shapes and no values: none are drawn that a file will replace."""
    with torch.device("meta"):
        return NETWORKS[kind]()


def _check_kind(path: Path, found: Kind, wanted: Kind | None) -> None:
    if wanted is not None and found != wanted:
        raise InputRefused(
            "swapped_weights",
            f"{path} holds {NAMES[found]}, but {NAMES[wanted]} is wanted here: swap the two files",
        )


def _settings_beside(path: Path, kind: Kind) -> NetworkInputSettings:
    """From config.yml; those of the published weights where it isn't there."""
    config_file = path.with_name("config.yml")
    return settings_of_config(config_file, kind) if config_file.is_file() else PUBLISHED_SETTINGS[kind]
