"""A frame as the networks' crops are taken from it: at half a pixel's distance from where one would look.

In training, crops were sampled so that coordinate s of the image was read at s * W / (W - 1) - 0.5. Weights that were
trained so must be fed so. As boxes are upright, a pixel's column depends on nothing but its column in the crop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..frame import Frame
from ..networks.blocks import INPUT_SIZE
from .depth_filter import filtered

_NEAREST_M = 0.001


@dataclass(frozen=True, eq=False)
class ObservedImage:
    """rgb (3, H, W) float32 in 0..1; depth_m (H, W) float32, filtered; K (3, 3) float64; all on one device."""

    rgb: Tensor
    depth_m: Tensor
    K: Tensor

    @classmethod
    def of(cls, frame: Frame, device: torch.device | str = "cpu") -> ObservedImage:
        """Upload a frame and filter its depth there."""
        camera = frame.camera
        K = torch.tensor([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]], dtype=torch.float64)
        # Copied, as an image may be a read-only or mirrored view of a message.
        rgb = torch.from_numpy(np.array(frame.rgb, order="C")).to(device).permute(2, 0, 1).float() / 255
        depth_m = torch.from_numpy(np.array(frame.depth_m, order="C")).to(device)
        return cls(rgb, filtered(depth_m), K.to(device))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.depth_m.shape[0], self.depth_m.shape[1]

    def colours(self, boxes: Tensor) -> Tensor:
        """Return colours (B, 3, 160, 160) between the pixels, black outside the image."""
        height, width = self.size
        rows, columns = self._places(boxes)
        # What grid_sample calls -1 and 1 are the outer borders of the first and last pixel.
        x, y = (2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1
        shape = (len(boxes), INPUT_SIZE, INPUT_SIZE)
        grid = torch.stack([x[:, None, :].expand(shape), y[:, :, None].expand(shape)], dim=-1).float()
        # One image, one long grid: nothing is copied for each box.
        grid = grid.reshape(1, -1, INPUT_SIZE, 2)
        sampled = functional.grid_sample(self.rgb[None], grid, align_corners=False, padding_mode="zeros")
        return sampled.reshape(3, *shape).transpose(0, 1)

    def points(self, boxes: Tensor) -> Tensor:
        """Return surface points (B, 3, 160, 160) in metres of the nearest pixels, the refiner's input; 0 = none."""
        rows, columns = self._places(boxes)
        return self._lifted(_Indices.rounded(rows, self.size[0]), _Indices.rounded(columns, self.size[1]))

    def points_twice_sampled(self, boxes: Tensor) -> Tensor:
        """Return the scorer's input: in its training, depth was sampled into the crop, back into the image, and again.

        A point's ray is that of its own pixel, its depth that of a pixel up to one or two further on.
        """
        height, width = self.size
        rows, columns = self._places(boxes)
        row, column = _Indices.rounded(rows, height), _Indices.rounded(columns, width)
        deep = (
            self._there_and_back(row, boxes[:, 1], boxes[:, 3], height),
            self._there_and_back(column, boxes[:, 0], boxes[:, 2], width),
        )
        return self._lifted(row, column, *deep)

    def _places(self, boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Rows and columns (B, 160) float64 of the image at which a crop's pixels are read."""
        steps = torch.arange(INPUT_SIZE, dtype=torch.float64, device=boxes.device)
        height, width = self.size
        return _places(steps, boxes[:, 1], boxes[:, 3], height), _places(steps, boxes[:, 0], boxes[:, 2], width)

    @staticmethod
    def _there_and_back(indices: _Indices, first: Tensor, last: Tensor, count: int) -> _Indices:
        """Of pixels of the image, those whose depth they hold after their crop was put back into the image."""
        scale = INPUT_SIZE / (last - first)  # (B,)
        in_crop = (indices.at - first[:, None]) * (scale * INPUT_SIZE / (INPUT_SIZE - 1))[:, None] - 0.5
        crop = _Indices.rounded(in_crop, INPUT_SIZE)
        image = _Indices.rounded(_places(crop.at.double(), first, last, count), count)
        return _Indices(image.at, image.inside & crop.inside & indices.inside)

    def _lifted(
        self, row: _Indices, column: _Indices, deep_row: _Indices | None = None, deep_column: _Indices | None = None
    ) -> Tensor:
        deep_row, deep_column = deep_row or row, deep_column or column
        depth_m = self.depth_m[deep_row.clamped[:, :, None], deep_column.clamped[:, None, :]]  # (B, 160, 160)
        seen = deep_row.inside[:, :, None] & deep_column.inside[:, None, :] & (depth_m >= _NEAREST_M)
        depth_m = depth_m * seen
        x = ((column.at - self.K[0, 2]) / self.K[0, 0]).float()[:, None, :]
        y = ((row.at - self.K[1, 2]) / self.K[1, 1]).float()[:, :, None]
        return torch.stack([x * depth_m, y * depth_m, depth_m], dim=1)


class ImageSource:
    """Images of frames on a device; the last one is kept, for all networks and steps that look at it."""

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self._device = device
        self._last: tuple[Frame, ObservedImage] | None = None

    def of(self, frame: Frame) -> ObservedImage:
        if self._last is None or self._last[0] is not frame:
            self._last = frame, ObservedImage.of(frame, self._device)
        return self._last[1]


def _places(steps: Tensor, first: Tensor, last: Tensor, count: int) -> Tensor:
    """Where along an axis of `count` pixels a crop from first to last (B,) reads its pixels steps (n,) or (B, n)."""
    plain = first[:, None] + steps * ((last - first) / INPUT_SIZE)[:, None]
    return plain * (count / (count - 1)) - 0.5


@dataclass(frozen=True)
class _Indices:
    """Whole indices (B, n) along one axis, and which of them exist."""

    at: Tensor
    inside: Tensor

    @classmethod
    def rounded(cls, places: Tensor, count: int) -> _Indices:
        at = torch.round(places)
        return cls(at, (at >= 0) & (at < count))

    @property
    def clamped(self) -> Tensor:
        return torch.where(self.inside, self.at, 0).long()
