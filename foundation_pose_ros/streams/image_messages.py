"""Image messages to arrays and back, honouring encoding, step and byte order. Needs no ROS: messages are duck-typed.

The scale of depth belongs to the encoding: 32FC1 is metres (REP-118), 16UC1 is millimetres, unless its user says
otherwise.
"""

import array
import sys
from typing import Any

import cv2
import numpy as np

from ..arrays import Depth, Rgb
from ..errors import InputRefused, shortened
from ..input_limits.image_size import checked_pixels
from ..input_limits.limits import LIMITS
from . import rvl

# encoding -> type and channels of a pixel
PIXELS: dict[str, tuple[type[np.generic], int]] = {
    "rgb8": (np.uint8, 3),
    "bgr8": (np.uint8, 3),
    "rgba8": (np.uint8, 4),
    "bgra8": (np.uint8, 4),
    "mono8": (np.uint8, 1),
    "mono16": (np.uint16, 1),
    "8UC1": (np.uint8, 1),
    "8UC3": (np.uint8, 3),
    "16UC1": (np.uint16, 1),
    "32FC1": (np.float32, 1),
}
COLOUR = ("rgb8", "bgr8", "rgba8", "bgra8", "mono8", "8UC3")
DEPTH = ("32FC1", "16UC1", "mono16")
LABELS = ("mono8", "8UC1", "mono16", "16UC1")
MM = 0.001


def to_array(message: Any) -> np.ndarray:
    """Return pixels (H, W) or (H, W, C) in the machine's byte order; a view of the message where that is possible.

    Raises InputRefused (`bad_encoding`, `bad_image`) for encodings nobody knows and data that doesn't fill the image.
    """
    if message.encoding not in PIXELS:
        raise InputRefused(
            "bad_encoding",
            f"image encoding {shortened(repr(message.encoding))} is not one of {', '.join(PIXELS)}: convert it first "
            "(image_proc debayers, depth_image_proc converts depth)",
        )
    kind, channels = PIXELS[message.encoding]
    pixel = np.dtype(kind).newbyteorder(">" if message.is_bigendian else "<")
    height, width, step = int(message.height), int(message.width), int(message.step)
    data = memoryview(message.data)
    if height <= 0 or width <= 0 or step < width * channels * pixel.itemsize or len(data) < height * step:
        raise InputRefused(
            "bad_image",
            f"{width}x{height} {message.encoding} image with step {step} has {len(data)} bytes of data: "
            "its publisher fills width, height, step or data wrongly",
        )
    strides = (step, channels * pixel.itemsize, pixel.itemsize)
    pixels = np.ndarray((height, width, channels), pixel, buffer=data, strides=strides)
    if not pixel.isnative:
        pixels = pixels.astype(kind)
    return pixels[..., 0] if channels == 1 else pixels


def to_rgb(message: Any) -> Rgb:
    """Return colour (H, W, 3) uint8; grey images are repeated into three channels."""
    _require(message.encoding, COLOUR, "colour", "rgb8 or bgr8")
    pixels = to_array(message)
    if pixels.ndim == 2:
        return np.repeat(pixels[..., None], 3, axis=2)
    pixels = np.ascontiguousarray(pixels[..., :3])
    if message.encoding.startswith("bgr") or message.encoding == "8UC3":  # OpenCV's order, as cv_bridge has it
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
    return pixels


def to_depth_m(message: Any, unit_m: float = MM) -> Depth:
    """Return depth (H, W) float32 in metres; what the sensor didn't measure is 0, NaN or infinite, as it sent it.

    unit_m: what one step of 16 bits is.
    """
    _require(message.encoding, DEPTH, "depth", "32FC1 (metres) or 16UC1 (millimetres)")
    pixels = to_array(message)
    if message.encoding == "32FC1":
        return np.ascontiguousarray(pixels)
    return pixels * np.float32(unit_m)


def to_labels(message: Any) -> np.ndarray:
    """Return a mask or label image (H, W) of unsigned integers, 0 = background."""
    _require(message.encoding, LABELS, "mask", "mono8 (0 and 255) or mono16 (labels)")
    return np.ascontiguousarray(to_array(message))


