"""nvdiffrast's rasteriser in numpy, so that what surrounds it runs where there is no CUDA."""

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest


def rasterised(clip: np.ndarray, faces: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """One image (h, w, 4) of clip-space vertices (V, 4): weights of two corners, z / w, number of the face + 1.

    By Olano and Greer (1997): planes through the eye and an edge, no division before a pixel is known to be inside.
    """
    height, width = size
    image, nearest = np.zeros((height, width, 4), np.float32), np.full(size, np.inf)
    x, y = (np.arange(width) + 0.5) * 2 / width - 1, (np.arange(height) + 0.5) * 2 / height - 1
    for number, face in enumerate(faces):
        corners = clip[face].astype(float)  # (3, 4)
        if (corners[:, 3] <= 0).any():
            continue
        place = corners[:, :2] / corners[:, 3:]
        columns = np.flatnonzero((x >= place[:, 0].min()) & (x <= place[:, 0].max()))
        rows = np.flatnonzero((y >= place[:, 1].min()) & (y <= place[:, 1].max()))
        matrix = corners[:, [0, 1, 3]]
        if not len(columns) or not len(rows) or abs(np.linalg.det(matrix)) < 1e-15:
            continue
        pixels = np.stack(np.broadcast_arrays(x[columns], y[rows, None], 1.0), axis=-1)
        weights = pixels @ np.linalg.inv(matrix)  # (r, c, 3): each over w
        weights /= weights.sum(axis=-1, keepdims=True)
        depth = (weights @ corners[:, 2]) / (weights @ corners[:, 3])
        area = np.ix_(rows, columns)
        seen = (weights >= 0).all(axis=-1) & (depth < nearest[area]) & (np.abs(depth) <= 1)
        nearest[area] = np.where(seen, depth, nearest[area])
        value = np.concatenate([weights[..., :2], depth[..., None], np.full((*depth.shape, 1), number + 1)], axis=-1)
        image[area] = np.where(seen[..., None], value, image[area])
    return image


@pytest.fixture
def nvdiffrast_in_numpy(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """Stands in for the module nvdiffrast.torch; counts what was asked of it."""
    torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")
    asked = {"contexts": 0, "images": 0, "most": 0}

    class Context:
        def __init__(self, device: Any) -> None:
            asked["contexts"] += 1

    def rasterize(context: Context, clip: Any, faces: Any, resolution: list[int]) -> tuple[Any, None]:
        assert clip.dtype == torch.float32 and faces.dtype == torch.int32
        assert resolution[0] % 8 == resolution[1] % 8 == 0
        asked["images"] += len(clip)
        asked["most"] = max(asked["most"], len(clip))
        size = (resolution[0], resolution[1])
        return torch.from_numpy(np.stack([rasterised(one, faces.numpy(), size) for one in clip.numpy()])), None

    module = ModuleType("nvdiffrast.torch")
    module.RasterizeCudaContext, module.rasterize = Context, rasterize  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nvdiffrast", ModuleType("nvdiffrast"))
    monkeypatch.setitem(sys.modules, "nvdiffrast.torch", module)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    yield asked
