"""A support set on disk: a folder of images and masks, or one `.npz`."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
import yaml

from foundation_pose_ros.errors import InputRefused

from ..image_files import IMAGE_SUFFIXES, read_image, read_mask, write_image
from .preparation import Encoding, Preparation
from .support_set import SupportSet

MANIFEST = "support.yaml"


def save(support: SupportSet, path: Path) -> None:
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
    for example in support:
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
    (path / MANIFEST).write_text(yaml.safe_dump(_manifest(support), sort_keys=False), encoding="utf-8")


def load(path: Path) -> SupportSet:
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
        try:
            manifest = yaml.safe_load((path / MANIFEST).read_text(encoding="utf-8")) or {}
        except yaml.YAMLError as error:
            raise InputRefused("bad_support", f"{path / MANIFEST}: {' '.join(str(error).split())}") from None
    images, masks = (_files_by_name(path / kind) for kind in ("images", "masks"))
    missing = sorted(set(images) ^ set(masks))
    if missing:
        kind = "image" if missing[0] in masks else "mask"
        raise InputRefused("bad_support", f"{path}: {missing[0]} has no {kind}: each image needs a mask of its name")
    support = _empty(manifest, path)
    encodings = manifest.get("encodings") or {}
    for name in [n for n in manifest.get("order") or [] if n in images] or sorted(images):
        _add(support, path, name, read_image(images[name]), read_mask(masks[name]), encodings.get(name))
    return support


def _save_npz(support: SupportSet, path: Path) -> None:
    arrays: dict[str, np.ndarray] = {}
    for i, example in enumerate(support):
        arrays[f"image_{i:05d}"], arrays[f"mask_{i:05d}"] = example.image, example.labels
    content = _manifest(support) | {"encodings": {e.name: e.encoding for e in support if e.encoding}}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, manifest=np.array(json.dumps(content)), **arrays)


def _load_npz(path: Path) -> SupportSet:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError) as error:
        raise InputRefused("bad_support", f"{path} can't be read: {error}") from None
    if "manifest" in arrays:
        manifest = json.loads(str(arrays["manifest"]))
        support, encodings = _empty(manifest, path), manifest.get("encodings") or {}
        for i, name in enumerate(manifest["order"]):
            _add(support, path, name, arrays[f"image_{i:05d}"], arrays[f"mask_{i:05d}"], encodings.get(name))
        return support
    masks = arrays.get("labels", arrays.get("masks"))
    if "images" not in arrays or masks is None or len(arrays["images"]) != len(masks):
        raise InputRefused("bad_support", f"{path} needs arrays images (N, H, W) and labels (N, H, W) of one length")
    support = SupportSet()
    for i, (image, mask) in enumerate(zip(arrays["images"], masks, strict=True)):
        _add(support, path, f"{i:04d}", image, mask, None)
    return support


def _add(support: SupportSet, path: Path, name: str, image: np.ndarray, mask: np.ndarray, encoding: str | None) -> None:
    try:
        support.add(image, mask, name, cast(Encoding | None, encoding))
    except InputRefused as refused:
        raise InputRefused(refused.reason, f"{path}: {refused}") from None


def _manifest(support: SupportSet) -> dict[str, Any]:
    depth = {e.name: e.encoding for e in support if e.encoding in ("16UC1", "32FC1")}
    preparation = {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(support.preparation).items()}
    return {"preparation": preparation, "labels": support.label_names, "order": support.names, "encodings": depth}


def _empty(manifest: Mapping[str, Any], path: Path) -> SupportSet:
    try:
        preparation = dict(manifest.get("preparation") or {})
        if preparation.get("window"):
            preparation["window"] = tuple(preparation["window"])
        labels = {int(label): str(name) for label, name in (manifest.get("labels") or {}).items()}
        return SupportSet(Preparation(**preparation), labels)
    except (AttributeError, TypeError, ValueError) as error:
        if isinstance(error, InputRefused):
            raise InputRefused(error.reason, f"{path}: {error}") from None
        raise InputRefused("bad_support", f"{path}: its manifest can't be understood: {error}") from None


def _is_support_folder(path: Path) -> bool:
    return (path / "images").is_dir() and (path / "masks").is_dir()


def _files_by_name(folder: Path) -> dict[str, Path]:
    return {file.stem: file for file in sorted(folder.iterdir()) if file.suffix.lower() in IMAGE_SUFFIXES}
