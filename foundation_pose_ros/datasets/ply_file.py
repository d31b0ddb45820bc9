"""Meshes as binary PLY files in millimetres, with a picture or colours of vertices, as BOP datasets have them."""

from pathlib import Path

import numpy as np
from PIL import Image

from ..atomic_file import replacing
from ..object_model.appearance import CornerColours, Texture
from ..object_model.model import ObjectModel

_MM_PER_M = 1000.0


def write_ply(model: ObjectModel, path: Path) -> None:
    """Write a model, and beside it `NAME.png` where its surface is a picture; both are there whole or not at all."""
    corners = (model.vertices[model.faces] * _MM_PER_M).reshape(-1, 3)  # (3 F, 3)
    columns = {name: corners[:, k].astype("<f4") for k, name in enumerate("xyz")}
    comments = []
    appearance = model.appearance
    if isinstance(appearance, Texture):
        # The picture comes first: a mesh that is there can be read.
        with replacing(path.with_suffix(".png")) as unfinished:
            Image.fromarray(appearance.levels[0]).save(unfinished)
        comments = [f"comment TextureFile {path.stem}.png"]
        uv = appearance.corner_uv.reshape(-1, 2)
        columns |= {name: uv[:, k].astype("<f4") for k, name in enumerate(("texture_u", "texture_v"))}
    elif isinstance(appearance, CornerColours):
        rgb = np.round(255 * np.clip(appearance.corner_rgb, 0, 1)).astype(np.uint8).reshape(-1, 3)
        columns |= {name: rgb[:, k] for k, name in enumerate(("red", "green", "blue"))}
    rows = np.empty(len(corners), [(name, column.dtype) for name, column in columns.items()])
    for name, column in columns.items():
        rows[name] = column
    # Corners that share everything are one vertex; where a print has a seam, they stay apart.
    vertices, indices = np.unique(rows, return_inverse=True)
    faces = np.empty(len(model.faces), [("count", "u1"), ("corners", "<i4", 3)])
    faces["count"], faces["corners"] = 3, indices.reshape(-1, 3)
    types = ["uchar" if column.dtype == np.uint8 else "float" for column in columns.values()]
    header = [
        "ply",
        "format binary_little_endian 1.0",
        *comments,
        f"element vertex {len(vertices)}",
        *(f"property {kind} {name}" for kind, name in zip(types, columns, strict=True)),
        f"element face {len(faces)}",
        "property list uchar int vertex_indices",
        "end_header\n",
    ]
    with replacing(path) as unfinished:
        unfinished.write_bytes("\n".join(header).encode() + vertices.tobytes() + faces.tobytes())
