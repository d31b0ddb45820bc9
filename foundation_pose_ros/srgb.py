"""Colours of pictures (sRGB, IEC 61966-2-1) and the light that they stand for, which can be averaged and divided.

Light and colours are shares of white, 0 to 1; colours as bytes are 0 to 255. Arrays keep their shape.
"""

import numpy as np

_TOE, _SLOPE, _OFFSET, _POWER = 0.0031308, 12.92, 0.055, 2.4


def linear_from_srgb(srgb: np.ndarray) -> np.ndarray:
    """Return the light of colours in 0..1, cut to that range, in the precision of the colours."""
    srgb = np.clip(srgb, 0, 1)
    return np.where(srgb <= _SLOPE * _TOE, srgb / _SLOPE, ((srgb + _OFFSET) / (1 + _OFFSET)) ** _POWER)


def srgb_from_linear(light: np.ndarray) -> np.ndarray:
    """Return the colours of light, cut to 0..1, in the precision of the light."""
    light = np.clip(light, 0, 1)
    return np.where(light <= _TOE, light * _SLOPE, (1 + _OFFSET) * light ** (1 / _POWER) - _OFFSET)


# What is dark is mostly noise: its logarithm is held back by this much of full scale.
DARK = 0.06


def log_colours(srgb: np.ndarray) -> np.ndarray:
    """Return log red/green, log blue/green and log brightness (..., 3) of colours (..., 3) in 0..1.

    Where it isn't dark (`DARK`), a change of light or white balance shifts each by the same everywhere.
    """
    red, green, blue = np.moveaxis(np.log(srgb + DARK), -1, 0)
    return np.stack([red - green, blue - green, (red + green + blue) / 3], axis=-1)


# Whole pictures go by tables, several times as fast: of each byte, and of each 4096th where values lie between.
_LAST = np.float32(4095)
_LINEAR_OF_BYTE = linear_from_srgb(np.arange(256, dtype=np.float32) / np.float32(255))
_LINEAR_OF_STEP = linear_from_srgb(np.arange(4096) / 4095).astype(np.float32)
_BYTE_OF_STEP = np.round(255 * srgb_from_linear(np.arange(4096) / 4095)).astype(np.uint8)


def decode_srgb(srgb: np.ndarray) -> np.ndarray:
    """Return the light float32 of a picture: exact for bytes, to a 4096th for float32 in 0..1."""
    return _LINEAR_OF_BYTE[srgb] if srgb.dtype == np.uint8 else _LINEAR_OF_STEP[_steps(srgb)]


def encode_srgb(light: np.ndarray) -> np.ndarray:
    """Return the picture uint8 of light float32, cut to 0..1; dark tones come in steps of a 4096th of white."""
    return _BYTE_OF_STEP[_steps(light)]


def _steps(values: np.ndarray) -> np.ndarray:
    return np.clip(values * _LAST + np.float32(0.5), 0, _LAST).astype(np.uint16)
