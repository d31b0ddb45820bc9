"""A BOP scene as one shard of a WebDataset: a tar file with the files of each image one after the other."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

from ..atomic_file import replacing
from .bop_json import read_entries


def write_shard(scene: Path, scene_id: int, path: Path) -> None:
    """Write the images of a scene's folder, as 000003_000010.rgb.png, .depth.png, .mask_visib_000000.png, .camera.json,
    .gt.json and .gt_info.json each; equal scenes make equal shards. The shard is there whole or not at all."""
    about = {
        name: read_entries(scene / f"{file}.json")
        for name, file in (("camera", "scene_camera"), ("gt", "scene_gt"), ("gt_info", "scene_gt_info"))
    }
    with replacing(path) as unfinished, tarfile.open(unfinished, "w", format=tarfile.USTAR_FORMAT) as tar:
        for image in sorted((scene / "rgb").glob("*.png")):
            key = f"{scene_id:06d}_{image.stem}"
            _add(tar, f"{key}.rgb.png", image.read_bytes())
            _add(tar, f"{key}.depth.png", (scene / "depth" / image.name).read_bytes())
            for mask in sorted((scene / "mask_visib").glob(f"{image.stem}_*.png")):
                number = mask.stem.removeprefix(f"{image.stem}_")
                _add(tar, f"{key}.mask_visib_{number}.png", mask.read_bytes())
            for name, entries in about.items():
                _add(tar, f"{key}.{name}.json", _json(entries[str(int(image.stem))]))


def _json(content: Any) -> bytes:
    return json.dumps(content).encode()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
