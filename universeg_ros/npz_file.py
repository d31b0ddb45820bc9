"""`.npz` files, refused by what their members say of their size before anything is unpacked."""

import zipfile
import zlib
from math import prod
from pathlib import Path

import numpy as np

from foundation_pose_ros.errors import InputRefused, shortened
from foundation_pose_ros.input_limits.limits import LIMITS


def read_npz(path: Path, reason: str, meant: str) -> dict[str, np.ndarray]:
    """Return arrays by name; raises InputRefused for this reason, saying what was `meant`, for a file that is none."""
    try:
        _check_members(path, reason)
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except InputRefused:
        raise
    # What NumPy and zipfile raise for damaged files; RuntimeError: those with a password.
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise InputRefused(reason, f"{path} isn't {meant} ({shortened(error)}): it must be a .npz of arrays") from None


def _check_members(path: Path, reason: str) -> None:
    """Raise InputRefused where the members unpack to too much, or hold less than their arrays' shapes say."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        total = sum(member.file_size for member in members)
        if total > LIMITS.arrays_bytes or len(members) > LIMITS.arrays_members:
            raise InputRefused(
                reason,
                f"{path} holds {len(members)} arrays, {total >> 20} MB unpacked, more than "
                f"{LIMITS.arrays_members} or {LIMITS.arrays_bytes >> 20} MB: give fewer or smaller images",
            )
        for member in members:
            with archive.open(member) as file:
                version = np.lib.format.read_magic(file)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, _, kind = read(file)
            # NumPy makes room for the whole shape before it looks for the numbers.
            if prod(shape) * kind.itemsize > member.file_size:
                raise InputRefused(
                    reason, f"{path}: {shortened(member.filename)} has fewer numbers than it says: save it again"
                )
