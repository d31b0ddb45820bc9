"""A folder of weights: which file in it holds which network, whatever the files are called."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import InputRefused
from .checkpoints import NAMES, Network, kind_of, load_checkpoint
from .onnx_session import OnnxNetwork
from .onnx_weights import read_onnx
from .weights_file import FileFormat, format_of, names_in_safetensors, read_torch
from .weights_info import Kind

# The first one wins where several files hold the same network: the sooner read, the better.
PREFERENCE = (FileFormat.SAFETENSORS, FileFormat.TORCH, FileFormat.ONNX)
_SUFFIXES = {".safetensors", ".pth", ".pt", ".onnx"}
_MOST_FILES = 64


@dataclass(frozen=True)
class WeightsFile:
    """A file that holds a network; kind is None, and problem says why, where it can't be used."""

    path: Path
    kind: Kind | None
    form: FileFormat | None
    problem: str = ""


def weights_in(folder: Path) -> list[WeightsFile]:
    """List files of weights in a folder and its folders, none linked from elsewhere; InputRefused without any."""
    root = folder.expanduser().resolve()
    if not root.is_dir():
        raise InputRefused("no_weights", f"{folder} isn't a folder: `foundation-pose weights` says what to put there")
    paths = [
        path
        for path in sorted((*root.glob("*"), *root.glob("*/*")))
        if path.suffix in _SUFFIXES and path.is_file() and path.resolve().is_relative_to(root)
    ]
    if not paths:
        raise InputRefused(
            "no_weights",
            f"{folder} holds no weights (.pth, .onnx, .safetensors): `foundation-pose weights` says where from",
        )
    if len(paths) > _MOST_FILES:
        raise InputRefused(
            "no_weights", f"{folder} holds {len(paths)} files of weights: give the folder of these two alone"
        )
    return [_looked_at(path) for path in paths]


def load_from_folder(folder: Path, kind: Kind, device: str = "cpu") -> Network:
    """Load the network of this kind; raises InputRefused where no file, or several of one format, hold it."""
    files = weights_in(folder)
    for form in PREFERENCE:
        fitting = [file.path for file in files if file.kind == kind and file.form == form]
        if len(fitting) > 1:
            names = " and ".join(str(path) for path in fitting[:2])
            raise InputRefused("several_weights", f"{names} both hold {NAMES[kind]}: leave one of them in the folder")
        if fitting:
            return load_checkpoint(fitting[0], kind, device)
    problems = "; ".join(file.problem for file in files if file.problem)
    raise InputRefused(
        "no_weights",
        f"no file in {folder} holds {NAMES[kind]}{f' ({problems})' if problems else ''}: "
        "`foundation-pose weights` says where to get it",
    )


def _looked_at(path: Path) -> WeightsFile:
    form = None
    try:
        form = format_of(path)
        return WeightsFile(path, _kind(path, form), form)
    except InputRefused as refused:
        return WeightsFile(path, None, form, str(refused))


def _kind(path: Path, form: FileFormat) -> Kind:
    """By the names of its tensors; their values stay in the file, which is read when its network is wanted."""
    if form is FileFormat.SAFETENSORS:
        return kind_of(names_in_safetensors(path), path)
    if form is FileFormat.TORCH:
        return kind_of(read_torch(path, names_alone=True), path)
    graph, _ = read_onnx(path)
    try:
        return kind_of([tensor.name for tensor in graph.initializer], path)
    except InputRefused:
        return OnnxNetwork(path).info.kind
