"""From an image as it comes to what the network takes: gray, 0 to 1, at the network's size; and back.

The same preparation belongs to the support set and to every query: it is declared once, with the support.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from foundation_pose_ros.arrays import Mask
from foundation_pose_ros.errors import InputRefused

Aspect = Literal["stretch", "keep"]
GrayLook = Literal["map", "picture", "both"]
GRAY_LOOKS: tuple[GrayLook, ...] = ("map", "picture", "both")
Encoding = Literal["mono8", "mono16", "rgb8", "bgr8", "rgba8", "bgra8", "16UC1", "32FC1"]
_COLOUR = {
    "rgb8": cv2.COLOR_RGB2GRAY,
    "bgr8": cv2.COLOR_BGR2GRAY,
    "rgba8": cv2.COLOR_RGBA2GRAY,
    "bgra8": cv2.COLOR_BGRA2GRAY,
}
_CHANNELS = {"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4}
_TO_RGB = {
    "rgb8": None,
    "bgr8": cv2.COLOR_BGR2RGB,
    "rgba8": cv2.COLOR_RGBA2RGB,
    "bgra8": cv2.COLOR_BGRA2RGB,
}
_DEPTH = ("16UC1", "32FC1")
# Gray pictures are often stored as colour: channels that differ by less than this share of white are gray.
_LEAST_COLOUR = 0.02


@dataclass(frozen=True, eq=False)
class PreparedPicture:
    """An image to be segmented: gray (H, W) in 0..1; colour, RGB (H, W, 3) in 0..1, None where it has none."""

    gray: np.ndarray
    colour: np.ndarray | None

    @property
    def shape(self) -> tuple[int, int]:
        """Return height and width."""
        height, width = self.gray.shape
        return height, width

    @property
    def flat(self) -> bool:
        """Return whether all pixels are alike."""
        return bool(self.gray.min() == self.gray.max())

    def cut(self, part: tuple[slice, slice]) -> "PreparedPicture":
        """Return some rows and columns."""
        return PreparedPicture(self.gray[part], None if self.colour is None else self.colour[part])


@dataclass(frozen=True)
class Preparation:
    """How images are prepared.

    size: side of the square that the network sees, in pixels. aspect: `stretch` to the square, or `keep` and pad with
    zeros. window: the two values (of the image's own unit) that become 0 and 1, as for CT; None takes each image's
    least and largest. gray: what the network is shown of gray pictures, the `map` of their likeness, the `picture`
    itself, or `both`; None: examples that are held out say it (`gray_share`), which takes seconds after each change.
    """

    size: int = 128
    aspect: Aspect = "stretch"
    window: tuple[float, float] | None = None
    gray: GrayLook | None = None

    def __post_init__(self) -> None:
        if self.size < 8 or self.size % 8:
            raise InputRefused("bad_size", f"size {self.size}: give a multiple of 8, 128 is usual")
        if self.aspect not in ("stretch", "keep"):
            raise InputRefused("bad_aspect", f"aspect {self.aspect!r}: give stretch or keep")
        if self.window is not None and not self.window[0] < self.window[1]:
            raise InputRefused("bad_window", f"window {self.window}: give the lower value first")
        if self.gray is not None and self.gray not in GRAY_LOOKS:
            raise InputRefused("bad_gray", f"gray {self.gray!r}: give one of {', '.join(GRAY_LOOKS)}")

    def image(self, image: np.ndarray, encoding: Encoding | None = None) -> np.ndarray:
        """Map (H, W) or (H, W, 3 or 4) to (size, size) float32 in 0..1; raises InputRefused without contrast."""
        return self.sized(self.normalised(image, encoding))

    def normalised(self, image: np.ndarray, encoding: Encoding | None = None) -> np.ndarray:
        """Map (H, W) or (H, W, 3 or 4) -> (H, W) float32 in 0..1, at its own size."""
        gray = to_gray(image, encoding)
        low, high = self.window or (float(gray.min()), float(gray.max()))
        normalised = (np.clip(gray, low, high) - low) / np.float32(high - low or 1)
        if normalised.min() == normalised.max():
            raise InputRefused("flat_image", f"every pixel of the image is {gray[0, 0]:g}: there is nothing to segment")
        return normalised

    def picture(self, image: np.ndarray, encoding: Encoding | None = None) -> PreparedPicture:
        """Return gray, normalised, and colour of an image, at its own size; raises InputRefused without contrast."""
        return PreparedPicture(self.normalised(image, encoding), to_colour(image, encoding))

    def closer(self, piece: PreparedPicture) -> PreparedPicture:
        """Return a part of a picture as one of its own: without a window, its gray is again over 0..1."""
        if self.window is not None or piece.flat:
            return piece
        low, high = piece.gray.min(), piece.gray.max()
        return PreparedPicture((piece.gray - low) / (high - low), piece.colour)

    def sized_picture(self, picture: PreparedPicture) -> PreparedPicture:
        """Return a picture of (size, size)."""
        return PreparedPicture(self.sized(picture.gray), None if picture.colour is None else self.sized(picture.colour))

    def sized(self, normalised: np.ndarray) -> np.ndarray:
        """Map (H, W, ...) -> (size, size, ...): averages where an image shrinks, interpolates where it grows."""
        shrinks = max(normalised.shape[:2]) > self.size
        return self._resized(normalised, cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)

    def mask(self, mask: Mask) -> np.ndarray:
        """Return (H, W) bool -> (size, size) float32, 0 or 1.

        A pixel is foreground where half of what it covers is, so that thin structures vanish no sooner than they must.
        """
        covered = self.sized(mask.astype(np.float32))
        return (covered >= 0.5).astype(np.float32)

    def back(self, values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """Undo the resize and the padding: (..., size, size) -> (..., H, W) float32, for an image of that shape."""
        height, width, top, left = self._inside(shape)
        flat = values.reshape(-1, *values.shape[-2:])[:, top : top + height, left : left + width]
        resized = [cv2.resize(v, shape[::-1], interpolation=cv2.INTER_LINEAR) for v in flat.astype(np.float32)]
        return np.stack(resized).reshape(*values.shape[:-2], *shape)

    def _resized(self, values: np.ndarray, interpolation: int) -> np.ndarray:
        height, width, top, left = self._inside(values.shape)
        result = np.zeros((self.size, self.size, *values.shape[2:]), np.float32)
        resized = cv2.resize(values, (width, height), interpolation=interpolation)
        result[top : top + height, left : left + width] = resized
        return result

    def _inside(self, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
        """Height, width, top and left of the part of the square that the image fills."""
        if self.aspect == "stretch":
            return self.size, self.size, 0, 0
        scale = self.size / max(shape)
        height, width = (max(1, round(side * scale)) for side in shape)
        return height, width, (self.size - height) // 2, (self.size - width) // 2


def to_colour(image: np.ndarray, encoding: Encoding | None = None) -> np.ndarray | None:
    """Return RGB (H, W, 3) float32 in 0..1, None for an image that is gray, however it is stored.

    encoding: see to_gray.
    """
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] not in (3, 4):
        return None
    turned = _TO_RGB[encoding or ("rgb8" if image.shape[2] == 3 else "rgba8")]
    rgb = image if turned is None else cv2.cvtColor(image, turned)
    white = max(float(np.abs(rgb).max()), 1.0) if rgb.dtype == np.float32 else float(np.iinfo(rgb.dtype).max)
    red, green, blue = (np.ascontiguousarray(rgb[..., channel]) for channel in range(3))
    apart = max(float(cv2.absdiff(*pair).max()) for pair in ((red, green), (green, blue), (blue, red)))
    return rgb.astype(np.float32) / np.float32(white) if apart >= _LEAST_COLOUR * white else None


def to_gray(image: np.ndarray, encoding: Encoding | None = None) -> np.ndarray:
    """Return (H, W) float32 in the image's own unit; colour by the luma of ITU-R BT.601.

    encoding: None takes colour as rgb8 (rgba8) and keeps gray values. In depth images (16UC1, 32FC1) what isn't
    measured (0, NaN, inf) becomes the farthest value, which is background.
    """
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise InputRefused("bad_image", f"image of shape {image.shape}: give (H, W) or (H, W, 3)")
    if encoding is None:
        encoding = {2: None, 3: {3: "rgb8", 4: "rgba8"}.get(image.shape[-1], "rgb8")}[image.ndim]  # type: ignore[assignment]
    channels = _CHANNELS.get(encoding or "", 1)
    if channels != (image.shape[2] if image.ndim == 3 else 1):
        raise InputRefused("bad_image", f"image of shape {image.shape} isn't {encoding}: its channels don't agree")
    if channels > 1:
        if image.dtype not in (np.uint8, np.uint16, np.float32):
            raise InputRefused("bad_image", f"colour of type {image.dtype}: give uint8, uint16 or float32")
        return cv2.cvtColor(image, _COLOUR[encoding or ""]).astype(np.float32)
    gray = image.astype(np.float32)
    if encoding in _DEPTH:
        measured = np.isfinite(gray) & (gray > 0)
        if not measured.any():
            raise InputRefused("no_depth", "the depth image has no measured pixel")
        return np.where(measured, gray, gray[measured].max())
    if not np.isfinite(gray).all():
        raise InputRefused(
            "not_finite", "the image holds NaN or infinite values: name its encoding 32FC1 if it is depth"
        )
    return gray
