"""Colour values of pictures and the light they stand for (sRGB, IEC 61966-2-1): light can be averaged and divided."""

import numpy as np

_TOE, _SLOPE, _OFFSET, _POWER = 0.0031308, 12.92, 0.055, 2.4


def to_linear(rgb: np.ndarray) -> np.ndarray:
    """Linear light float32 in 0..1 of colour values in 0..255."""
    share = np.clip(np.asarray(rgb, np.float32) / np.float32(255), 0, 1)
    bent = ((share + np.float32(_OFFSET)) / np.float32(1 + _OFFSET)) ** np.float32(_POWER)
    return np.where(share <= _SLOPE * _TOE, share / np.float32(_SLOPE), bent).astype(np.float32)


def to_colour(linear: np.ndarray) -> np.ndarray:
    """Colour values float32 in 0..255 of linear light, cut to 0..1."""
    light = np.clip(np.asarray(linear, np.float32), 0, 1)
    bent = np.float32(1 + _OFFSET) * light ** np.float32(1 / _POWER) - np.float32(_OFFSET)
    return (255 * np.where(light <= _TOE, light * np.float32(_SLOPE), bent)).astype(np.float32)


_OF_BYTES = to_linear(np.arange(256))


def linear_image(rgb: np.ndarray) -> np.ndarray:
    """Linear light float32 of an image of bytes, by table."""
    return _OF_BYTES[rgb]


def encode_srgb(linear_rgb: np.ndarray) -> np.ndarray:
    """uint8 sRGB (IEC 61966-2-1) of linear light, clipped to 0..1."""
    return _SRGB_TABLE[np.clip(linear_rgb * np.float32(4095) + np.float32(0.5), 0, 4095).astype(np.uint16)]


def decode_srgb(srgb: np.ndarray) -> np.ndarray:
    """Linear light float32 of sRGB in 0..1, to a 4096th."""
    return _LINEAR_TABLE[np.clip(srgb * np.float32(4095) + np.float32(0.5), 0, 4095).astype(np.uint16)]


_STEPS = np.arange(4096) / 4095.0
_SRGB_TABLE = np.round(255 * np.where(_STEPS <= 0.0031308, 12.92 * _STEPS, 1.055 * _STEPS ** (1 / 2.4) - 0.055)).astype(
    np.uint8
)
_LINEAR_TABLE = np.where(_STEPS <= 0.04045, _STEPS / 12.92, ((_STEPS + 0.055) / 1.055) ** 2.4).astype(np.float32)
