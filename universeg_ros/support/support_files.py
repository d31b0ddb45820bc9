"""A support set on disk: a folder of images and masks, or one `.npz`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from foundation_pose_ros.atomic_file import replacing, write_text
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.input_limits.bounded_yaml import read_yaml
from foundation_pose_ros.input_limits.image_size import checked_pixels
from foundation_pose_ros.input_limits.limits import LIMITS

from ..image_files import IMAGE_SUFFIXES, read_image, read_mask, write_image
from ..npz_file import read_npz
from .preparation import Encoding, Preparation

MANIFEST = "support.yaml"
# Depth in floating point, or colour with its mask.
_BYTES_PER_PIXEL = 4


@dataclass(frozen=True)
class StoredExample:
    """One image with its label map, as a file holds them."""

    name: str
    image: np.ndarray  # (H, W) or (H, W, 3)
    labels: np.ndarray  # (H, W); 0, or bool's False, is background
    encoding: Encoding | None


@dataclass(frozen=True)
class StoredSupport:
    """What a folder or an `.npz` says of a support set."""

    preparation: Preparation
    label_names: Mapping[int, str]
    examples: Sequence[StoredExample]


def save(support: StoredSupport, path: Path) -> None:
    """Write a folder (images/NAME.png, masks/NAME.png, support.yaml), or one `.npz` of the same.

    Images of floating point are kept as TIFF. A folder that holds a set already is brought up to date: examples that
    are no longer in the set go.
    """
    if path.suffix == ".npz":
        _save_npz(support, path)
        return
    if path.is_dir() and any(path.iterdir()) and not _is_support_folder(path):
        raise InputRefused("not_empty", f"{path} holds something else: give a new folder, or one of a support set")
    kept = set()
    for example in support.examples:
        for kind, array, encoding in (
            ("images", example.image, example.encoding),
            ("masks", example.labels, "mono8"),
        ):
            kept.add(write_image(path / kind, example.name, array, encoding))
    for kind in ("images", "masks"):
        for file in (path / kind).glob("*"):
            if file not in kept and file.suffix.lower() in IMAGE_SUFFIXES:
                file.unlink()
    path.mkdir(parents=True, exist_ok=True)
    write_text(path / MANIFEST, yaml.safe_dump(_manifest(support), sort_keys=False))


def load(path: Path) -> StoredSupport:
    """Read what `save` wrote; a folder without support.yaml is taken with defaults, in the order of the names.

    Of an `.npz`, arrays `images` (N, H, W) or (N, H, W, 3) and `labels` or `masks` (N, H, W) are understood as well.
    Raises InputRefused naming the file.
    """
    if path.is_file() and path.suffix == ".npz":
        return _load_npz(path)
    if not _is_support_folder(path):
        raise InputRefused(
            "no_support", f"{path} isn't a support set: give a folder with images/ and masks/, or a .npz"
        )
    manifest: dict[str, Any] = {}
    if (path / MANIFEST).is_file():
        manifest = _mapping(read_yaml(path / MANIFEST, "bad_support") or {}, path)
    images, masks = (_files_by_name(path / kind) for kind in ("images", "masks"))
    missing = sorted(set(images) ^ set(masks))
    if missing:
        kind = "image" if missing[0] in masks else "mask"
        raise InputRefused("bad_support", f"{path}: {missing[0]} has no {kind}: each image needs a mask of its name")
    preparation, label_names = _described(manifest, path)
    encodings = manifest.get("encodings") or {}
    names = [n for n in manifest.get("order") or [] if n in images] or sorted(images)
    _check_total(path, [folder[name] for folder in (images, masks) for name in names])
    examples = [StoredExample(n, read_image(images[n]), read_mask(masks[n]), encodings.get(n)) for n in names]
    return StoredSupport(preparation, label_names, examples)


def _save_npz(support: StoredSupport, path: Path) -> None:
    arrays: dict[str, np.ndarray] = {}
    for i, example in enumerate(support.examples):
        arrays[f"image_{i:05d}"], arrays[f"mask_{i:05d}"] = example.image, example.labels
    content = _manifest(support) | {"encodings": {e.name: e.encoding for e in support.examples if e.encoding}}
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, manifest=np.array(json.dumps(content)), **arrays)


def _load_npz(path: Path) -> StoredSupport:
    arrays = read_npz(path, "bad_support", "a support set")
    if "manifest" in arrays:
        manifest = _mapping(_json(arrays["manifest"]), path)
        preparation, label_names = _described(manifest, path)
        encodings = manifest.get("encodings") or {}
        try:
            examples = [
                StoredExample(name, arrays[f"image_{i:05d}"], arrays[f"mask_{i:05d}"], encodings.get(name))
                for i, name in enumerate(manifest.get("order") or [])
            ]
        except KeyError as error:
            raise InputRefused("bad_support", f"{path} has no array {error}: save the set again") from None
        return StoredSupport(preparation, label_names, examples)
    masks = arrays.get("labels", arrays.get("masks"))
    if "images" not in arrays or masks is None or len(arrays["images"]) != len(masks):
        raise InputRefused("bad_support", f"{path} needs arrays images (N, H, W) and labels (N, H, W) of one length")
    pairs = zip(arrays["images"], masks, strict=True)
    return StoredSupport(Preparation(), {}, [StoredExample(f"{i:04d}", *pair, None) for i, pair in enumerate(pairs)])


def _manifest(support: StoredSupport) -> dict[str, Any]:
    depth = {e.name: e.encoding for e in support.examples if e.encoding in ("16UC1", "32FC1")}
    preparation = {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(support.preparation).items()}
    order = [example.name for example in support.examples]
    return {"preparation": preparation, "labels": dict(support.label_names), "order": order, "encodings": depth}


def _described(manifest: Mapping[str, Any], path: Path) -> tuple[Preparation, dict[int, str]]:
    try:
        preparation = dict(manifest.get("preparation") or {})
        if preparation.get("window"):
            preparation["window"] = tuple(preparation["window"])
        labels = {int(label): str(name) for label, name in (manifest.get("labels") or {}).items()}
        return Preparation(**preparation), labels
    except (AttributeError, TypeError, ValueError) as error:
        if isinstance(error, InputRefused):
            raise InputRefused(error.reason, f"{path}: {error}") from None
        raise InputRefused("bad_support", f"{path}: its manifest can't be understood: {error}") from None


def _check_total(path: Path, files: Sequence[Path]) -> None:
    total = _BYTES_PER_PIXEL * sum(checked_pixels(file, file) for file in files)
    if total > LIMITS.arrays_bytes or len(files) > LIMITS.arrays_members:
        raise InputRefused(
            "bad_support",
            f"{path} holds {len(files)} images and masks of {total >> 20} MB unpacked, more than "
            f"{LIMITS.arrays_members} or {LIMITS.arrays_bytes >> 20} MB: keep fewer or smaller ones",
        )


def _json(text: np.ndarray) -> Any:
    """What the text in an array says; None where it is none, or too long or too deep to be of a set."""
    try:
        return json.loads(str(text)) if text.ndim == 0 and text.nbytes <= 4 * LIMITS.yaml_bytes else None
    except (ValueError, RecursionError):
        return None


def _mapping(manifest: Any, path: Path) -> dict[str, Any]:
    kinds = {"preparation": dict, "labels": dict, "order": list, "encodings": dict}
    if not isinstance(manifest, dict) or any(
        not isinstance(manifest.get(k) or kind(), kind) for k, kind in kinds.items()
    ):
        raise InputRefused("bad_support", f"{path}: its manifest can't be understood: save the set again")
    return manifest


def _is_support_folder(path: Path) -> bool:
    return (path / "images").is_dir() and (path / "masks").is_dir()


def _files_by_name(folder: Path) -> dict[str, Path]:
    return {file.stem: file for file in sorted(folder.iterdir()) if file.suffix.lower() in IMAGE_SUFFIXES}
