"""What a network's input must be made like, and what is known of a file of weights."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from ..errors import InputRefused, shortened
from ..input_limits.bounded_yaml import read_yaml
from .blocks import INPUT_CHANNELS, INPUT_SIZE

Kind = Literal["refine", "score"]
# Settings under which the published networks were trained; others would need other code.
_ONLY = {
    "c_in": INPUT_CHANNELS,
    "use_BN": True,
    "input_resize": [INPUT_SIZE, INPUT_SIZE],
    "normalize_xyz": True,
    "use_normal": False,
    "n_view": 1,
    "rot_rep": "axis_angle",
    "trans_rep": "tracknet",
}


@dataclass(frozen=True)
class NetworkInputSettings:
    """crop_ratio: side of a crop, in diameters. nearest_m: what is seen nearer than this counts as not seen.

    turn_rad: largest turn about each axis of one step; of the refiner alone. Values: of the published weights.
    """

    crop_ratio: float
    nearest_m: float
    turn_rad: float = math.radians(20.0)


PUBLISHED_SETTINGS: dict[Kind, NetworkInputSettings] = {
    "refine": NetworkInputSettings(crop_ratio=1.2, nearest_m=0.001),
    "score": NetworkInputSettings(crop_ratio=1.1, nearest_m=0.1),
}


@dataclass(frozen=True)
class WeightsInfo:
    """Which network, its input's settings, and where its weights are from; an empty string where nothing is known.

    source: name of the file that they were published in; source_sha256: of that file; date: of its conversion.
    """

    kind: Kind
    settings: NetworkInputSettings
    licence: str = ""
    source: str = ""
    source_sha256: str = ""
    date: str = ""
    note: str = ""

    def as_metadata(self) -> dict[str, str]:
        """Return it for a file's header, which holds text alone."""
        flat = asdict(self)
        flat |= flat.pop("settings")
        return {"format": "pt", **{key: str(value) for key, value in flat.items() if value != ""}}

    @classmethod
    def from_metadata(cls, metadata: dict[str, str], kind: Kind) -> WeightsInfo:
        """Read it of a network of this kind; settings that aren't in the header are the published ones."""
        settings = PUBLISHED_SETTINGS[kind]
        try:
            own = {f.name: float(metadata[f.name]) for f in fields(NetworkInputSettings) if f.name in metadata}
        except ValueError as error:
            raise InputRefused(
                "bad_weights", f"the header's settings aren't numbers ({error}): convert again"
            ) from None
        known = {f.name for f in fields(cls)} - {"kind", "settings"}
        return cls(kind, replace(settings, **own), **{k: v for k, v in metadata.items() if k in known})


def settings_of_config(config_file: Path, kind: Kind) -> NetworkInputSettings:
    """Read settings from the `config.yml` beside a published checkpoint.

    Raises InputRefused where it isn't YAML, or asks for what the published networks don't do.
    """
    settings = PUBLISHED_SETTINGS[kind]
    config = _read_config(config_file)
    for key, expected in _ONLY.items():
        value = config.get(key, expected)
        if (list(value) if isinstance(value, (list, tuple)) else value) != expected:
            raise InputRefused(
                "bad_weights",
                f"{config_file} says {key}: {shortened(value)}, but only {expected} is supported: "
                "use the published checkpoints",
            )
    try:
        ratio = float(config.get("crop_ratio", settings.crop_ratio))
        turn_rad = float(config.get("rot_normalizer", settings.turn_rad)) if kind == "refine" else settings.turn_rad
    except (TypeError, ValueError) as error:
        raise InputRefused("bad_weights", f"{config_file} has settings that aren't numbers: {error}") from None
    if not (0.5 <= ratio <= 4 and 0 < turn_rad <= math.pi):
        raise InputRefused(
            "bad_weights",
            f"{config_file} says crop_ratio: {ratio}, rot_normalizer: {turn_rad}: fetch it again with the weights",
        )
    return replace(settings, crop_ratio=ratio, turn_rad=turn_rad)


def _read_config(config_file: Path) -> dict[str, Any]:
    config = read_yaml(config_file, "bad_weights")
    if not isinstance(config, dict):
        raise InputRefused("bad_weights", f"{config_file} holds no settings: fetch it again")
    return config