def fill_image(message: Any, pixels: np.ndarray, encoding: str) -> Any:
    """Put an array (H, W) or (H, W, C) of the encoding's pixel type into a message, and return it."""
    kind, channels = PIXELS[encoding]
    if pixels.dtype != kind or pixels.shape[2:] != (() if channels == 1 else (channels,)):
        raise ValueError(f"{encoding} needs {np.dtype(kind)} of {channels} channels, not {pixels.dtype} {pixels.shape}")
    pixels = np.ascontiguousarray(pixels)
    message.height, message.width = pixels.shape[:2]
    message.encoding = encoding
    message.is_bigendian = int(sys.byteorder == "big")
    message.step = pixels.strides[0]
    # Assigning an array('B') is the one fast way into a message: a list or bytes is checked byte by byte.
    data = array.array("B")
    data.frombytes(pixels.data.cast("B"))
    message.data = data
    return message


def fill_jpeg(message: Any, rgb: Rgb, quality: int = 85) -> Any:
    """Put colour (H, W, 3) uint8 into a CompressedImage, as image_transport's plugin does, and return it."""
    encoded = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    message.format = "rgb8; jpeg compressed bgr8"
    data = array.array("B")
    data.frombytes(encoded.data)
    message.data = data
    return message


def compressed_to_rgb(message: Any) -> Rgb:
    """Return colour (H, W, 3) uint8 from a CompressedImage (JPEG, PNG, ...)."""
    image = _decoded(message.data, cv2.IMREAD_COLOR, message.format)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def compressed_to_depth_m(message: Any, unit_m: float = MM) -> Depth:
    """Return depth (H, W) float32 in metres from a CompressedImage of the compressedDepth transport (PNG or RVL).

    Its data begin with a header of 12 bytes: the codec, then A and B of the inverse depth A / (v - B) that float images
    were quantised to (image_transport_plugins, compressed_depth_image_transport). unit_m: what one step of 16 bits is
    where they weren't.
    """
    encoding, _, transport = (part.strip() for part in message.format.partition(";"))
    _require(encoding, DEPTH, "depth", "32FC1 (metres) or 16UC1 (millimetres)")
    if len(message.data) <= 12:
        raise InputRefused(
            "bad_image", f"compressed depth has {len(message.data)} bytes, no image: check its publisher"
        )
    header = np.frombuffer(memoryview(message.data)[:12], "<f4")
    payload = memoryview(message.data)[12:]
    image = _from_rvl(payload) if "rvl" in transport else _decoded(payload, cv2.IMREAD_UNCHANGED, message.format)
    if image.ndim != 2 or image.dtype != np.uint16:
        raise InputRefused(
            "bad_image", f"compressed depth holds {image.dtype} {image.shape}, not 16 bits: check its publisher"
        )
    if encoding != "32FC1":
        return image * np.float32(unit_m)
    quantised = image.astype(np.float32)
    valid = (image > 0) & (quantised > header[2])
    return np.where(valid, header[1] / np.where(valid, quantised - header[2], 1.0), 0.0).astype(np.float32)


def _from_rvl(data: memoryview) -> np.ndarray:
    """Values (H, W) uint16 of columns, rows, and the code itself."""
    width, height = (int(size) for size in np.frombuffer(data[:8], "<u4")) if len(data) >= 8 else (0, 0)
    if width * height > LIMITS.image_pixels:
        raise InputRefused(
            "image_too_large", f"compressed depth says that it has {width}x{height} pixels: check its publisher"
        )
    values = rvl.decode(data[8:], width * height) if width * height else None
    if values is None:
        raise InputRefused(
            "bad_image",
            f"compressed depth (RVL, {width}x{height}, {len(data)} bytes) can't be decoded: check its publisher",
        )
    return values.reshape(height, width)


def _decoded(data: Any, flags: int, what: str) -> np.ndarray:
    buffer = np.frombuffer(memoryview(data), np.uint8)
    image = cv2.imdecode(buffer, flags) if checked_pixels(bytes(data), "a compressed image") else None
    if image is None:
        raise InputRefused(
            "bad_image",
            f"compressed image ({shortened(what)}, {buffer.size} bytes) can't be decoded: check its publisher",
        )
    return image


def _require(encoding: str, accepted: tuple[str, ...], what: str, advice: str) -> None:
    if encoding not in accepted:
        raise InputRefused(
            "bad_encoding",
            f"{what} encoding {shortened(repr(encoding))} is not one of {', '.join(accepted)}: publish {advice}",
        )
