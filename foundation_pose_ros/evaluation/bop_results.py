"""Poses as the BOP challenge exchanges them: CSV, millimetres, one line per estimate."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import Pose
from ..atomic_file import replacing
from ..errors import InputRefused

HEADER = ("scene_id", "im_id", "obj_id", "score", "R", "t", "time")
_MOST_LINES = 5_000_000
# How far a matrix may be from the nearest rotation (Frobenius norm): one of two decimals is off by 0.015 at most.
_ROTATION_TOLERANCE = 0.03
# No camera sees things from this near, but metres taken for millimetres are always nearer.
_NEAREST_MM = 10.0


@dataclass(frozen=True, eq=False)
class BopResult:
    """One estimate: T_cam_obj (4, 4) in metres; time_s for all estimates in the image together, -1 where unknown.

    score: only its order counts, so any finite number will do.
    """

    scene_id: int
    image_id: int
    object_id: int
    score: float
    T_cam_obj: Pose
    time_s: float = -1.0


def write_results(path: Path, results: Iterable[BopResult]) -> None:
    """Write the file that the challenge's evaluation reads, whole or not at all."""
    with replacing(path) as unfinished, unfinished.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(HEADER)
        for result in results:
            T = np.asarray(result.T_cam_obj, np.float64)
            R, t_mm = T[:3, :3].ravel(), 1000 * T[:3, 3]
            numbers = (" ".join(f"{value:.8g}" for value in values) for values in (R, t_mm))
            ids = (result.scene_id, result.image_id, result.object_id)
            writer.writerow([*ids, f"{result.score:.6g}", *numbers, f"{result.time_s:.6g}"])


def read_results(path: Path) -> list[BopResult]:
    """Read a file in the challenge's format; raises InputRefused, naming the line, for anything else.

    Rotations are made orthonormal, so that rounded ones will do. Refused are also translations in metres.
    """
    if not path.is_file():
        raise InputRefused("file_missing", f"{path} is missing: give the CSV file with the poses")
    results = []
    # Spreadsheets put a byte-order mark in front.
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
        for number, line in enumerate(_lines(stream, path), start=1):
            if number > _MOST_LINES:
                raise InputRefused("too_large", f"{path} has more than {_MOST_LINES} lines: give one dataset's results")
            if line and not (number == 1 and tuple(cell.strip() for cell in line) == HEADER):
                results.append(_result(line, f"{path}, line {number}"))
    if not results:
        raise InputRefused("no_poses", f"{path} holds no pose: its lines are {','.join(HEADER)}")
    typical_mm = 1000 * float(np.median([np.abs(result.T_cam_obj[:3, 3]).max() for result in results]))
    if typical_mm < _NEAREST_MM:
        raise InputRefused(
            "bad_unit",
            f"{path} puts half of its objects within {typical_mm:.2g} mm of the camera: t is in millimetres, "
            "so multiply what is in metres by 1000",
        )
    return results


def _lines(stream: Iterable[str], path: Path) -> Iterator[list[str]]:
    try:
        yield from csv.reader(stream)
    except csv.Error as error:
        raise InputRefused("bad_csv", f"{path} is no CSV file ({error}): write {','.join(HEADER)} as text") from None


def _result(line: list[str], source: str) -> BopResult:
    try:
        if len(line) != len(HEADER):
            raise ValueError(f"{len(line)} cells, not {len(HEADER)}")
        scene_id, image_id, object_id = (int(cell) for cell in line[:3])
        score, R, t_mm, time_s = (
            _numbers(name, cell, count) for name, cell, count in zip(HEADER[3:], line[3:], (1, 9, 3, 1), strict=True)
        )
        rotation = _nearest_rotation(R.reshape(3, 3))
    except ValueError as error:
        raise InputRefused(
            "bad_csv",
            f"{source} can't be read ({error}): write {','.join(HEADER)} with 9 numbers in R and 3, in mm, in t, "
            "separated by spaces",
        ) from None
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = rotation, t_mm / 1000
    return BopResult(scene_id, image_id, object_id, float(score[0]), T, float(time_s[0]))


def _numbers(name: str, cell: str, count: int) -> np.ndarray:
    """Read a cell of `count` numbers; raises ValueError that says what is wrong with it."""
    words = cell.split()
    if len(words) != count:
        raise ValueError(f"{name} has {len(words)} {'number' if len(words) == 1 else 'numbers'}, not {count}")
    values = np.array([float(word) for word in words])
    for word, value in zip(words, values, strict=True):
        if not np.isfinite(value):
            raise ValueError(f"{name} holds {word}, which isn't finite")
    return values


def _nearest_rotation(R: np.ndarray) -> np.ndarray:
    """Return the rotation nearest to a matrix (3, 3); raises ValueError where there is none near it."""
    # Larger entries would overflow on the way, and are in no rotation.
    if np.abs(R).max() < 2:
        left, _, right = np.linalg.svd(R)
        rotation = left @ right
        if np.linalg.det(rotation) > 0 and np.linalg.norm(rotation - R) < _ROTATION_TOLERANCE:
            return rotation
    raise ValueError("R is no rotation")
